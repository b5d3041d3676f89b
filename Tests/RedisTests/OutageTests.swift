import Diagnostics
import EmbeddedServers
import NIOCore
import NIOPosix
import Processes
import RESP
import Redis
import TestSupport
import Testing

@Suite("Outages of a real Redis", .timeLimit(.minutes(15)))
struct OutageTests {
    @Test("A command past its deadline fails; the connection stays in step and is used on")
    func clientPause() async throws {
        try await withRedisClient { client, server in
            // Reads go on, so another client can end it.
            try await client.send("CLIENT", "PAUSE", 60_000, "WRITE")
            let error = try await redisError { try await client.send("INCR", "late", timeout: .milliseconds(50)) }
            try await withTestClient(server.url) { try await $0.send("CLIENT", "UNPAUSE") }
            #expect(error.code == .redisDeadline)
            #expect(error.isOutcomeUnknown)
            #expect(error.details["outcome"] == "unknown")
            #expect(try await client.send("ECHO", "next").text == "next")
            #expect(client.connection.generation == 1)
        }
    }

    @Test("A server that hangs costs a deadline each, is given up when it stays silent, and is found again")
    func suspended() async throws {
        try await withRedisClient(configure: { $0.silenceLimit = .milliseconds(200) }) { client, server in
            try await client.send("SET", "k", "v")
            server.suspend()
            let error = try await redisError { try await client.send("GET", "k", timeout: .milliseconds(50)) }
            #expect(error.code == .redisDeadline)
            // Accepting needs no running process, so the next attempt hangs in the greeting.
            try await eventually("the connection is given up") {
                let error = try await redisError { try await client.send("GET", "k", timeout: .milliseconds(20)) }
                return !error.isOutcomeUnknown
            }
            server.resume()
            try await eventually("it answers") { try await answers(client) }
            #expect(client.connection.generation >= 2)
        }
    }

    @Test("Killed and started again: what was under way fails, and the client comes back by itself")
    func killed() async throws {
        try await withRedisClient(configure: { $0.backOff = RedisBackOff(longest: .milliseconds(100)) }) {
            client,
            server in
            try await client.send("SET", "k", "v")
            try await client.send("CLIENT", "PAUSE", 60_000)
            async let waiting = redisError { try await client.send("GET", "k") }
            try await Task.sleep(for: .milliseconds(20))
            try await server.kill()
            let error = try await waiting
            #expect(error.code == .redisUnavailable)
            #expect(error.isOutcomeUnknown)
            try await eventually("commands are refused without being sent") {
                let error = try await redisError { try await client.send("GET", "k") }
                return error.code == .redisUnavailable && !error.isOutcomeUnknown
            }
            try await server.start()
            try await eventually("it answers") { try await answers(client) }
            #expect(client.connection.generation == 2)
        }
    }

    @Test("Nobody listens: unavailable at once, with a hint")
    func refused() async throws {
        let port = try FreePort.choose()
        try await withTestClient("redis://127.0.0.1:\(port)") { client in
            let error = try await redisError { try await client.send("PING") }
            #expect(error.code == .redisUnavailable)
            #expect(error.code.meaning.exitStatus == .unavailable)
            #expect(error.message.contains("127.0.0.1:\(port)"))
            #expect(error.message.contains("refused"))
            #expect(error.hint != nil)
        }
    }

