import Foundation
import Monitoring
import Testing

@Suite struct HealthReportTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let mode: String
        let checks: [HealthCheck]
        let status: HealthReport.Status
    }

    private static let cases = [
        Case(
            testDescription: "everything answers",
            mode: "postgres",
            checks: [
                HealthCheck("postgres", .connected, answersReads: true),
                HealthCheck("redis", .connected, answersReads: true),
            ],
            status: .healthy
        ),
        Case(
            testDescription: "Redis is away: slower, never wrong",
            mode: "postgres",
            checks: [
                HealthCheck("postgres", .connected, answersReads: true),
                HealthCheck("redis", .unavailable, answersReads: true),
            ],
            status: .degraded
        ),
        Case(
            testDescription: "PostgreSQL is away: stale reads from Redis",
            mode: "postgres",
            checks: [
                HealthCheck("postgres", .unavailable, answersReads: true),
                HealthCheck("redis", .connected, answersReads: true),
            ],
            status: .degraded
        ),
        Case(
            testDescription: "both are away",
            mode: "postgres",
            checks: [
                HealthCheck("postgres", .unavailable, answersReads: true),
                HealthCheck("redis", .unavailable, answersReads: true),
            ],
            status: .unhealthy
        ),
        Case(
            testDescription: "a tree without servers",
            mode: "json",
            checks: [
                HealthCheck("tree", .connected, answersReads: true),
                HealthCheck("postgres", .unused, answersReads: false),
                HealthCheck("redis", .unused, answersReads: false),
            ],
            status: .healthy
        ),
        Case(
            testDescription: "the tree is gone; a database that is not served yet does not help",
            mode: "json",
            checks: [
                HealthCheck("tree", .unavailable, answersReads: true),
                HealthCheck("postgres", .connected, answersReads: false),
            ],
            status: .unhealthy
        ),
        Case(
            testDescription: "starting",
            mode: "postgres",
            checks: [HealthCheck("postgres", .connecting, answersReads: true)],
            status: .unhealthy
        ),
    ]

    @Test(arguments: cases)
    func `the parts are weighed`(example: Case) throws {
        let report = HealthReport(mode: example.mode, checks: example.checks)
        #expect(report.status == example.status)
        #expect(report.healthStatusCode == (example.status == .unhealthy ? 503 : 200))
        #expect(report.readyStatusCode == report.healthStatusCode)
        #expect((report.readyText == "ready\n") == report.isReady)
        let body = try JSONDecoder().decode([String: String].self, from: Data(report.json.utf8))
        #expect(body["status"] == example.status.rawValue)
        #expect(body["mode"] == example.mode)
        for check in example.checks { #expect(body[check.name] == check.state.rawValue) }
    }

    @Test func `who is ending is healthy but not ready`() {
        let checks = [HealthCheck("postgres", .connected, answersReads: true)]
        let report = HealthReport(mode: "postgres", checks: checks, isDraining: true)
        #expect(report.healthStatusCode == 200)
        #expect(report.readyStatusCode == 503)
        #expect(report.readyText == "draining\n")
    }
}
