import Diagnostics

/// The configuration and the users of the embedded Redis server.
enum RedisFiles {
    /// The user that Cortex itself signs in as.
    static let user = "cortex"
    /// The user for other programs: reads the published view and nothing else.
    static let viewUser = "cortex_view"

    /// `redis.conf`: a pure cache that writes nothing to the disk and is reached through 127.0.0.1 and a socket.
    static func configuration(placement: Placement, port: UInt16, memory: Int64) -> String {
        // A sixteenth of the machine, at least 32 MB, at most 256 MB.
        let limit = min(max(memory / 16, 32 << 20), 256 << 20)
        return """
            # Written by cortex up at each start.
            bind 127.0.0.1
            protected-mode yes
            port \(port)
            unixsocket \(quoted(placement.redisSocket))
            unixsocketperm 700
            daemonize no
            supervised no
            set-proc-title no
            pidfile \(quoted(pidFile(placement)))
            dir \(quoted(placement.redis))
            aclfile \(quoted(usersFile(placement)))
            logfile ""
            loglevel notice
            save ""
            appendonly no
            maxmemory \(limit)
            maxmemory-policy volatile-lfu
            lazyfree-lazy-eviction yes
            lazyfree-lazy-expire yes
            tcp-keepalive 60

            """
    }

    /// The users: nobody without a password, Cortex with all but administration, readers of the published view.
    static func users(cortex: Secret, view: Secret) -> String {
        let keys = publishedKeys.map { "%R~\($0)" }.joined(separator: " ")
        let channels = publishedChannels.map { "&\($0)" }.joined(separator: " ")
        let commands = viewCommands.map { "+\($0)" }.joined(separator: " ")
        return """
            user default reset off
            user \(user) reset on >\(cortex.reveal()) ~* &* +@all -@admin -@dangerous \(cortexCommands)
            user \(viewUser) reset on >\(view.reveal()) \(keys) \(channels) -@all \(commands)

            """
    }

    /// The process id of the server, written by itself.
    static func pidFile(_ placement: Placement) -> String { "\(placement.redis)/redis.pid" }
    /// The users' file; it holds passwords and is the servers' user's alone.
    static func usersFile(_ placement: Placement) -> String { "\(placement.redis)/users.acl" }

    /// What Cortex needs of the dangerous commands: to see how the server is and what is slow.
    private static let cortexCommands =
        "+info +role +config|get +config|resetstat +latency +slowlog +client|list +client|kill +client|no-evict"

    private static let publishedKeys = [
        "catalog:assets", "catalog:index:*", "catalog:lineage:*", "catalog:checksums", "catalog:metadata",
        "task:*", "agent:*", "tasks:*", "agents:*",
    ]

    private static let publishedChannels = [
        "cortex:sync:update", "cortex:sync:invalidate", "catalog:updates", "catalog:lineage:updates",
    ]

    /// Reading commands on named keys.
    ///
    /// Those that list keys (KEYS, SCAN, RANDOMKEY, DBSIZE) heed no key pattern and
    /// would show private names, so they are not among them.
    private static let viewCommands = [
        "auth", "hello", "ping", "echo", "quit", "reset", "select", "client|id", "client|getname", "client|setname",
        "command", "get", "mget", "strlen", "getrange", "exists", "type", "ttl", "pttl", "expiretime", "pexpiretime",
        "hget", "hmget", "hgetall", "hkeys", "hvals", "hlen", "hexists", "hscan", "hstrlen", "hrandfield",
        "smembers", "sismember", "smismember", "scard", "sscan", "srandmember", "sinter", "sunion", "sdiff",
        "sintercard", "zrange", "zrangebyscore", "zrevrange", "zrevrangebyscore", "zscore", "zmscore", "zcard",
        "zcount", "zrank", "zrevrank", "zscan", "multi", "exec", "discard", "watch", "unwatch",
        "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "pubsub|numsub",
    ]

    private static func quoted(_ path: String) -> String {
        var result = "\""
        for scalar in path.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
