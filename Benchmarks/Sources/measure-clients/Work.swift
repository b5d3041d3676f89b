/// What is measured.
enum Work: String, CaseIterable, Codable, Sendable {
    /// Point reads through the lanes of the PostgreSQL driver, each caller a completion on the thread of the lanes.
    case reads
    /// The same, each caller a task.
    case taskReads
    /// Durable single-row writes through them.
    case writes
    /// `GET` of a document through the Redis client, each caller a completion on an event loop.
    case gets
    /// The same, each caller a task.
    case taskGets

    /// Whether the server is Redis.
    var isRedis: Bool { self == .gets || self == .taskGets }

    /// The numbers of callers to measure with.
    var callers: [Int] { isRedis ? [1, 16, 64, 256] : [1, 16, 64] }

    /// The program that ours is compared with.
    var peer: String { isRedis ? "redis-benchmark" : "pgbench" }

    /// Floor and goal of the ratio; none at most numbers of callers.
    func bounds(_ callers: Int) -> (floor: Double, goal: Double)? {
        switch (self, callers) {
        case (.reads, 16): (0.9, 1.4)
        case (.reads, 64): (1.4, 2.5)
        case (.writes, 16): (0.9, 1.0)
        case (.writes, 64): (1.3, 1.9)
        case (.gets, 1): (0.6, 0.8)
        case (.gets, 64): (2.5, 3.6)
        case (.gets, 256): (4.5, 6.5)
        default: nil
        }
    }
}
