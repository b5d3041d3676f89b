import Diagnostics
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The published view", .timeLimit(.minutes(20)))
struct PublishedViewTests {
    @Test("After an import and random writes every key family is what PostgreSQL says, and a rebuild gives the same")
    func equalsPostgres() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let writes = TestEffort.count(slice: 1_200, long: 10_000)
        try await ViewHarness.with { harness in
            try await harness.importExample()
            let office = try await harness.office()
            let view = harness.view
            #expect(try await view.advance(office).isRebuilt)
            try await harness.requireEqual("seed \(seed)")

            var random = ViewWrites(seed: seed)
            var done = 0
            while done < writes {
                let count = random.number(1...120)
                for _ in 0..<count { try await harness.run(random.next()) }
                done += count
                let report = try await view.advance(office)
                #expect(!report.isRebuilt)
                if random.number(0...4) == 0 { try await harness.requireEqual("seed \(seed)") }
            }
            try await harness.requireEqual("seed \(seed)")
            let before = try await harness.published()
            #expect(before.keys.contains { $0.hasPrefix("catalog:lineage:") })

            try await harness.redis.send("FLUSHALL")
            #expect(try await view.rebuild(office).isRebuilt)
            #expect(try await harness.published() == before)
            #expect(try await view.advance(office) == ViewReport())
        }
    }
}
