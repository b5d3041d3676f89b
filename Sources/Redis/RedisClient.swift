public import NIOCore
import NIOPosix
import NIOSSL
public import RESP

/// A Redis client: one multiplexed connection for each event loop.
///
/// Exists only inside of `withClient`; when that returns, every connection is closed. Nothing is connected before the
/// first use.
public final class RedisClient: Sendable {
    private let configuration: RedisConfiguration
    private let context: NIOSSLContext?
    private let home: RedisConnection
    private let connections: [ObjectIdentifier: RedisConnection]

    private init(_ configuration: RedisConfiguration, _ group: any EventLoopGroup) throws(RedisError) {
        self.configuration = configuration
        let context = try RedisTransport.context(for: configuration.url)
        self.context = context
        func connection(on loop: any EventLoop) -> RedisConnection {
            RedisConnection(
                configuration,
                transport: RedisTransport(configuration, eventLoop: loop, context: context)
            )
        }
        var connections: [ObjectIdentifier: RedisConnection] = [:]
        for loop in group.makeIterator() { connections[ObjectIdentifier(loop)] = connection(on: loop) }
        let first = group.next()
        home = connections[ObjectIdentifier(first)] ?? connection(on: first)
        connections[ObjectIdentifier(first)] = home
        self.connections = connections
    }

    /// Makes a client for as long as the body runs.
    ///
    /// `group` has the event loops to work on, by default those that the process shares. Throws what the body throws,
    /// and `setting.invalid` when the file of trusted authorities cannot be read.
    @discardableResult
    public static func withClient<R>(
        _ configuration: RedisConfiguration,
        on group: (any EventLoopGroup)? = nil,
        _ body: (RedisClient) async throws -> R
    ) async throws -> R {
        let client = try RedisClient(configuration, group ?? MultiThreadedEventLoopGroup.singleton)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        for connection in client.connections.values { await connection.close() }
        return try result.get()
    }

    /// The connection of an event loop, for callers that work on that loop; nil for a loop of another group.
    public func connection(on eventLoop: any EventLoop) -> RedisConnection? {
        connections[ObjectIdentifier(eventLoop)]
    }

    /// The connection for callers that work on no event loop.
    public var connection: RedisConnection { home }

    /// Sends a command and waits for its reply, see `RedisConnection.send`.
    @discardableResult
    public func send(_ command: RESPCommand, timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        try await home.send(command, timeout: timeout)
    }

    /// Sends a command and waits for its reply, see `RedisConnection.send`.
    @discardableResult
    public func send(
        _ name: String,
        _ arguments: RESPArgument...,
        timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        try await home.send(RESPCommand(name, arguments), timeout: timeout)
    }

    /// The bytes of a string key; nil when there is no such key.
    ///
    /// Throws `redis.refused` (WRONGTYPE) when the key holds another type, and what `send` throws.
    public func get(_ key: RESPArgument, timeout: Duration? = nil) async throws(RedisError) -> [UInt8]? {
        try await home.send(RESPCommand("GET", [key]), timeout: timeout).bytes
    }

    /// Subscribes to channels and patterns for as long as the body runs, on a connection of its own.
    ///
    /// It connects again after a loss by itself; the losses are among the events. Throws what the body throws.
    @discardableResult
    public func withSubscription<R>(
        channels: [RESPArgument] = [],
        patterns: [RESPArgument] = [],
        _ body: (RedisSubscription) async throws -> R
    ) async throws -> R {
        let transport = RedisTransport(configuration, eventLoop: home.eventLoop, context: context)
        let runner = SubscriptionRunner(configuration, transport: transport, channels: channels, patterns: patterns)
        runner.start()
        let result: Result<R, any Error>
        do {
            result = .success(try await body(RedisSubscription(runner.queue)))
        } catch {
            result = .failure(error)
        }
        await runner.stop()
        return try result.get()
    }
}
