import Synchronization

/// Callers that each send the next request when the last one is answered.
struct Callers {
    let count: Int
    let time: Duration

    /// What a caller that is no task does next when its request is answered.
    typealias Next = @Sendable (Result<Void, any Error>) -> Void

    /// Runs tasks, after a short run that connects and prepares and is not counted, and gives the rate.
    func run(_ request: @escaping @Sendable (Int) async throws -> Void) async throws -> Figures {
        try await measure { caller in
            while !caller.isOver {
                try await request(caller.nextNumber())
                caller.answered()
            }
        }
    }

    /// The same with callers that are no tasks: each request calls back when it is answered.
    func runChains(_ request: @escaping @Sendable (Int, @escaping Next) -> Void) async throws -> Figures {
        try await measure { caller in
            let chain = Chain(caller: caller, request: request)
            try await withCheckedThrowingContinuation { chain.start($0) }
        }
    }

    private func measure(_ call: @escaping @Sendable (Caller) async throws -> Void) async throws -> Figures {
        _ = try await measure(for: .milliseconds(300), call)
        return try await measure(for: time, call)
    }

    private func measure(
        for time: Duration,
        _ call: @escaping @Sendable (Caller) async throws -> Void
    ) async throws -> Figures {
        let start = ContinuousClock.now
        let latencies = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for number in 0..<count {
                group.addTask {
                    let caller = Caller(seed: UInt64(number + 1), end: start + time)
                    try await call(caller)
                    return caller.latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        return Figures(
            perSecond: Double(latencies.count) / seconds,
            p50: latencies.isEmpty ? 0 : latencies[latencies.count / 2],
            p99: latencies.isEmpty ? 0 : latencies[latencies.count * 99 / 100]
        )
    }
}

/// One caller, which asks for rows by random number, and how long each request took.
///
/// Unchecked, because a caller has one request under way: who sends the next has the answer to the last.
final class Caller: @unchecked Sendable {
    private var random: UInt64
    private var asked: ContinuousClock.Instant
    private let end: ContinuousClock.Instant
    /// Microseconds.
    private(set) var latencies: [Int64] = []

    init(seed: UInt64, end: ContinuousClock.Instant) {
        random = seed
        self.end = end
        asked = .now
    }

    var isOver: Bool { asked >= end }

    func nextNumber() -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(random >> 33)
    }

    func answered() {
        let now = ContinuousClock.now
        latencies.append(Int64(asked.duration(to: now) / .microseconds(1)))
        asked = now
    }
}

/// A caller that is no task: each answer sends the next request.
final class Chain: Sendable {
    private let caller: Caller
    private let request: @Sendable (Int, @escaping Callers.Next) -> Void
    private let end = Mutex<CheckedContinuation<Void, any Error>?>(nil)

    init(caller: Caller, request: @escaping @Sendable (Int, @escaping Callers.Next) -> Void) {
        self.caller = caller
        self.request = request
    }

    func start(_ continuation: CheckedContinuation<Void, any Error>) {
        end.withLock { $0 = continuation }
        send()
    }

    private func send() {
        guard !caller.isOver else { return finish(.success(())) }
        request(caller.nextNumber()) { [self] answer in
            guard case .success = answer else { return finish(answer) }
            caller.answered()
            send()
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        end.withLock { $0.take() }?.resume(with: result)
    }
}
