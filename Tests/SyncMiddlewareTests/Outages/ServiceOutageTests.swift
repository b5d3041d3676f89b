import EmbeddedServers
import Foundation
import Processes
import TestSupport
import Testing

@testable import SyncMiddleware

/// P16 over HTTP, with readers and writers at two processes of `cortex serve` all the time.
@Suite(
    "Outages under load, over HTTP",
    .enabled(if: TestEffort.isAlone, "needs the machine for itself: make test-faults"),
    .serialized
)
struct ServiceOutageTests {
    enum Outage: String, CaseIterable {
        case redisKilled, redisHung, postgresKilled, postgresHung

        var isOfRedis: Bool { self == .redisKilled || self == .redisHung }
    }

    /// An outage and when it was.
    private struct Window {
        let outage: Outage
        let begin: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private static func length(_ outage: Outage) -> Duration {
        // A write that hangs takes two deadlines before the next one begins.
        .milliseconds(TestEffort.count(slice: outage == .postgresHung ? 6_000 : 2_500, long: 15_000))
    }

    @Test(
        "Redis away costs no request; PostgreSQL away gives answers marked stale and 503 with a time to come again",
        .timeLimit(.minutes(10))
    )
    func outages() async throws {
        let seed = FaultRun.seed
        print("CORTEX_TEST_SEED=\(seed)")
        try await FaultCluster.with(instances: 2, of: .service, seed: seed) { cluster in
            try await cluster.waitUntilReady()
            let clients = [try await cluster.client(0), try await cluster.client(1)]
            let load = ServiceOutageLoad(clients)
            _ = await clients[0].ask("DELETE", "/api/tasks/\(ServiceOutageLoad.missing)")
            var windows: [Window] = []
            try await load.run(seed: seed) {
                for outage in Outage.allCases {
                    try await warm(clients, cluster)
                    windows.append(try await perform(outage, cluster))
                }
                // Without a restart.
                try await warm(clients, cluster)
                try await Task.sleep(for: .milliseconds(300))
            }
            for window in windows { check(window, load.told, seed: seed) }
            let ledger = try await CommittedHistory(of: cluster).changes
            checkWrites(load.told, Set(ledger.map { "\($0.key) \($0.version) \($0.mark)" }), seed: seed)
            #expect(await cluster.talk().contains("\"level\":\"critical\"") == false)
        }
    }

    /// Waits until both services take writes and use Redis, and every row that is only read is there.
    private func warm(_ clients: [ServiceClient], _ cluster: FaultCluster) async throws {
        for (number, client) in clients.enumerated() {
            let row = MixedLoadConfiguration.key(ServiceOutageLoad.quietKeys + 10 + number)
            let other = clients[1 - number]
            let end = ContinuousClock.now + .seconds(120)
            var seen = ""
            while !seen.hasPrefix("200, cortex-redis; hit") {
                guard ContinuousClock.now < end else {
                    let metrics = await other.ask("GET", "/metrics").map { String(decoding: $0.body, as: UTF8.self) }
                    let lines = metrics?.split(separator: "\n").filter { $0.hasPrefix("cortex_") }.joined(
                        separator: "\n"
                    )
                    throw TimedOut(
                        what: "a write at one service, read from Redis by the other: \(seen)\n\(lines ?? "")"
                    )
                }
                let written = await client.ask(
                    "PATCH",
                    "/api/tasks/\(row)",
                    [("Content-Type", "application/merge-patch+json")],
                    body: #"{"description":"\#(UInt64.random(in: 0...UInt64.max))"}"#
                )
                let read = await other.ask("GET", "/api/tasks/\(row)")
                seen = "\(written?.status ?? 0), \(read?.fields["cache-status"] ?? "\(read?.status ?? 0)")"
            }
        }
        let keys = (0...ServiceOutageLoad.quietKeys).map(MixedLoadConfiguration.key)
        try await eventually("all rows are cached") {
            for key in keys { _ = await clients[0].ask("GET", "/api/tasks/\(key)") }
            guard let epoch = try await cluster.rows("SELECT epoch FROM cortex.cache_state;").first?.first,
                let wire = RedisWire(path: cluster.redis.socket)
            else { return false }
            return try keys.allSatisfy { key in
                guard case .bytes(let bytes) = try wire.command("GET", "cortex:\(epoch):tasks:\(key)") else {
                    return false
                }
                return [UInt8(ascii: "V"), UInt8(ascii: "N")].contains(bytes.first ?? 0)
            }
        }
    }