    @Test("Somebody accepts and says nothing: unavailable when the time to connect is over")
    func silentListener() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await withTestClient("redis://127.0.0.1:\(port)", configure: { $0.connectTimeout = .milliseconds(200) }) {
            let client = $0
            let error = try await redisError { try await client.send("PING") }
            #expect(error.code == .redisUnavailable)
            #expect(error.message.contains("did not answer"))
        }
        try await listener.close()
    }

    @Test("Somebody hangs up without a word: unavailable, and the hint says that it may be no Redis")
    func hangsUp() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HangUpHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await withTestClient("redis://127.0.0.1:\(port)") { client in
            let error = try await redisError { try await client.send("PING") }
            #expect(error.code == .redisUnavailable)
            #expect(error.hint?.contains("no Redis") == true)
        }
        try await listener.close()
    }

    @Test(
        "What is no Redis is told so, with exit status 69",
        arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "E\u{0}\u{0}\u{0}", "\r\n"]
    )
    func noRedis(greeting: String) async throws {
        let listener = try await impostor(greeting)
        let port = try #require(listener.localAddress?.port)
        try await withTestClient("redis://127.0.0.1:\(port)") { client in
            let error = try await redisError { try await client.send("PING") }
            #expect(error.code == .redisProtocol)
            #expect(error.code.meaning.exitStatus == .unavailable)
            #expect((error.cause as? RESPError)?.offset == 0)
        }
        try await listener.close()
    }

    @Test("A server that answers what was not asked is cut off")
    func unasked() async throws {
        let listener = try await impostor("%0\r\n+one\r\n+two\r\n")
        let port = try #require(listener.localAddress?.port)
        try await withTestClient("redis://127.0.0.1:\(port)") { client in
            // Its first word too many is taken for the answer to our first command; the second gives it away.
            try await client.send("PING")
            try await eventually("it is cut off") {
                try await failure { try await client.send("PING") }?.code == .redisProtocol
            }
        }
        try await listener.close()
    }

    @Test("LOADING, READONLY, OOM and WRONGTYPE are told apart")
    func refusals() async throws {
        try await withRedisClient(lines: ["maxmemory-policy noeviction"]) { client, _ in
            func kind(_ name: String, _ arguments: RESPArgument...) async throws -> RedisRefusal.Kind? {
                let error = try await redisError { try await client.send(RESPCommand(name, arguments)) }
                #expect(error.code == .redisRefused)
                #expect(error.details["word"] == error.refusal?.word)
                return error.refusal?.kind
            }
            try await client.send("SET", "text", "x")
            #expect(try await kind("LPUSH", "text", "x") == .wrongType)
            try await client.send("CONFIG", "SET", "maxmemory", "100kb")
            #expect(try await kind("SET", "more", "x") == .outOfMemory)
            try await client.send("REPLICAOF", "127.0.0.1", "1")
            #expect(try await kind("SET", "text", "x") == .readOnly)
            try await client.send("REPLICAOF", "NO", "ONE")
        }
    }

    @Test("A server that loads its data refuses commands as LOADING, then serves")
    func loading() async throws {
        var configuration = ScratchRedisConfiguration()
        configuration.isDurable = true
        // 0.3 ms for each key, six seconds in all, so that a busy machine meets it loading; it looks at its clients after
        // 1,024 of them.
        configuration.lines = ["key-load-delay 300"]
        try await TestRedis.withServer(configuration) { server in
            try await withTestClient(server.url) { client in
                try await client.send(
                    "EVAL",
                    "for i = 1, 20000 do redis.call('SET', i, string.rep('x', 100)) end",
                    0
                )
            }
            try await server.kill()
            let restart = Task { try await server.start() }
            try await withTestClient(server.url, configure: { $0.backOff = RedisBackOff(longest: .milliseconds(20)) }) {
                let client = $0
                try await eventually("it says LOADING") {
                    try await failure { try await client.send("GET", "1") }?.refusal?.kind == .loading
                }
                try await restart.value
                try await eventually("it answers") { try await answers(client) }
            }
        }
    }
}

/// A server that says something to whoever connects, and nothing more.
private func impostor(_ greeting: String) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(GreetingHandler(greeting))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
}

/// Closes the connection at the first byte.
private final class HangUpHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.close(promise: nil)
    }
}

private final class GreetingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let greeting: String

    init(_ greeting: String) {
        self.greeting = greeting
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: greeting)), promise: nil)
    }
}

/// The error of Redis that the body throws; nil when it throws none.
private func failure(_ body: () async throws -> RESPValue) async throws -> RedisError? {
    do {
        _ = try await body()
    } catch let error as RedisError {
        return error
    }
    return nil
}

/// Whether a command is answered.
private func answers(_ client: RedisClient) async throws -> Bool {
    do {
        try await client.send("PING", timeout: .seconds(2))
        return true
    } catch {
        return false
    }
}
