import EmbeddedServers
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Live outages of Redis")
struct LiveRedisOutageTests {
    @Test("A Redis that stops, hangs, is flushed or comes back empty costs no read and no write")
    func redis() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.task("t", title: "0")
            let redis = harness.redis
            try await harness.withTwo { first, second in
                var version = 1
                func check(_ what: String) async throws {
                    for _ in 0..<2 {
                        _ = try await second.title("t")
                        let title = "\(what) \(version)"
                        let begin = ContinuousClock.now
                        let receipt = try await first.write("t", .replace(["title": .text(title)], expected: version))
                        version = receipt.version
                        #expect(ContinuousClock.now - begin < .seconds(4), "\(what)")
                        let seen = try await second.read("tasks", "t", .version(version))
                        #expect(seen.body == receipt.body, "\(what)")
                        try await harness.run("UPDATE tasks SET title = '\(what)' WHERE task_id = 't'")
                        version += 1
                        try await Task.sleep(for: harness.configuration.staleness)
                        for instance in [first, second] { #expect(try await instance.title("t") == what) }
                    }
                }
                redis.suspend()
                try await check("hung")
                redis.resume()
                try await check("awake")
                for instance in [first, second] { try await instance.waitForCache() }
                let epoch = second.statistics.epoch ?? 0
                try await first.redis.send("FLUSHALL")
                try await check("flushed")
                try await redis.kill()
                try await check("stopped")
                try await redis.start()
                try await check("empty")
                for instance in [first, second] { try await instance.waitForCache() }
                #expect((second.statistics.epoch ?? 0) > epoch)
                #expect(first.statistics.failedReads + second.statistics.failedReads == 0)
                #expect(first.statistics.suspensions + second.statistics.suspensions > 0)
            }
        }
    }
}
