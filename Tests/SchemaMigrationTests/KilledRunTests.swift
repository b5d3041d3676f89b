import EmbeddedServers
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import SchemaMigration

@Suite("A killed run of the migrator")
struct KilledRunTests {
    @Test("leaves whole steps only, at whichever statement it stops, and the next run finishes")
    func stopped() async throws {
        try await withEmptyDatabase { client in
            let runs = InterruptedRuns(client: client, catalogue: try SampleMigrations.catalogue()) { _ in
                throw Stopped()
            }
            let stops = try await runs.upAndDown()
            #expect(stops > 80)
        }
    }

    @Test("leaves whole steps only, at whichever statement its server process is terminated")
    func terminated() async throws {
        try await withEmptyDatabase { client in
            let runs = InterruptedRuns(client: client, catalogue: try SampleMigrations.catalogue()) { pid in
                try await client.query("SELECT pg_terminate_backend($1::int, 10000)", [.integer(pid)])
            }
            let stops = try await runs.upAndDown()
            #expect(stops > 80)
        }
    }

    @Test("of the shipped migrations leaves whole steps only")
    func shipped() async throws {
        // On a server of its own, because undoing drops roles that other databases are about to use.
        try await TestDatabase.withServer { server in
            try await PostgresClient.withClient(PostgresConfiguration(url: server.url())) { client in
                let runs = InterruptedRuns(client: client, catalogue: .shipped, every: 11) { _ in throw Stopped() }
                let stops = try await runs.upAndDown()
                #expect(stops > 40)
            }
        }
    }
}

private struct Stopped: Error {}

/// Counts the statements of a migration and says when the one is reached at which to stop.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ left: Int) {
        self.left = Atomic(left)
    }

    /// Whether the statement was reached.
    var isOver: Bool { left.load(ordering: .relaxed) < 0 }

    /// True once, at the statement.
    func next() -> Bool {
        left.subtract(1, ordering: .relaxed).oldValue == 0
    }
}

/// Runs of the migrator that are stopped at each statement of each step, and after each the proof that the database is as
/// if the run had not begun that step.
private struct InterruptedRuns {
    let client: PostgresClient
    let catalogue: MigrationCatalogue
    /// Stops at every n-th statement of each step.
    var every = 1
    /// Stops the run whose server process has this id.
    let stop: @Sendable (Int64) async throws -> Void

    /// Applies all steps and undoes them.
    ///
    /// - Returns: how many runs were stopped.
    func upAndDown() async throws -> Int {
        var stops = 0
        for step in catalogue.steps {
            stops += try await interrupt(step, from: step.number - 1) { try await $0.up(to: step.number) }
        }
        try await client.withSession { session in
            let migrator = SchemaMigrator(session: session, migrations: catalogue)
            let failures = try await migrator.verify().filter { !$0.passed }
            #expect(failures.map(\.name) == [])
            #expect(try await migrator.drift() == [])
        }
        for step in catalogue.steps.reversed() {
            stops += try await interrupt(step, from: step.number) { try await $0.down(to: step.number - 1) }
        }
        return stops
    }

    private func interrupt(
        _ step: SchemaStep,
        from number: Int,
        _ run: (SchemaMigrator) async throws -> SchemaChangeReport
    ) async throws -> Int {
        let before = try await client.withSession { try await $0.snapshot() }
        var statement = 0
        while try await wasStopped(at: statement, run) {
            try await client.withSession { session in
                let place = "\(step.label), statement \(statement)"
                #expect(before.differences(in: try await session.snapshot()) == [], "\(place)")
                let ledger = try await session.ledger()
                #expect(ledger == Array(1..<number + 1), "\(place)")
            }
            statement += every
        }
        return statement / every
    }

    /// False when the run was over before it came to the statement.
    private func wasStopped(
        at statement: Int,
        _ run: (SchemaMigrator) async throws -> SchemaChangeReport
    ) async throws -> Bool {
        let countdown = Countdown(statement)
        do {
            try await client.withSession { session in
                let pid = Int64(session.backendPID)
                let stop = stop
                let migrator = SchemaMigrator(session: session, migrations: catalogue) { _ in
                    if countdown.next() { try await stop(pid) }
                }
                _ = try await run(migrator)
            }
        } catch  where countdown.isOver {
            return true
        }
        #expect(!countdown.isOver)
        return false
    }
}
