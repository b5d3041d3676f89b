import Synchronization

/// Callers that each send the next request when the last one is answered.
struct Callers {
    let count: Int
    let time: Duration

    /// Runs them, after a short run that connects and prepares and is not counted, and gives the rate.
    func run(_ request: @escaping @Sendable (Int) async throws -> Void) async throws -> Figures {
        _ = try await measure(for: .milliseconds(300), request)
        return try await measure(for: time, request)
    }

    private func measure(
        for time: Duration,
        _ request: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> Figures {
        let start = ContinuousClock.now
        let latencies = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for caller in 0..<count {
                group.addTask { try await Self.call(until: start + time, seed: UInt64(caller + 1), request) }
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

    /// One caller, which asks for rows by random number; microseconds of every request.
    private static func call(
        until end: ContinuousClock.Instant,
        seed: UInt64,
        _ request: (Int) async throws -> Void
    ) async throws -> [Int64] {
        var latencies: [Int64] = []
        var random = seed
        var now = ContinuousClock.now
        while now < end {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            try await request(Int(random >> 33))
            let after = ContinuousClock.now
            latencies.append(Int64(now.duration(to: after) / .microseconds(1)))
            now = after
        }
        return latencies
    }
}
