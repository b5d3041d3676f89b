import Diagnostics
import EmbeddedServers
import RESP
import Redis
import TestSupport
import Testing

/// Runs the body with a client of a fresh server.
@discardableResult
func withRedisClient<R>(
    lines: [String] = [],
    configure: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisClient, ScratchRedis) async throws -> R
) async throws -> R {
    var server = ScratchRedisConfiguration()
    server.lines = lines
    return try await TestRedis.withServer(server) { server in
        try await withTestClient(server.url, configure: configure) { client in try await body(client, server) }
    }
}

/// Runs the body with a client of the server behind the URL.
@discardableResult
func withTestClient<R>(
    _ url: String,
    configure: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisClient) async throws -> R
) async throws -> R {
    var configuration = try RedisConfiguration(url: url, clientName: "cortex-test")
    // Other tests keep both cores busy; what is tested about time sets it itself.
    configuration.commandTimeout = .seconds(30)
    configuration.connectTimeout = .seconds(20)
    configuration.heartbeatLimit = .seconds(20)
    configure(&configuration)
    return try await RedisClient.withClient(configuration, body)
}

extension ScratchRedis {
    /// Its URL without a login.
    var url: String { "redis://127.0.0.1:\(port)" }
}

/// What the body throws, which must be a RedisError.
func redisError<R>(_ body: () async throws -> R) async throws -> RedisError {
    do {
        _ = try await body()
    } catch let error as RedisError {
        return error
    }
    throw TimedOut(what: "no RedisError was thrown")
}

/// Byte strings that break careless code.
let hostileBytes: [[UInt8]] =
    [[], [0], [0x0D, 0x0A], [0xFF, 0xFE, 0x80], Array(0...255), Array("$-1\r\n*3\r\n".utf8)]
    + ["é", "e\u{301}", "🧑‍🚀", "\u{FEFF}bom", "a b\tc", "'\"\\", "%s%n", "{}"].map { Array($0.utf8) }
    + [[UInt8](repeating: 0x78, count: 1_000_000)]
