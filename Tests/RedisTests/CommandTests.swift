import Diagnostics
import EmbeddedServers
import NIOCore
import NIOPosix
import RESP
import Redis
import Synchronization
import TestSupport
import Testing

@Suite("Commands on a real Redis", .timeLimit(.minutes(15)))
struct CommandTests {
    @Test("Any bytes come back as they were, as keys and as values")
    func roundTrips() async throws {
        try await withRedisClient { client, _ in
            for bytes in hostileBytes {
                try await client.send("SET", "k", .bytes(bytes))
                #expect(try await client.get("k") == bytes)
                try await client.send("SET", .bytes(bytes), "v")
                #expect(try await client.get(.bytes(bytes)) == Array("v".utf8))
            }
            #expect(try await client.get("absent") == nil)
        }
    }

    @Test("Each type of RESP3 that Redis sends is read", arguments: [3, 2])
    func types(version: Int) async throws {
        let lines = version == 3 ? [] : ["rename-command HELLO \"\""]
        try await withRedisClient(lines: lines) { client, _ in
            try await client.send("HSET", "h", "a", "1", "b", "2")
            let hash = try await client.send("HGETALL", "h")
            #expect(hash.pairs?.map { $0.key.text ?? "" } == ["a", "b"])
            if case .map = hash { #expect(version == 3) } else { #expect(version == 2) }
            try await client.send("ZADD", "z", "1.5", "m")
            #expect(try await client.send("ZSCORE", "z", "m").number == 1.5)
            try await client.send("SADD", "s", "x")
            #expect(try await client.send("SMEMBERS", "s").elements?.count == 1)
            #expect(try await client.send("INCR", "n") == .integer(1))
            #expect(try await client.send("GET", "none") == .null)
            #expect(try await client.send("PING") == .simpleString(Array("PONG".utf8)))
            if version == 3 {
                #expect(try await client.send("DEBUG", "PROTOCOL", "double").number == 3.141)
                #expect(try await client.send("DEBUG", "PROTOCOL", "true") == .boolean(true))
                #expect(try await client.send("DEBUG", "PROTOCOL", "set").elements?.count == 3)
                #expect(try await client.send("DEBUG", "PROTOCOL", "attrib").plain.text != nil)
                #expect(try await client.send("DEBUG", "PROTOCOL", "verbatim").text == "This is a verbatim\nstring")
                #expect(try await client.send("DEBUG", "PROTOCOL", "bignum").text?.hasPrefix("1234567999") == true)
            }
        }
    }

    @Test("10,000 commands at a time each get their own reply, over one connection")
    func pipelining() async throws {
        try await withRedisClient { client, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10_000 {
                    group.addTask { try await client.send("ECHO", .integer(Int64(number))).int == Int64(number) }
                }
                for try await isRight in group { #expect(isRight) }
            }
            let clients = try await client.send("CLIENT", "LIST").text ?? ""
            #expect(clients.split(separator: "\n").count == 1)
            #expect(clients.contains("name=cortex-test"))
        }
    }

    @Test("Commands that one caller starts in order run in order")
    func order() async throws {
        try await withRedisClient { client, _ in
            let count = 5_000
            await withCheckedContinuation { continuation in
                let connection = client.connection
                for number in 0..<count {
                    connection.send(RESPCommand("RPUSH", "list", .integer(Int64(number)))) { _ in
                        if number == count - 1 { continuation.resume() }
                    }
                }
            }
            let list = try await client.send("LRANGE", "list", 0, -1).elements?.compactMap(\.int)
            #expect(list == (0..<Int64(count)).map { $0 })
        }
    }

    @Test("Completions run on the loop of their connection, each loop having its own")
    func onLoop() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        try await withRedisClient { _, server in
            let configuration = try RedisConfiguration(url: server.url)
            try await RedisClient.withClient(configuration, on: group) { client in
                for loop in group.makeIterator() {
                    let connection = try #require(client.connection(on: loop))
                    #expect(connection.eventLoop === loop)
                    let isOnLoop: Bool = await withCheckedContinuation { continuation in
                        connection.send(RESPCommand("PING")) { _ in continuation.resume(returning: loop.inEventLoop) }
                    }
                    #expect(isOnLoop)
                }
                let clients = try await client.send("CLIENT", "LIST").text ?? ""
                #expect(clients.split(separator: "\n").count { $0.contains("name=cortex ") } == 2)
                #expect(client.connection(on: MultiThreadedEventLoopGroup.singleton.any()) == nil)
            }
            try await eventually("the connections are closed") {
                try await withTestClient(server.url) { try await $0.send("CLIENT", "LIST").text ?? "" }
                    .split(separator: "\n").allSatisfy { !$0.contains("name=cortex ") }
            }
        }
        try await group.shutdownGracefully()
    }

    @Test("Half of 4,000 commands are cancelled at any moment; the others get their own replies")
    func cancellationStorm() async throws {
        try await withRedisClient { client, _ in
            for round in 0..<4 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            let text = "\(round) \(number)"
                            let task = Task { try await client.send("ECHO", .text(text)).text }
                            if number.isMultiple(of: 2) { task.cancel() }
                            switch await task.result {
                            case .success(let answer): #expect(answer == text)
                            case .failure(let error):
                                #expect(number.isMultiple(of: 2))
                                #expect((error as? RedisError)?.code == .redisCancelled)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await client.send("ECHO", "after").text == "after")
            #expect(client.connection.generation == 1)
        }
    }

    @Test("A command of a task that is cancelled already is not sent")
    func cancelledBefore() async throws {
        try await withRedisClient { client, _ in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send("SET", "k", "v")
            }
            let error = try await redisError { try await task.value }
            #expect(error.code == .redisCancelled)
            #expect(!error.isOutcomeUnknown)
            #expect(try await client.get("k") == nil)
        }
    }

    @Test("More commands than allowed fail at once, and room comes back")
    func overload() async throws {
        try await withRedisClient(configure: { $0.maximumPendingCommands = 100 }) { client, server in
            try await client.send("PING")
            server.suspend()
            let outcomes = Mutex([ErrorCode?]())
            try await withThrowingTaskGroup(of: Void.self) { group in
                let connection = client.connection
                for _ in 0..<150 {
                    connection.send(RESPCommand("PING")) { reply in
                        outcomes.withLock { list in
                            if case .failure(let error) = reply { list.append(error.code) } else { list.append(nil) }
                        }
                    }
                }
                try await eventually("50 are refused") { outcomes.withLock { $0.count } == 50 }
                #expect(outcomes.withLock { $0.allSatisfy { $0 == .redisOverloaded } })
                server.resume()
                try await eventually("100 are answered") { outcomes.withLock { $0.count } == 150 }
                #expect(outcomes.withLock { $0.count { $0 == nil } } == 100)
                group.cancelAll()
            }
            try await client.send("PING")
        }
    }

    @Test("A client used after its scope says so")
    func afterScope() async throws {
        let leaked = Mutex<RedisClient?>(nil)
        try await withRedisClient { client, _ in leaked.withLock { $0 = client } }
        let client = try #require(leaked.withLock { $0 })
        let error = try await redisError { try await client.send("PING") }
        #expect(error.code == .redisUnavailable)
        #expect(error.hint?.contains("withClient") == true)
    }
}
