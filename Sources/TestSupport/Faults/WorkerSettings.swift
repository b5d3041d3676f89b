import Foundation

/// What a worker process of the fault rig is told: where its servers are, what load to put on what, where to write.
///
/// Passed as JSON in one variable. The URLs name files with passwords and hold none.
public struct WorkerSettings: Codable, Sendable {
    /// What the load is put on.
    public enum Store: String, Codable, Sendable {
        /// The sync middleware.
        case middleware
        /// PostgreSQL alone: what the rig itself is measured with.
        case database
        /// A cache-aside without leases, floors, tokens or a bound: what the rig must find fault with.
        case naive
    }

    /// The variable that holds them.
    public static let variable = "CORTEX_TEST_WORKER"

    /// What the load is put on.
    public var store: Store
    /// The name in the history; another one for each start.
    public var instance: String
    /// PostgreSQL.
    public var postgres: String
    /// Redis.
    public var redis: String
    /// The file of the history.
    public var history: String
    /// The file of the tokens.
    public var board: String
    /// The number of processes that share the tokens.
    public var processes: Int
    /// The number of this process among them, from 0.
    public var process: Int
    /// The file that ends the load when it appears; then every key is read once a second until the process is killed.
    public var ending: String
    /// What decides who does what.
    public var seed: UInt64
    /// How much load.
    public var load: MixedLoadConfiguration

    /// Makes settings.
    public init(
        store: Store,
        instance: String,
        postgres: String,
        redis: String,
        history: String,
        board: String,
        processes: Int,
        process: Int,
        ending: String,
        seed: UInt64,
        load: MixedLoadConfiguration = MixedLoadConfiguration()
    ) {
        self.store = store
        self.instance = instance
        self.postgres = postgres
        self.redis = redis
        self.history = history
        self.board = board
        self.processes = processes
        self.process = process
        self.ending = ending
        self.seed = seed
        self.load = load
    }

    /// The settings as the value of their variable.
    public func encoded() throws -> String {
        String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }

    /// The settings that this process was started with; nil when it was started without.
    public static func ofProcess() throws -> WorkerSettings? {
        guard let text = ProcessInfo.processInfo.environment[variable] else { return nil }
        return try JSONDecoder().decode(WorkerSettings.self, from: Data(text.utf8))
    }
}
