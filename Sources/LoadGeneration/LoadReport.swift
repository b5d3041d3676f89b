import Histogram

/// What a load test found: the result of `cortex bench`.
public struct LoadReport: Sendable, Encodable {
    /// Latencies in milliseconds.
    ///
    /// In an open loop from the time at which a request was due, so that one that had to wait for a client counts with its wait
    /// (coordinated omission).
    public struct Latency: Sendable, Encodable {
        /// Half of the requests took at most this.
        public let p50: Double
        /// 95 % of the requests took at most this.
        public let p95: Double
        /// 99 % of the requests took at most this.
        public let p99: Double
        /// The longest.
        public let max: Double
    }

    /// Where reads were answered from.
    public struct Cache: Sendable, Encodable {
        /// From the instance's own memory.
        public let near: Int
        /// From Redis.
        public let redis: Int
        /// From PostgreSQL.
        public let postgres: Int

        /// The share of reads that PostgreSQL was not needed for; nil where no answer said where it came from.
        public var hitRatio: Double? {
            let all = near + redis + postgres
            return all > 0 ? Double(near + redis) / Double(all) : nil
        }
    }

    /// `closed`, or `open` where a rate was given.
    public let loop: String
    /// How many connections there were.
    public let clients: Int
    /// How many requests were made.
    public let requests: Int
    /// How many of them read.
    public let reads: Int
    /// How many of them wrote.
    public let writes: Int
    /// Requests without an answer, and answers other than success or "not modified".
    public let errors: Int
    /// How long it took.
    public let seconds: Double
    /// Requests a second.
    public let throughput: Double
    /// Latencies.
    public let latency: Latency
    /// How many answers had which status.
    public let byStatus: [String: Int]
    /// Where reads were answered from.
    public let cache: Cache
    /// The share of reads that PostgreSQL was not needed for; nil where no answer said where it came from.
    public let hitRatio: Double?
    /// Reads that gave less than what was acknowledged before they were sent.
    public let staleReads: Int
    /// How long before, at most.
    public let maximumStalenessMilliseconds: Double

    init(_ plan: LoadPlan, _ tally: LoadTally, _ history: ReadWriteHistory, took: Duration) {
        loop = plan.rate == nil ? "closed" : "open"
        clients = plan.clients
        reads = tally.reads
        writes = tally.writes
        requests = tally.reads + tally.writes
        errors = tally.errors
        seconds = took.inSeconds
        throughput = seconds > 0 ? Double(requests) / seconds : 0
        latency = Latency(
            p50: Double(tally.latencies.valueAtPercentile(50)) / 1_000,
            p95: Double(tally.latencies.valueAtPercentile(95)) / 1_000,
            p99: Double(tally.latencies.valueAtPercentile(99)) / 1_000,
            max: Double(tally.latencies.maxRecorded) / 1_000
        )
        byStatus = Dictionary(uniqueKeysWithValues: tally.byStatus.map { (String($0), $1) })
        cache = Cache(near: tally.near, redis: tally.redis, postgres: tally.postgres)
        hitRatio = cache.hitRatio
        staleReads = history.staleReads
        maximumStalenessMilliseconds = history.maximumStaleness.inSeconds * 1_000
    }

    enum CodingKeys: String, CodingKey {
        case loop, clients, requests, reads, writes, errors, seconds, throughput, cache
        case latency = "latency_ms"
        case byStatus = "by_status"
        case hitRatio = "hit_ratio"
        case staleReads = "stale_reads"
        case maximumStalenessMilliseconds = "max_staleness_ms"
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
