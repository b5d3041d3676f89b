import EmbeddedServers
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The published view behind a relay", .timeLimit(.minutes(10)))
struct RelayedViewTests {
    @Test(
        "Writes of other programs come through the relay, with the rights of cortex_relay; a killed Redis gets all anew"
    )
    func relayed() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        try await ViewHarness.with { harness in
            let role = try PostgresConfiguration(
                url: harness.url + (harness.url.contains("?") ? "&" : "?") + "options=-crole%3Dcortex_relay"
            )
            try await PostgresClient.withClient(role, maximumSessions: 2) { relay in
                let servers = SyncServers(
                    postgres: try PostgresConfiguration(url: harness.url),
                    redis: try RedisConfiguration(url: "unix://\(harness.server.socket)")
                )
                let view = PublishedView(postgres: relay, redis: harness.redis)
                try await SyncInstance.withInstance("one", servers, publisher: view) { _ in
                    var random = ViewWrites(seed: seed)
                    for _ in 0..<TestEffort.count(slice: 150, long: 3_000) { try await harness.run(random.next()) }
                    try await eventually("the view is what PostgreSQL says (seed \(seed))") {
                        try await harness.differences().isEmpty
                    }
                    try await harness.server.kill()
                    for _ in 0..<20 { try await harness.run(random.next()) }
                    try await harness.server.start()
                    try await eventually("Redis has all again (seed \(seed))") {
                        // Refused connections between kill and start are no answer yet.
                        (try? await harness.differences().isEmpty) == true
                    }
                }
                let maintenance = CacheMaintenance(postgres: harness.postgres, redis: harness.redis)
                let found = try await maintenance.verify(sample: nil, limit: 10)
                #expect(found.report.mismatches == 0, "\(found.report.keys)")
                #expect(found.view == .current)
            }
        }
    }
}
