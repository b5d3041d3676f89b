/// What a load is put on.
public protocol LoadTarget: Sendable {
    /// Answers a read; nil when it is refused (503).
    func read(_ key: String, _ need: HistoryRead.Need) async throws -> LoadAnswer?

    /// Writes the mark, which is the idempotency key too, into the row, made anew where there is none, and returns the
    /// version; nil when it was not acknowledged.
    func write(_ key: String, mark: String) async throws -> Int?

    /// Removes the row, in the same way; where there is none it may write one instead.
    func remove(_ key: String, mark: String) async throws -> Int?
}

/// An answered read.
public struct LoadAnswer: Sendable, Equatable {
    /// The version of the answer.
    public let version: Int
    /// The mark in it; nil when the row does not exist.
    public let mark: String?
    /// The digest of the whole body; nil where there is none, or the store has no such bodies.
    public let digest: String?
    /// Where it came from.
    public let source: String
    /// Whether it is labelled stale.
    public let isStale: Bool

    /// Makes an answer.
    public init(version: Int, mark: String?, digest: String? = nil, source: String, isStale: Bool = false) {
        self.version = version
        self.mark = mark
        self.digest = digest
        self.source = source
        self.isStale = isStale
    }
}

/// How much load, and of what.
public struct MixedLoadConfiguration: Codable, Sendable, Equatable {
    /// How many callers work at a time; each does one thing after another.
    public var callers = 4
    /// How long a caller rests between two things, on the average.
    public var restMilliseconds = 25
    /// How many keys there are; a third of all work is on the first few.
    public var keys = 64
    /// How many things of a hundred are writes.
    public var writePercent = 25
    /// How many writes of a hundred remove the row; the next one makes it anew.
    public var removePercent = 15
    /// How many reads of a hundred carry a token.
    public var tokenPercent = 30
    /// How many reads of a hundred are strong.
    public var strongPercent = 5
    /// How often a write without acknowledgement is tried again with the same mark.
    public var retries = 8

    /// The defaults.
    public init() {}

    /// The key with this number.
    public static func key(_ number: Int) -> String { "task-\(number)" }
}

/// Reads and writes at random on a few keys, until its task is cancelled; everything goes into a history.
///
/// An acknowledgement is in the history before the caller does anything else.
public struct MixedLoad<Target: LoadTarget>: Sendable {
    private let target: Target
    private let history: HistoryFile
    private let board: TokenBoard
    private let instance: String
    private let configuration: MixedLoadConfiguration

    /// Puts load on the target in the name of the instance.
    public init(
        on target: Target,
        instance: String,
        history: HistoryFile,
        board: TokenBoard,
        configuration: MixedLoadConfiguration = MixedLoadConfiguration()
    ) {
        self.target = target
        self.instance = instance
        self.history = history
        self.board = board
        self.configuration = configuration
    }

    /// Runs until the task is cancelled, or so many steps of each caller are done; the seed decides who does what.
    public func run(seed: UInt64, steps: Int = .max) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<configuration.callers {
                group.addTask {
                    var random = SeededGenerator(seed: seed &+ UInt64(caller) &* 0x9E37_79B9)
                    for step in 0..<steps {
                        guard try await rest(&random) else { return }
                        try await act("\(instance)-\(caller)-\(step)", &random)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One read, which goes into the history.
    public func read(_ number: Int, _ need: HistoryRead.Need) async throws {
        let key = MixedLoadConfiguration.key(number)
        let begunAt = MonotonicTime.now
        guard let answer = try await target.read(key, need) else {
            return try history.record(.refused(key: key, begunAt: begunAt))
        }
        let read = HistoryRead(
            key,
            begunAt: begunAt,
            need: need,
            version: answer.version,
            mark: answer.mark,
            digest: answer.digest,
            source: answer.source,
            isStale: answer.isStale
        )
        try history.record(.answered(read))
    }

    // MARK: Private parts

    /// Waits a while; false when the load is to end.
    private func rest(_ random: inout SeededGenerator) async throws -> Bool {
        let pause = Int.random(in: 0...2 * configuration.restMilliseconds, using: &random)
        // The one thing that this can throw is that the load is over.
        guard pause > 0 else { return !Task.isCancelled }
        return (try? await Task.sleep(for: .milliseconds(pause))) != nil
    }

    private func act(_ mark: String, _ random: inout SeededGenerator) async throws {
        let isHot = Int.random(in: 0..<3, using: &random) == 0
        let number = Int.random(in: 0..<(isHot ? min(4, configuration.keys) : configuration.keys), using: &random)
        let choice = Int.random(in: 0..<100, using: &random)
        if Int.random(in: 0..<100, using: &random) < configuration.writePercent {
            try await write(number, mark, &random)
        } else if choice < configuration.tokenPercent {
            try await read(number, .version(try board.newest(number)))
        } else {
            let isStrong = choice < configuration.tokenPercent + configuration.strongPercent
            try await read(number, isStrong ? .strong : .recent)
        }
    }

    private func write(_ number: Int, _ mark: String, _ random: inout SeededGenerator) async throws {
        let key = MixedLoadConfiguration.key(number)
        let removes = Int.random(in: 0..<100, using: &random) < configuration.removePercent
        for _ in 0...configuration.retries {
            try history.record(.attempted(key: key, mark: mark))
            let version = try await removes ? target.remove(key, mark: mark) : target.write(key, mark: mark)
            if let version {
                try history.record(.acknowledged(key: key, mark: mark, version: version))
                return try board.put(number, version)
            }
            try history.record(.unacknowledged(key: key, mark: mark))
            guard try await rest(&random) else { return }
        }
    }
}
