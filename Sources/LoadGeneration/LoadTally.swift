import Histogram

/// What one client counted; those of several are added up.
struct LoadTally {
    /// Latencies in microseconds, to 3 digits, up to 10 minutes.
    private(set) var latencies = Histogram<UInt64>(
        highestTrackableValue: 600_000_000,
        numberOfSignificantValueDigits: .three
    )
    private(set) var reads = 0
    private(set) var writes = 0
    /// Requests without an answer, and answers other than success or "not modified".
    private(set) var errors = 0
    private(set) var byStatus: [Int: Int] = [:]
    private(set) var near = 0
    private(set) var redis = 0
    private(set) var postgres = 0

    /// A request ended after this time, with an answer or without.
    mutating func ended(_ response: LoadResponse?, writes isWrite: Bool, after latency: Duration) {
        let microseconds = latency.components.seconds * 1_000_000 + latency.components.attoseconds / 1_000_000_000_000
        _ = latencies.record(UInt64(clamping: min(microseconds, 600_000_000)))
        if isWrite { writes += 1 } else { reads += 1 }
        guard let response else { return errors += 1 }
        byStatus[response.status, default: 0] += 1
        if !(200..<300).contains(response.status), response.status != 304 { errors += 1 }
        guard !isWrite else { return }
        switch AnsweredBy(response.cacheStatus) {
        case .near: near += 1
        case .redis: redis += 1
        case .postgres: postgres += 1
        case nil: break
        }
    }

    mutating func add(_ other: LoadTally) {
        latencies.add(other.latencies)
        reads += other.reads
        writes += other.writes
        errors += other.errors
        byStatus.merge(other.byStatus, uniquingKeysWith: +)
        near += other.near
        redis += other.redis
        postgres += other.postgres
    }
}
