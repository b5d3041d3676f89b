import Postgres
import Synchronization

/// Callers that each send the next request when the last one is answered.
struct LaneLoad {
    private let work: Work

    init(_ work: Work) {
        self.work = work
    }

    /// Runs so many callers for so long and gives the rate, the time to connect and to prepare left out.
    func run(_ configuration: PostgresConfiguration, _ callers: Int, _ time: Duration) async throws -> Figures {
        var patient = LanesConfiguration()
        // A shared disk may stall for seconds; that is a slow round, not a failure.
        patient.deadline = .seconds(60)
        patient.statementTimeout = .seconds(60)
        return try await PostgresLanes.withLanes(configuration, patient) { lanes in
            _ = try await measure(lanes, callers, .milliseconds(300))
            return try await measure(lanes, callers, time)
        }
    }

    private func measure(_ lanes: PostgresLanes, _ callers: Int, _ time: Duration) async throws -> Figures {
        let start = ContinuousClock.now
        let latencies = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for caller in 0..<callers {
                group.addTask { try await call(lanes, until: start + time, seed: UInt64(caller + 1)) }
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

    /// One caller; microseconds of every request.
    private func call(_ lanes: PostgresLanes, until end: ContinuousClock.Instant, seed: UInt64) async throws -> [Int64]
    {
        var latencies: [Int64] = []
        var random = seed
        var now = ContinuousClock.now
        while now < end {
            switch work {
            case .reads:
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let id = Int64(random >> 33) % Int64(Work.rows) + 1
                try await lanes.read(work.sql, [.integer(id)])
            case .writes:
                try await lanes.write(work.sql, [.text(Work.document)])
            }
            let after = ContinuousClock.now
            latencies.append(Int64(now.duration(to: after) / .microseconds(1)))
            now = after
        }
        return latencies
    }
}
