import Diagnostics
import RESP
import Redis
import Testing

@Suite("Scripts on a real Redis", .timeLimit(.minutes(15)))
struct ScriptTests {
    static let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")

    @Test("A script is named as the server names it, and sent again after SCRIPT FLUSH")
    func reload() async throws {
        try await withRedisClient { client, _ in
            for round in 1...3 {
                let reply = try await client.connection.run(Self.script, keys: ["k"], arguments: [.integer(7)])
                #expect(reply.elements?.compactMap(\.text) == ["k", "7"])
                #expect(reply.elements?.last?.int == Int64(round))
                #expect(try await client.send("SCRIPT", "EXISTS", .text(Self.script.sha)).elements == [.integer(1)])
                try await client.send("SCRIPT", "FLUSH")
            }
        }
    }

    @Test("On the loop too")
    func reloadOnLoop() async throws {
        try await withRedisClient { client, _ in
            let reply: RedisReply = await withCheckedContinuation { continuation in
                client.connection.run(Self.script, keys: ["k"], arguments: ["x"]) { continuation.resume(returning: $0) }
            }
            let value = try reply.get()
            #expect(value.elements?.last == .integer(1))
        }
    }

    @Test("What a script raises is refused with its word")
    func failure() async throws {
        try await withRedisClient { client, _ in
            let script = RedisScript("return redis.error_reply('MYWORD no')")
            let error = try await redisError { try await client.connection.run(script) }
            #expect(error.code == .redisRefused)
            #expect(error.refusal?.word == "MYWORD")
        }
    }
}
