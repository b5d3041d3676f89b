import DataMigration
import Domain
import Foundation
import Postgres
import Testing

@Suite("Migration of a small tree")
struct MigrationTests {
    @Test("Every record ends somewhere, and the verification passes")
    func ledger() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let facts = try await harness.migrate()
            #expect(facts.status == .completed)
            #expect(facts.ledger.isBalanced)
            #expect(facts.verification?.passed == true, "\(String(describing: facts.verification?.differences))")
            #expect(facts.mode == .postgres)
            let tasks = try #require(facts.ledger.lines.first { $0.kind == "task" })
            #expect(
                tasks == LedgerLine(kind: "task", read: 5, resolved: 3, superseded: 2, quarantined: 0, notARecord: 0)
            )
            #expect(facts.files.total == 8)
            #expect(facts.files.invalid == 1)
            #expect(facts.files.whitespace == 1)
            #expect(facts.files.empty == 1)
            #expect(facts.files.notJSON == 1)
            #expect(facts.quarantined.map(\.path) == ["coordination/worker-specs/active/worker-b.json"])
        }
    }

    @Test("What went out of a large file that proves broken at its end is taken back, and comes when it is mended")
    func brokenAtTheEnd() async throws {
        try await MigrationHarness.with { harness in
            // Few records and large ones: 5 MB, more than are held back.
            let padding = String(repeating: "x", count: 50_000)
            let tasks = (0..<100).map { #"{"id": "task-\#($0)", "title": "Title", "note": "\#(padding)"}"# }
            let text = #"{"tasks": ["# + tasks.joined(separator: ", ") + "]"
            try harness.write(["coordination/task-queue.json": text])
            let facts = try await harness.migrate { $0.noCutover = true }
            #expect(facts.ledger.total.read == 1)
            #expect(facts.ledger.total.quarantined == 1)
            #expect(facts.verification?.passed == true)
            #expect(try await harness.count("SELECT count(*) FROM source.records") == 1)
            #expect(try await harness.count("SELECT count(*) FROM public.tasks") == 0)
            #expect(try await harness.migrate { $0.noCutover = true }.rowsChanged == 0)
            try harness.write(["coordination/task-queue.json": text + "}"])
            let mended = try await harness.migrate { $0.noCutover = true }
            #expect(mended.verification?.passed == true)
            #expect(try await harness.count("SELECT count(*) FROM public.tasks") == 100)
        }
    }

    @Test("The live queue wins over its backup, and the loser is kept and says by what it lost")
    func conflicts() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            #expect(try await harness.column("SELECT title FROM tasks WHERE task_id = 'task-1'") == ["One"])
            let explanation = try await harness.client.withSession { try await Explanation.of("task-1", session: $0) }
            #expect(explanation.records.count == 2)
            #expect(explanation.records[0].outcome == "resolved")
            #expect(explanation.records[1].outcome == "superseded")
            #expect(explanation.records[1].reason == "by coordination/task-queue.json")
            #expect(explanation.records[1].differsIn.contains("title"))
            let identical = try await harness.client.withSession { try await Explanation.of("task-2", session: $0) }
            #expect(identical.records[1].reason == "identical")
        }
    }

    @Test("Values that are no times, and words that no vocabulary knows, are findings and not guessed")
    func findings() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            let row = try await harness.client.query(
                "SELECT created_at, created_at_raw, deadline_at, deadline_at_raw, task_priority, priority_raw FROM tasks WHERE task_id = 'task-2'"
            ).rows[0]
            #expect(row["created_at"].isNull)
            #expect(row["created_at_raw"].string == "2025-11-16T10:36:48")
            #expect(row["deadline_at"].isNull)
            #expect(row["deadline_at_raw"].string == "ASAP")
            #expect(row["task_priority"].string == "critical")
            let rules = try await harness.column("SELECT DISTINCT rule FROM source.findings ORDER BY 1")
            #expect(rules.contains("instant_without_zone"))
            #expect(rules.contains("not_an_instant"))
            #expect(rules.contains("invalid_json"))
        }
    }

    @Test("A second run over an unchanged tree changes no row")
    func secondRun() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let first = try await harness.migrate { $0.noCutover = true }
            #expect(first.rowsChanged > 0)
            let before = try await harness.tableHashes()
            let second = try await harness.migrate { $0.noCutover = true }
            #expect(second.rowsChanged == 0)
            #expect(second.status == .completed)
            #expect(try await harness.tableHashes() == before)
        }
    }

    @Test("A changed, a removed and a new file are followed, and nothing of the old is lost")
    func changes() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate { $0.noCutover = true }
            try harness.remove("coordination/task-queue.json")
            try harness.write([
                "coordination/tasks/task-9.json": #"{"task_id": "task-9", "status": "pending", "title": "Nine"}"#
            ])
            let facts = try await harness.migrate { $0.noCutover = true }
            #expect(facts.verification?.passed == true, "\(String(describing: facts.verification?.differences))")
            #expect(try await harness.column("SELECT title FROM tasks WHERE task_id = 'task-1'") == ["One, before"])
            #expect(try await harness.column("SELECT title FROM tasks WHERE task_id = 'task-9'") == ["Nine"])
            #expect(try await harness.count("SELECT count(*) FROM source.records WHERE natural_id = 'task-1'") == 2)
        }
    }

    @Test("A run after a cutover stages unchanged files from their stored bytes")
    func restaging() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            try harness.write([
                "coordination/tasks/task-9.json": #"{"task_id": "task-9", "status": "pending", "title": "Nine"}"#
            ])
            let facts = try await harness.migrate()
            #expect(facts.verification?.passed == true, "\(String(describing: facts.verification?.differences))")
            #expect(
                try await harness.column("SELECT task_id FROM tasks ORDER BY 1") == [
                    "task-1", "task-2", "task-3", "task-9",
                ]
            )
        }
    }

    @Test("Rows that programs changed after the cutover are listed and never touched")
    func changedSinceCutover() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            try await harness.client.query("UPDATE tasks SET title = 'By hand' WHERE task_id = 'task-1'")
            try await harness.client.query("DELETE FROM tasks WHERE task_id = 'task-3'")
            try harness.write([
                "coordination/tasks/task-9.json": #"{"task_id": "task-9", "status": "pending", "title": "Nine"}"#
            ])
            let facts = try await harness.migrate()
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
            #expect(
                facts.changedSinceCutover?.rows == [
                    ChangedRow(table: "tasks", key: "task-1", change: .updated),
                    ChangedRow(table: "tasks", key: "task-3", change: .deleted),
                ]
            )
            #expect(try await harness.column("SELECT title FROM tasks WHERE task_id = 'task-1'") == ["By hand"])
            #expect(try await harness.count("SELECT count(*) FROM tasks WHERE task_id = 'task-3'") == 0)
        }
    }

    @Test("Exceeding the quarantine leaves public tables and mode as they were")
    func quarantine() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let facts = try await harness.migrate { $0.maximumQuarantined = 0 }
            #expect(facts.status == .quarantineExceeded)
            #expect(facts.mode == .json)
            #expect(try await harness.count("SELECT count(*) FROM tasks") == 0)
            #expect(try await harness.count("SELECT count(*) FROM source.files WHERE entry_type = 'file'") == 8)
            let second = try await harness.migrate()
            #expect(second.status == .completed)
        }
    }

    @Test("A dry run reports what the real run does and leaves no trace")
    func dryRun() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let before = try await harness.tableHashes()
            let dry = try await harness.migrate { $0.dryRun = true }
            #expect(dry.status == .dryRun)
            #expect(try await harness.tableHashes() == before)
            #expect(try await harness.count("SELECT count(*) FROM source.imports") == 0)
            let real = try await harness.migrate()
            #expect(dry.ledger == real.ledger)
            #expect(dry.findings == real.findings)
            #expect(dry.files == real.files)
            #expect(dry.tables == real.tables)
        }
    }

    @Test("Repairs are read only when they are accepted, and stored bytes stay")
    func repairs() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let facts = try await harness.migrate { $0.acceptRepairs = true }
            #expect(facts.ledger.total.quarantined == 0)
            #expect(facts.verification?.passed == true, "\(String(describing: facts.verification?.differences))")
            #expect(try await harness.count("SELECT count(*) FROM agent_runs WHERE agent_id_raw = 'worker-b'") == 1)
        }
    }

    @Test("Two runs at once: one of them is refused and says who works")
    func oneAtATime() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.client.withSession { session in
                try await session.query("SELECT pg_advisory_lock(\(0x636F_7274_6578_726E))")
                await #expect(throws: DataMigrationError.self) { try await harness.migrate { $0.lockPatience = .zero } }
            }
            try await harness.migrate()
        }
    }
}
