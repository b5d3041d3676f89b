import Diagnostics
import Domain
import EmbeddedServers
import Foundation
import RESP
import Redis
import RedisSource
import SourceTree
import TestSupport
import Testing

@Suite("RedisSource", .timeLimit(.minutes(15)))
struct RedisSourceTests {
    /// Every file of a tree with its bytes, and every directory with nil, in the order of the walk.
    static func contents(_ root: SourceRoot) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        let walker = try TreeWalker(root: root)
        while let entry = try walker.next() {
            #expect(entry.mtimeNanoseconds == 0, "\(entry.pathText)")
            guard entry.type == .file else { continue }
            found[entry.pathText] = Array(try Data(contentsOf: URL(filePath: root.path + "/" + entry.pathText)))
        }
        return found
    }

    /// Runs the body with a client of a fresh server and a folder for copies.
    static func withServer(
        lines: [String] = [],
        _ body: (RedisClient, ScratchRedis, String) async throws -> Void
    ) async throws {
        var configuration = ScratchRedisConfiguration()
        configuration.lines = lines
        try await TestRedis.withServer(configuration) { server in
            var client = try RedisConfiguration(url: "unix://\(server.socket)")
            client.commandTimeout = .seconds(60)
            try await withTemporaryDirectory { folder in
                try await RedisClient.withClient(client) { try await body($0, server, folder) }
            }
        }
    }

    static func copy(_ server: ScratchRedis, _ folder: String) async throws -> [String: [UInt8]] {
        try await RedisSource(url: "redis://127.0.0.1:\(server.port)").withSnapshot(below: folder) {
            #expect($0.root.layout == .unknown)
            return try contents($0.root)
        }
    }

    @Test("Each type has its files, with exactly the bytes of strings and fields")
    func layout() async throws {
        try await Self.withServer { client, server, folder in
            let binary = Array(UInt8.min...UInt8.max)
            try await client.send("SET", "text", .bytes(binary))
            try await client.send("SET", "empty", "")
            try await client.send("HSET", "h", "a/b", .bytes(binary), "", "empty name")
            try await client.send("SADD", "s", "b", "a", .bytes([0xFF]), "q\"\\\n")
            try await client.send("ZADD", "z", "2", "two", "-inf", "least", "0.5", "half", "2", "b")
            try await client.send("RPUSH", "l", "x", "", "x")
            try await client.send("SET", "ends", "v")
            try await client.send("PEXPIREAT", "ends", 4_102_444_800_123)
            try await client.send("XADD", "stream", "1-1", "f", "v")
            let found = try await Self.copy(server, folder)
            let expected: [String: String] = [
                "redis/strings/empty": "",
                "redis/strings/ends": "v",
                "redis/hashes/h/%-": "empty name",
                "redis/sets/s":
                    "{\"type\":\"set\",\"members\":[\n\"a\",\n\"b\",\n\"q\\\"\\\\\\u000a\",\n{\"base64\":\"/w==\"}\n]}\n",
                "redis/sorted-sets/z":
                    "{\"type\":\"zset\",\"members\":[\n{\"member\":\"least\",\"score\":\"-inf\"},\n"
                    + "{\"member\":\"half\",\"score\":\"0.5\"},\n"
                    + "{\"member\":\"b\",\"score\":\"2\"},\n{\"member\":\"two\",\"score\":\"2\"}\n]}\n",
                "redis/lists/l": "{\"type\":\"list\",\"elements\":[\n\"x\",\n\"\",\n\"x\"\n]}\n",
                "redis/expiry/ends": "{\"expires_at_ms\":4102444800123}\n",
                "redis/not-importable/stream": "the key stream is of the type stream, which cannot be imported",
            ]
            var texts = found.mapValues { String(decoding: $0, as: UTF8.self) }
            texts["redis/strings/text"] = nil
            texts["redis/hashes/h/a%2Fb"] = nil
            #expect(texts == expected)
            #expect(found["redis/strings/text"] == binary)
            #expect(found["redis/hashes/h/a%2Fb"] == binary)
        }
    }

    /// Names that are no file names as they are.
    static let oddNames: [[UInt8]] =
        [
            "", ".", "..", "...", "/", "a/b", "../../etc/passwd", "\n", "a b", "%", "%2F", "é", "x.gz", "x.tar.gz", "-",
            "~",
        ]
        .map { Array($0.utf8) } + [[0], [0xFF, 0xFE], [UInt8](repeating: 0x78, count: 5_000)]

    @Test("Any key and any field comes back from its file name, or from the list of long names")
    func oddKeys() async throws {
        try await Self.withServer { client, server, folder in
            for name in Self.oddNames {
                try await client.send("SET", .bytes(Array("s".utf8) + name), .bytes(name))
                try await client.send("HSET", "h", .bytes(name), .bytes(name))
                if !name.isEmpty { try await client.send("SET", .bytes(name), .bytes(name)) }
            }
            let found = try await Self.copy(server, folder)
            func original(_ name: String) throws -> [UInt8] {
                guard FileNameEncoding.isHash(name) else { return try #require(FileNameEncoding.decode(name.utf8)) }
                return try #require(found["redis/names/" + name.dropFirst(2)])
            }
            var fields: Set<[UInt8]> = []
            var keys: Set<[UInt8]> = []
            for (path, bytes) in found {
                let name = String(path.split(separator: "/").last ?? "")
                if path.hasPrefix("redis/hashes/h/") {
                    #expect(try original(name) == bytes)
                    fields.insert(bytes)
                } else if path.hasPrefix("redis/strings/") {
                    keys.insert(try original(name))
                }
            }
            #expect(fields == Set(Self.oddNames))
            #expect(keys == Set(Self.oddNames.filter { !$0.isEmpty } + Self.oddNames.map { Array("s".utf8) + $0 }))
        }
    }

    @Test("Large strings, hashes, sets and sorted sets are whole; two copies are the same tree")
    func large() async throws {
        try await Self.withServer { client, server, folder in
            let fill = """
                for i = 1, 3000 do
                    redis.call('HSET', 'h', 'field' .. i, string.rep('v', i))
                    redis.call('SADD', 's', 'member' .. i)
                    redis.call('ZADD', 'z', i / 7, 'member' .. i)
                    redis.call('SET', 'key' .. i, i)
                    redis.call('RPUSH', 'l', i)
                end
                redis.call('SET', 'big', string.rep('0123456789', 1100000))
                """
            _ = try await client.connection.run(RedisScript(fill))
            let first = try await Self.copy(server, folder)
            #expect(first.count == 3_000 * 2 + 4)
            #expect(first["redis/strings/big"]?.count == 11_000_000)
            for number in [1, 1_500, 3_000] {
                #expect(first["redis/hashes/h/field\(number)"]?.count == number)
                #expect(first["redis/strings/key\(number)"] == Array("\(number)".utf8))
            }
            let set = String(decoding: first["redis/sets/s"] ?? [], as: UTF8.self)
            #expect(set.split(separator: "\n").count == 3_002)
            let second = try await Self.copy(server, folder)
            #expect(first == second)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("Keys that come, go and change their type meanwhile do no harm to those that stay")
    func writers() async throws {
        try await Self.withServer { client, server, folder in
            for number in 0..<300 { try await client.send("SET", .text("stays\(number)"), .integer(Int64(number))) }
            let writer = Task {
                var number = 0
                while !Task.isCancelled {
                    let key = RESPArgument.text("changes\(number % 20)")
                    _ = try await client.send("DEL", key)
                    switch number % 3 {
                    case 0: try await client.send("SET", key, "text")
                    case 1: try await client.send("HSET", key, "f", "v")
                    default: try await client.send("RPUSH", key, "a")
                    }
                    number += 1
                }
            }
            for _ in 0..<5 {
                let found = try await Self.copy(server, folder)
                for number in 0..<300 {
                    #expect(found["redis/strings/stays\(number)"] == Array("\(number)".utf8))
                }
            }
            writer.cancel()
            _ = await writer.result
        }
    }

    @Test("An empty database is an empty source, and another one is not looked at")
    func empty() async throws {
        try await Self.withServer { client, server, folder in
            try await client.send("SET", "k", "v")
            let source = try RedisSource(url: "redis://127.0.0.1:\(server.port)/1")
            let error = await #expect(throws: RedisSourceError.self) {
                try await source.withSnapshot(below: folder) { _ in }
            }
            #expect(error?.code == .sourceEmpty)
            #expect(error?.hint != nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("What a killed process left is removed, what a living one uses is not")
    func leftovers() async throws {
        try await Self.withServer { client, server, folder in
            try await client.send("SET", "k", "v")
            // No process has this number: it is above the largest that systems give.
            let dead = "\(folder)/redis-snapshot-2000000000-abc"
            let living = "\(folder)/redis-snapshot-1-abc"
            for path in [dead, living] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            }
            _ = try await Self.copy(server, folder)
            #expect(!FileManager.default.fileExists(atPath: dead))
            #expect(FileManager.default.fileExists(atPath: living))
        }
    }

    @Test("The permissions that the page lists are enough, with and without MEMORY USAGE", arguments: ["", "-memory"])
    func leastPermissions(without: String) async throws {
        let commands = """
            +@connection +scan +type +strlen +get +getrange +hlen +hscan +sscan +zscan +lrange +pexpiretime +pttl +time \
            +memory|usage
            """
        try await Self.withServer(lines: ["user reader on >x %R~* -@all \(commands) \(without)"]) {
            client,
            server,
            folder in
            try await client.send("SET", "string", "v", "EX", 1_000)
            try await client.send("HSET", "hash", "f", "v")
            try await client.send("SADD", "set", "m")
            try await client.send("ZADD", "zset", 1, "m")
            try await client.send("RPUSH", "list", "e")
            let source = try RedisSource(url: "redis://reader:x@127.0.0.1:\(server.port)")
            let keys = try await source.withSnapshot(below: folder) { $0.counts.keys }
            #expect(keys == 5)
        }
    }

    @Test("An interrupted copy is an interruption, and leaves nothing")
    func interrupted() async throws {
        try await Self.withServer { client, server, folder in
            try await client.connection.run(RedisScript("for i = 1, 20000 do redis.call('SET', i, i) end"))
            let source = try RedisSource(url: "redis://127.0.0.1:\(server.port)")
            let task = Task { try await source.withSnapshot(below: folder) { _ in } }
            while try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("A user that may not list keys is told so", arguments: ["-scan", "-type", "-get"])
    func notPermitted(rule: String) async throws {
        try await Self.withServer(lines: ["user reader on >x ~* &* +@all \(rule)"]) { client, server, folder in
            try await client.send("SET", "k", "v")
            let source = try RedisSource(url: "redis://reader:x@127.0.0.1:\(server.port)")
            #expect(!source.label.contains(":x@"))
            let error = await #expect(throws: RedisError.self) {
                try await source.withSnapshot(below: folder) { _ in }
            }
            #expect(error?.code == .redisAuthentication)
        }
    }
}
