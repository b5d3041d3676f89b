public import EmbeddedServers

/// Redis servers for tests.
public enum TestRedis: Sendable {
    /// Runs the body with a server of its own, which a test may suspend, kill and start again.
    ///
    /// A few at a time: Swift Testing starts every test at once.
    public static func withServer<R>(
        _ configuration: ScratchRedisConfiguration = ScratchRedisConfiguration(),
        _ body: (ScratchRedis) async throws -> R
    ) async throws -> R {
        try await gate.pass { try await ScratchRedis.withServer(configuration, body) }
    }

    private static let gate = Gate(width: 4)
}
