import Diagnostics
import Foundation
import Postgres
import Testing

@testable import Access

@Suite struct DenialTests {
    private static let limits = DenialTallyStateMachine.Limits(window: .seconds(10), kinds: 2, rows: 3)

    private static func denial(_ address: String, _ decision: String = "unknown", _ status: Int = 401) -> Denial {
        Denial(
            decision: decision,
            status: status,
            principal: status == 401 ? nil : "key:0f3c1a2b4d5e6f70",
            address: address,
            method: "GET",
            route: "/api/tasks/{id}"
        )
    }

    @Test func `the first of a kind is a row at once, those that follow are one row at the end of the window`() {
        var tally = DenialTallyStateMachine(Self.limits)
        let now = ContinuousClock.now
        for second in 0..<5 { tally.note(Self.denial("a"), at: now + .seconds(second)) }
        #expect(tally.take(at: now + .seconds(5)) == [DenialRow(denial: Self.denial("a"), count: 1, age: .seconds(5))])
        #expect(tally.take(at: now + .seconds(9)).isEmpty)
        #expect(tally.take(at: now + .seconds(10)) == [DenialRow(denial: Self.denial("a"), count: 4, age: .seconds(9))])
        #expect(tally.take(at: now + .seconds(20)).isEmpty)
        tally.note(Self.denial("a"), at: now + .seconds(21))
        #expect(tally.take(at: now + .seconds(21)).map(\.count) == [1])
    }

    @Test func `kinds beyond the bound share a row, and none is lost from the count`() {
        var tally = DenialTallyStateMachine(Self.limits)
        let now = ContinuousClock.now
        for number in 0..<1_000 { tally.note(Self.denial("\(number)"), at: now) }
        let rows = tally.take(at: now) + tally.take(at: now + .seconds(11))
        #expect(rows.count == 3)
        #expect(rows.reduce(0) { $0 + $1.count } == 1_000)
        #expect(rows.last?.denial == nil)
    }

    @Test func `rows that could not be written are due again, up to the bound`() {
        var tally = DenialTallyStateMachine(Self.limits)
        let now = ContinuousClock.now
        tally.note(Self.denial("a"), at: now)
        let rows = tally.take(at: now + .seconds(1))
        tally.failed(rows + rows + rows + rows, takenAt: now + .seconds(1))
        let again = tally.take(at: now + .seconds(2))
        #expect(again.map(\.age) == [.seconds(2), .seconds(2), .seconds(2)])
    }

    @Test func `every denial is in audit_logs, with who and where and without secrets`() async throws {
        try await withAccessDatabase { client in
            let log = DenialLog()
            log.note(Self.denial("10.0.0.1"))
            // Nobody is there to write to yet.
            await log.write()
            log.use(client)
            log.note(Self.denial("10.0.0.2", "denied", 403))
            log.note(Self.denial("10.0.0.3", "rate_limited", 429))
            await log.write()
            let rows = try await client.query(
                """
                SELECT event_type, summary, ip_address, severity, security_impact, details ->> 'decision' AS decision,
                    details ->> 'principal' AS principal, (details ->> 'count')::int AS count,
                    occurred_at BETWEEN now() - interval '1 minute' AND now() + interval '1 minute' AS is_now
                FROM public.audit_logs ORDER BY ip_address
                """
            ).rows
            #expect(rows.map { $0["event_type"].string } == ["session.failed", "access.denied", "access.denied"])
            #expect(rows.map { $0["decision"].string } == ["unknown", "denied", "rate_limited"])
            #expect(rows.map { $0["principal"].string } == [nil, "key:0f3c1a2b4d5e6f70", "key:0f3c1a2b4d5e6f70"])
            #expect(rows.map { $0["ip_address"].string } == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
            #expect(rows.allSatisfy { $0["count"].integer == 1 && $0["is_now"].boolean == true })
            #expect(rows[1]["summary"].string == "GET /api/tasks/{id} was not let in: 403 denied")
            let known = try await client.query(
                "SELECT count(*) AS n FROM public.audit_logs JOIN public.event_types USING (event_type)"
            ).first
            #expect(known?["n"].integer == 3)
        }
    }
}
