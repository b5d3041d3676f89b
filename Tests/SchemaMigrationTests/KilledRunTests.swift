import Postgres
import Synchronization
import Testing

@testable import SchemaMigration

@Suite("A killed run of the migrator")
struct KilledRunTests {
    @Test("leaves whole steps only, at whichever statement it stops, and the next run finishes")
    func stopped() async throws {
        try await withEmptyDatabase { client in
            let catalogue = try SampleMigrations.catalogue()
            let expected = try await Expected(client, catalogue)
            #expect(expected.statements.count > 40)
            for number in expected.statements.indices {
                try await client.withSession { session in
                    let counter = Countdown(number)
                    let migrator = SchemaMigrator(session: session, migrations: catalogue) { _ in
                        if counter.isOver() { throw Stopped() }
                    }
                    await #expect(throws: Stopped.self) { try await migrator.up() }
                }
                try await expected.check(client, catalogue, stoppedAt: number)
            }
        }
    }

    @Test("leaves whole steps only, at whichever statement its server process is terminated")
    func terminated() async throws {
        try await withEmptyDatabase { client in
            let catalogue = try SampleMigrations.catalogue()
            let expected = try await Expected(client, catalogue)
            for number in expected.statements.indices {
                try await client.withSession { session in
                    let counter = Countdown(number)
                    let pid = Int64(session.backendPID)
                    let migrator = SchemaMigrator(session: session, migrations: catalogue) { _ in
                        guard counter.isOver() else { return }
                        try await client.query("SELECT pg_terminate_backend($1::int, 10000)", [.integer(pid)])
                    }
                    await #expect(throws: (any Error).self) { try await migrator.up() }
                }
                try await expected.check(client, catalogue, stoppedAt: number)
            }
        }
    }

    @Test("leaves whole steps only when it stops while undoing")
    func stoppedUndoing() async throws {
        try await withEmptyDatabase { client in
            let catalogue = try SampleMigrations.catalogue()
            let expected = try await Expected(client, catalogue)
            for number in 0... {
                let counter = Countdown(number)
                let ended = try await client.withSession { session in
                    try await SchemaMigrator(session: session, migrations: catalogue).up()
                    let migrator = SchemaMigrator(session: session, migrations: catalogue) { _ in
                        if counter.isOver() { throw Stopped() }
                    }
                    do {
                        try await migrator.down(to: 0)
                        return true
                    } catch is Stopped {
                        let ledger = try await session.ledger()
                        #expect(expected.snapshots[ledger.count].differences(in: try await session.snapshot()) == [])
                        return false
                    }
                }
                if ended {
                    #expect(number > 20)
                    break
                }
            }
        }
    }
}

private struct Stopped: Error {}

/// True once, after so many calls.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ left: Int) {
        self.left = Atomic(left)
    }

    func isOver() -> Bool {
        left.subtract(1, ordering: .relaxed).oldValue == 0
    }
}

/// What an undisturbed run makes.
private struct Expected {
    /// The label of the step that each statement belongs to.
    let statements: [String]
    /// The catalogue at each number.
    let snapshots: [CatalogueSnapshot]

    init(_ client: PostgresClient, _ catalogue: MigrationCatalogue) async throws {
        let labels = Mutex<[String]>([])
        var snapshots: [CatalogueSnapshot] = []
        try await client.withSession { session in
            let migrator = SchemaMigrator(session: session, migrations: catalogue) { place in
                labels.withLock { $0.append(place.migration) }
            }
            for number in 0...catalogue.latest {
                try await migrator.up(to: number)
                snapshots.append(try await session.snapshot())
            }
        }
        self.snapshots = snapshots
        statements = labels.withLock(\.self)
        try await client.withSession { session in
            try await SchemaMigrator(session: session, migrations: catalogue).down(to: 0)
        }
    }

    /// The database has exactly the steps before that of the statement, and a run from there ends as an undisturbed one.
    /// Afterwards it is empty again.
    func check(_ client: PostgresClient, _ catalogue: MigrationCatalogue, stoppedAt number: Int) async throws {
        try await client.withSession { session in
            let before = catalogue.steps.prefix { $0.label != statements[number] }.count
            #expect(try await session.ledger() == Array(1..<before + 1), "stopped at \(number)")
            #expect(snapshots[before].differences(in: try await session.snapshot()) == [], "stopped at \(number)")
            let migrator = SchemaMigrator(session: session, migrations: catalogue)
            try await migrator.up()
            #expect(snapshots[catalogue.latest].differences(in: try await session.snapshot()) == [], "stopped at \(number)")
            #expect(try await migrator.drift().isEmpty, "stopped at \(number)")
            try await migrator.down(to: 0)
        }
    }
}
