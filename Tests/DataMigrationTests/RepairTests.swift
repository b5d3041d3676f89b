import DataMigration
import Domain
import Postgres
import Testing

@Suite("A repair")
struct RepairTests {
    @Test("brings back what was damaged and nothing else", arguments: VerificationTests.damages)
    func damage(_ damage: VerificationTests.Damage) async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate { $0.noCutover = true }
            let before = try await harness.tableHashes(includingVersions: false)
            try await harness.client.withSession { try await $0.run(script: damage.sql) }
            #expect(try await !harness.verify().passed)
            let facts = try await harness.repair()
            #expect(facts.after.passed, "\(facts.after.differences)")
            #expect(!facts.before.passed)
            #expect(try await harness.verify().passed)
            let after = try await harness.tableHashes(includingVersions: false)
            #expect(after == before, "\(after.filter { before[$0.key] != $0.value }.keys.sorted())")
            #expect(try await harness.client.withSession { try await ModeSwitch.current($0) } == .json)
        }
    }

    @Test("of what is whole does nothing")
    func whole() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            let before = try await harness.tableHashes()
            let facts = try await harness.repair()
            #expect(facts.after.passed && facts.files == 0 && facts.rowsChanged == 0)
            #expect(try await harness.tableHashes() == before)
        }
    }

    @Test("leaves rows that programs changed after the cutover, unless it is told to overwrite them")
    func changedSinceCutover() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            try await harness.client.query("UPDATE tasks SET title = 'By hand' WHERE task_id = 'task-1'")
            try await harness.client.query("DELETE FROM tasks WHERE task_id = 'task-3'")
            // Damage that no trigger saw is no change of a program.
            try await harness.client.withSession { session in
                try await session.run(
                    script: """
                        SET session_replication_role = replica;
                        UPDATE tasks SET description = 'damaged' WHERE task_id = 'task-2';
                        """
                )
            }
            let facts = try await harness.repair()
            #expect(facts.after.passed, "\(facts.after.differences)")
            #expect(
                try await harness.column("SELECT coalesce(title, '') FROM tasks ORDER BY task_id") == [
                    "By hand", "Two",
                ]
            )
            #expect(try await harness.column("SELECT description FROM tasks WHERE task_id = 'task-2'") == [nil])
            let overwriting = try await harness.repair { $0.overwriteChanged = true }
            #expect(overwriting.after.passed, "\(overwriting.after.differences)")
            #expect(try await harness.column("SELECT title FROM tasks ORDER BY task_id") == ["One", "Two", "Three"])
        }
    }
}
