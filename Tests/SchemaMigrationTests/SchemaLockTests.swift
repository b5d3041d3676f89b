import Diagnostics
import Postgres
import Testing

@testable import SchemaMigration

@Suite("Schema lock")
struct SchemaLockTests {
    @Test("lets runners that start together take turns, so that each step is applied once")
    func runnersTogether() async throws {
        try await withEmptyDatabase { client in
            let catalogue = try SampleMigrations.catalogue()
            for round in 0..<5 {
                let applied = try await withThrowingTaskGroup(of: SchemaChangeReport.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            try await client.withSession { session in
                                try await SchemaMigrator(session: session, migrations: catalogue).up()
                            }
                        }
                    }
                    return try await group.reduce(into: [Int]()) { numbers, report in
                        #expect(report.to == 3)
                        numbers += report.steps.map(\.number)
                    }
                }
                #expect(applied.sorted() == [1, 2, 3], "round \(round)")
                try await client.withSession { session in
                    let drift = try await SchemaMigrator(session: session, migrations: catalogue).drift()
                    #expect(drift == [])
                    #expect(try await session.ledger() == [1, 2, 3])
                    try await SchemaMigrator(session: session, migrations: catalogue).down(to: 0)
                }
            }
        }
    }

    @Test("makes a runner wait only so long, and names who holds it")
    func holder() async throws {
        try await withEmptyDatabase { client in
            try await client.withSession { other in
                try await other.withTransaction {
                    try await SchemaLock(session: other, limit: .seconds(5)).take()
                    try await client.withSession { session in
                        let migrator = SchemaMigrator(
                            session: session,
                            migrations: try SampleMigrations.catalogue(),
                            waitLimit: .milliseconds(50)
                        )
                        await #expect { try await migrator.up() } throws: {
                            let error = $0 as? SchemaError
                            return error?.code == .runLocked && error?.code.meaning.isRetryable == true
                                && error?.details["holder"]?.hasPrefix("process \(other.backendPID), role postgres")
                                    == true
                        }
                        #expect(try await session.ledger() == [])
                    }
                }
            }
        }
    }

    @Test("bounds how long a statement waits for a table that somebody uses")
    func busyTable() async throws {
        try await withEmptyDatabase { client in
            try await client.withSession { session in
                try await SchemaMigrator(session: session, migrations: try SampleMigrations.catalogue(2)).up()
            }
            try await client.withTransaction { other in
                try await other.query("LOCK TABLE public.notes IN ACCESS SHARE MODE")
                try await client.withSession { session in
                    let migrator = SchemaMigrator(
                        session: session,
                        migrations: try SampleMigrations.catalogue(),
                        waitLimit: .milliseconds(50)
                    )
                    await #expect { try await migrator.up() } throws: {
                        let error = $0 as? SchemaError
                        return error?.code == .schemaMigrationFailed && error?.details["sqlstate"] == "55P03"
                            && error?.details["line"] == "1" && error?.hint?.contains("another session") == true
                    }
                    #expect(try await session.ledger() == [1, 2])
                }
            }
        }
    }
}
