import Diagnostics
import RESP
import Redis
import Synchronization

/// The connection to Redis with what is known of it: the server that it leads to, and whether calls go through.
final class CacheLink: Sendable {
    /// The server that a connection leads to.
    private struct Server {
        let generation: Int
        let run: String
    }

    let connection: RedisConnection
    private let counters: SyncCounters
    private let configuration: SyncConfiguration
    private let server = Mutex<Server?>(nil)
    private let breaker: Mutex<BreakerStateMachine>
    private let clock = SyncClock()
    private let failure = Mutex<RedisError?>(nil)

    /// - Parameters:
    ///   - connection: the connection.
    ///   - configuration: the limits.
    ///   - counters: where failures are counted.
    init(_ connection: RedisConnection, configuration: SyncConfiguration, counters: SyncCounters) {
        self.connection = connection
        self.configuration = configuration
        self.counters = counters
        breaker = Mutex(BreakerStateMachine(configuration.redisBreaker))
    }

    // MARK: The server

    /// The run id of the server that the connection leads to; nil while there is none, or it has not been asked.
    var run: String? {
        let generation = connection.generation
        return server.withLock { $0?.generation == generation ? $0?.run : nil }
    }

    /// Asks the server for its run id, and gives it; nil when it does not say.
    func identify() async -> String? {
        do {
            // The first connection is made by the question itself, so its number is known only afterwards.
            let reply = try await connection.send(
                RESPCommand("INFO", ["server"]),
                timeout: configuration.connectDeadline
            )
            let generation = connection.generation
            let again = try await connection.send(RESPCommand("INFO", ["server"]), timeout: configuration.redisDeadline)
            guard let run = Self.runID(in: again), run == Self.runID(in: reply), generation == connection.generation
            else { return nil }
            server.withLock { $0 = Server(generation: generation, run: run) }
            return run
        } catch {
            note(error)
            return nil
        }
    }

    /// The run id of the server, if it answers now; nil when it does not, although the connection may still stand.
    func answeringRun() async -> String? {
        guard let run else { return nil }
        do {
            try await connection.send(RESPCommand("PING", []), timeout: configuration.redisDeadline)
            return self.run == run ? run : nil
        } catch {
            note(error)
            return nil
        }
    }

    /// Whether calls go through.
    var breakerState: BreakerStateMachine.State { breaker.withLock { $0.state } }

    /// The last failure of Redis, for those who ask why it is not used; nil after none.
    var lastFailure: RedisError? { failure.withLock { $0 } }

    private static func runID(in reply: RESPValue) -> String? {
        let lines = reply.text?.split(whereSeparator: \.isNewline) ?? []
        return lines.first { $0.hasPrefix("run_id:") }.map { String($0.dropFirst("run_id:".count)) }
    }

    // MARK: Calls

    /// Whether the connection's server is known and the one wanted, and the breaker lets a call through.
    func isOpen(to wanted: String?) -> Bool {
        leads(to: wanted) && breaker.withLock { $0.admit(now: clock.now) } == .pass
    }

    /// Whether a call would be let through now; changes nothing, so who calls later asks `isOpen` then.
    func mayCall(_ wanted: String?) -> Bool {
        leads(to: wanted) && breaker.withLock { $0.admits(now: clock.now) }
    }

    private func leads(to wanted: String?) -> Bool {
        let generation = connection.generation
        return server.withLock { server in
            server?.generation == generation && (wanted == nil || server?.run == wanted)
        }
    }

    /// A call that was let through was answered.
    func succeeded() {
        breaker.withLock { $0.ended(failed: false, now: clock.now) }
    }

    /// A call that was let through failed.
    func failed(_ error: RedisError) {
        note(error)
        // A caller that went away says nothing about Redis.
        let isFailure = error.code != .redisCancelled
        breaker.withLock { $0.ended(failed: isFailure, now: clock.now) }
    }

    /// Calls Redis if the breaker lets it, on a connection whose server is known and the one wanted; nil without a reply that counts.
    func attempt(on wanted: String?, _ call: () async throws(RedisError) -> RESPValue) async -> RESPValue? {
        let generation = connection.generation
        guard isOpen(to: wanted) else { return nil }
        do {
            let value = try await call()
            succeeded()
            // A new connection in between may lead to another server.
            return connection.generation == generation ? value : nil
        } catch {
            failed(error)
            return nil
        }
    }

    /// The same for callers on the connection's loop; false when the breaker or the server is in the way, and then the closure is not called.
    func attempt(
        on wanted: String?,
        _ command: RESPCommand,
        _ completion: @escaping @Sendable (RESPValue?) -> Void
    ) -> Bool {
        let generation = connection.generation
        guard isOpen(to: wanted) else { return false }
        connection.sendNow(command, timeout: configuration.redisDeadline) { [self] reply in
            switch reply {
            case .success(let value):
                succeeded()
                completion(connection.generation == generation ? value : nil)
            case .failure(let error):
                failed(error)
                completion(nil)
            }
        }
        return true
    }

    /// Remembers a failure, also of a call that the breaker was not asked about.
    func note(_ error: RedisError) {
        guard error.code != .redisCancelled else { return }
        counters.add(.redisFailures)
        failure.withLock { $0 = error }
        // No connection: nobody knows where the next one leads.
        if error.code == .redisUnavailable { server.withLock { $0 = nil } }
    }
}