    /// Takes a store away for a while.
    private func perform(_ outage: Outage, _ cluster: FaultCluster) async throws -> Window {
        let processes = try cluster.database.processes()
        switch outage {
        case .redisKilled: try await cluster.redis.kill()
        case .redisHung: cluster.redis.suspend()
        case .postgresKilled: try await cluster.database.kill()
        case .postgresHung: for process in processes { ProcessTable.signal(process, SIGSTOP) }
        }
        let begin = ContinuousClock.now
        try await Task.sleep(for: Self.length(outage))
        // Who began to wait goes on when help comes: the end is before that.
        let end = ContinuousClock.now
        switch outage {
        case .redisKilled: try await cluster.redis.start()
        case .redisHung: cluster.redis.resume()
        case .postgresKilled: try await cluster.database.start()
        case .postgresHung: for process in processes { ProcessTable.signal(process, SIGCONT) }
        }
        return Window(outage: outage, begin: begin, end: end)
    }

    // MARK: What was told

    private func check(_ window: Window, _ told: [ServiceOutageLoad.Told], seed: UInt64) {
        let inside = told.filter { $0.begunAt >= window.begin && $0.endedAt < window.end }
        let reads = inside.filter { !$0.isWrite && $0.begunAt >= window.begin + .seconds(1) }
        let writes = inside.filter(\.isWrite)
        let stale = reads.count { $0.answer?.isStale == true }
        let story =
            "seed \(seed), \(window.outage.rawValue): \(reads.count) reads \(Self.counts(reads)), \(stale) stale; "
            + "\(writes.count) writes \(Self.counts(writes))"
        print(story)
        #expect(reads.allSatisfy(\.isAnswered) && reads.count > 20, "\(story)")
        if window.outage.isOfRedis {
            #expect(stale == 0, "\(story)")
            #expect(writes.allSatisfy { $0.answer?.status == 200 } && writes.count > 2, "\(story)")
        } else {
            // What was drained less than S before is no older than promised.
            let late = reads.filter { $0.begunAt >= window.begin + .milliseconds(1_500) }
            #expect(late.allSatisfy { $0.answer?.isStale == true }, "\(story)")
            #expect(writes.allSatisfy(Self.isHonest) && !writes.isEmpty, "\(story)")
        }
        // A connection, the statements and COMMIT have a deadline of 2 s each, and the acknowledgement takes S at most.
        let longest = told.map { $0.endedAt - $0.begunAt }.max() ?? .zero
        #expect(longest < .seconds(9), "\(story)")
    }

    /// A refusal that says so, and when to come again.
    private static func isHonest(_ told: ServiceOutageLoad.Told) -> Bool {
        guard let answer = told.answer, answer.status == 503, answer.fields["retry-after"] != nil else { return false }
        return ["sync.unavailable", "sync.outcome_unknown"].contains(answer.code)
    }

    private static func counts(_ told: [ServiceOutageLoad.Told]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for event in told {
            let answer = event.answer.map { "\($0.status) \($0.status < 400 ? "" : $0.code ?? "")" } ?? "no answer"
            counts[answer, default: 0] += 1
        }
        return counts
    }

    private func checkWrites(_ told: [ServiceOutageLoad.Told], _ ledger: Set<String>, seed: UInt64) {
        var count = 0
        for event in told where event.answer?.status == 200 {
            guard let mark = event.mark else { continue }
            count += 1
            let row = "\(event.key) \(event.version ?? 0) \(mark)"
            #expect(ledger.contains(row), "seed \(seed): \(row) is lost")
        }
        #expect(count > 50, "seed \(seed)")
    }
}
