import Compression
import DataMigration
import Diagnostics
import Domain
import Foundation
import Postgres
import SourceTree
import TestSupport
import Testing

@Suite("Export of rows without a place")
struct ExportPlacesTests {
    /// Changes, and the files of the new tree that matter; nil: there is no such file.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var files: [String: String] = [:]
        let sql: String
        var after: [String: String?] = [:]
        var created: [String] = []
        var removed: [String] = []
        var removedCopies: [String] = []
        var resurfacing: [String] = []
        var notExported: [String] = []
    }

    static let cases = [
        Case(
            testDescription: "a new row becomes a file of its own, laid out in one way",
            sql: """
                INSERT INTO tasks (task_id, title, task_status, status_raw, created_at, metadata, tags)
                VALUES ('a/b', 'New', 'pending', 'queued', '2026-01-01T00:00:00Z', '{"z":{"n":1.50},"a":[]}', '{x}')
                """,
            after: [
                "coordination/tasks/a%2Fb.json": """
                {
                  "a": [],
                  "created_at": "2026-01-01T00:00:00Z",
                  "id": "a/b",
                  "status": "queued",
                  "tags": [
                    "x"
                  ],
                  "title": "New",
                  "z": {
                    "n": 1.50
                  }
                }

                """
            ],
            created: ["coordination/tasks/a%2Fb.json"]
        ),
        Case(
            testDescription: "a document goes where its id says, as its body is written",
            sql:
                "INSERT INTO documents (kind, id, title, body) VALUES ('config', 'config/x/y', 'T', '{ \"title\":\"T\", \"n\":1e0 }')",
            after: ["coordination/config/x/y.json": "{ \"title\":\"T\", \"n\":1e0 }\n"],
            created: ["coordination/config/x/y.json"]
        ),
        Case(
            testDescription: "a document of a kind that its path does not give is listed",
            sql: "INSERT INTO documents (kind, id, body) VALUES ('poem', 'config/x', '{}'), ('config', '../x', '{}')",
            after: ["coordination/config/x.json": nil, "x.json": nil],
            notExported: ["config/../x", "poem/config/x"]
        ),
        Case(
            testDescription: "a bare id in a list has no place for a column: a file of its own wins over it",
            files: ["coordination/catalog/indexes/by-sensitivity.json": #"{"internal": ["a.b", "c"]}"#],
            sql: "UPDATE assets SET owner = 'ann' WHERE asset_id = 'a.b'",
            after: ["coordination/catalog/indexes/by-sensitivity.json": #"{"internal": ["a.b", "c"]}"#],
            created: ["coordination/catalog/assets/a.b.json"]
        ),
        Case(
            testDescription: "an agent that a worker's file implies gets a file; the worker's stays",
            files: ["coordination/worker-specs/active/w-1.json": #"{"worker_id": "w-1", "status": "running"}"#],
            sql: "UPDATE agents SET agent_status = 'active', status_raw = 'online' WHERE agent_id = 'w-1'",
            created: ["coordination/agents/w-1.json"]
        ),
        Case(
            testDescription: "of a deleted row every record goes, older ones too",
            files: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1"}, {"id": "t-2"}]}"#,
                "coordination/task-queue-backup-1.json": #"{"tasks": [{"id": "t-1", "title": "old"}, {"id": "t-1"}]}"#,
                "coordination/tasks/t-1.json": #"{"task_id": "t-1"}"#,
            ],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-2"}]}"#,
                "coordination/task-queue-backup-1.json": #"{"tasks": []}"#, "coordination/tasks/t-1.json": nil,
            ],
            removed: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "nested backups: one of four records of an id is changed, the others stay",
            files: [
                "coordination/task-queue-backup-1.json": """
                {"tasks": [{"name": "wrap", "tasks": [{"id": "t-1", "title": "a"}, {"id": "t-1", "title": "b"}, [1]]}], "n": [[{}]]}
                """
            ],
            sql: "UPDATE tasks SET title = 'c' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue-backup-1.json": """
                {"tasks": [{"name": "wrap", "tasks": [{"id": "t-1", "title": "c"}, {"id": "t-1", "title": "b"}, [1]]}], "n": [[{}]]}
                """
            ]
        ),
        Case(
            testDescription: "a time set back lets no older record of the id win",
            files: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "title": "new", "updated_at": "2025-02-01T00:00:00Z"}]}
                """,
                "coordination/tasks/t-1.json":
                    #"{"task_id": "t-1", "title": "old", "updated_at": "2025-01-01T00:00:00Z"}"#,
            ],
            sql: "UPDATE tasks SET updated_at = '2024-01-01T00:00:00Z' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "title": "new", "updated_at": "2024-01-01T00:00:00Z"}]}
                """
            ],
            removed: ["coordination/tasks/t-1.json"],
            removedCopies: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "a copy inside of a hand-over is no place for a task; a file of its own wins over it",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            sql: "UPDATE tasks SET title = 'b' WHERE task_id = 't-1'",
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            created: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "a hand-over goes with its copy of a task, and the task goes on in a file of its own",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            sql: "DELETE FROM task_handoffs WHERE handoff_key = 'h-1'",
            after: ["coordination/masters/m/handoffs/h-1.json": nil],
            created: ["coordination/tasks/t-1.json"],
            removed: ["coordination/masters/m/handoffs/h-1.json"]
        ),
        Case(
            testDescription: "a task around other tasks loses its id only",
            files: [
                "coordination/archive/tasks/q.json": """
                {"id": "wrap", "title": "w", "tasks": [{"id": "t-1", "title": "a"}]}
                """
            ],
            sql: "DELETE FROM tasks WHERE task_id = 'wrap'",
            after: [
                "coordination/archive/tasks/q.json": """
                {"title": "w", "tasks": [{"id": "t-1", "title": "a"}]}
                """
            ]
        ),
        Case(
            testDescription: "exact repeats of a run follow it",
            files: [
                "coordination/worker-pool.json": #"{"active_workers": [{"worker_id": "w", "status": "running"}]}"#,
                "coordination/worker-pool-backup.json": #"{"active_workers": [{"status":"running","worker_id":"w"}]}"#,
            ],
            sql: "UPDATE agent_runs SET run_status = 'failed', status_raw = 'failed'",
            after: [
                "coordination/worker-pool.json": #"{"active_workers": [{"worker_id": "w", "status": "failed"}]}"#,
                "coordination/worker-pool-backup.json": #"{"active_workers": [{"status":"failed","worker_id":"w"}]}"#,
            ]
        ),
        Case(
            testDescription:
                "a relation goes as the element that implies it, of a changed task and of an unchanged one",
            files: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "dependencies": ["t-2", "t-3"]}, {"id": "t-2", "context": {"dependencies": ["t-3"]}}]}
                """
            ],
            sql:
                "DELETE FROM task_lineage WHERE child_task_id_raw = 't-3'; UPDATE tasks SET title = 'x' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "dependencies": ["t-2"], "title": "x"}, {"id": "t-2", "context": {"dependencies": []}}]}
                """
            ]
        ),
        Case(
            testDescription: "relations of a deleted task stay in files of their own",
            files: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "dependencies": ["t-2"]}, {"id": "t-2"}]}"#
            ],
            sql:
                "DELETE FROM tasks WHERE task_id = 't-1'; UPDATE task_lineage SET lineage_id = '11111111-1111-4111-8111-111111111111'",
            after: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-2"}]}"#],
            created: ["coordination/lineage/tasks/11111111-1111-4111-8111-111111111111.json"]
        ),
        Case(
            testDescription: "an id that was deleted and made anew is written where it was",
            files: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "title": "a"}, {"id": "t-2"}]}"#],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'; INSERT INTO tasks (task_id, title) VALUES ('t-1', 'b')",
            after: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "title": "b"}, {"id": "t-2"}]}"#]
        ),
        Case(
            testDescription: "a deleted value of a numbered stream leaves its number free",
            files: ["coordination/notes.jsonl": "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"],
            sql: "DELETE FROM documents WHERE id = 'notes#1'",
            after: ["coordination/notes.jsonl": "{\"a\":1}\nnull\n{\"a\":3}\n"]
        ),
        Case(
            testDescription: "an agent that is gone and still named comes back, which is said",
            files: [
                "coordination/agent-registry.json": #"{"agents": [{"agent_id": "ann"}, {"agent_id": "bob"}]}"#,
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "assigned_to": "ann"}]}"#,
            ],
            sql: "DELETE FROM agents WHERE agent_id = 'ann'",
            after: [
                "coordination/agent-registry.json": #"{"agents": [{"agent_id": "bob"}]}"#,
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "assigned_to": "ann"}]}"#,
            ],
            resurfacing: ["ann"]
        ),
        Case(
            testDescription: "columns that share a field are told apart by the next name",
            files: [
                "coordination/catalog/asset-catalog.json": #"{"assets": [{"asset_id": "a", "category": "schema"}]}"#
            ],
            sql: "UPDATE assets SET asset_type = 'dataset'",
            after: [
                "coordination/catalog/asset-catalog.json":
                    #"{"assets": [{"asset_id": "a", "category": "schema", "asset_type": "dataset"}]}"#
            ]
        ),
        Case(
            testDescription: "a changed hand-over, and in it the copy of a task that is gone",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}, "status": "pending"}
                """
            ],
            sql: """
                DELETE FROM tasks WHERE task_id = 't-1';
                UPDATE task_handoffs SET handoff_status = 'accepted', status_raw = 'accepted'
                """,
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "status": "accepted"}
                """
            ]
        ),
        Case(
            testDescription: "a copy of a task that is gone, in a hand-over that did not change",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}, "status": "pending"}
                """
            ],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'",
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "status": "pending"}
                """
            ]
        ),
        Case(
            testDescription: "of two runs that say exactly the same one is listed: repeats are one row",
            sql: """
                INSERT INTO agent_runs (run_id, agent_id_raw, worker_type) VALUES
                    ('11111111-1111-4111-8111-111111111111', 'w', 'x'), ('22222222-2222-4222-8222-222222222222', 'w', 'x')
                """,
            created: [
                "coordination/worker-specs/active/11111111-1111-4111-8111-111111111111.json",
                "coordination/worker-specs/active/22222222-2222-4222-8222-222222222222.json",
            ],
            notExported: ["22222222-2222-4222-8222-222222222222"]
        ),
        Case(
            testDescription: "a changed run that says what another one says is listed too",
            files: [
                "coordination/worker-pool.json": """
                {"active_workers": [{"worker_id": "w", "status": "running"}, {"worker_id": "w", "status": "failed"}]}
                """
            ],
            sql:
                "UPDATE agent_runs SET run_status = 'failed', status_raw = 'failed', run_id = '11111111-1111-4111-8111-111111111111' WHERE run_status = 'running'",
            after: [
                "coordination/worker-pool.json": """
                {"active_workers": [{"worker_id": "w", "status": "failed"}, {"worker_id": "w", "status": "failed"}]}
                """
            ],
            notExported: ["11111111-1111-4111-8111-111111111111"]
        ),
        Case(
            testDescription: "what no file can say is listed by its column, and the rest is written",
            files: ["coordination/users.json": #"{"users": [{"id": "u", "username": "a"}]}"#],
            sql: "UPDATE users SET username = 'b', created_at = 'infinity'",
            after: ["coordination/users.json": #"{"users": [{"id": "u", "username": "b"}]}"#],
            notExported: ["u created_at"]
        ),
    ]

    @Test("Each row goes where the mapping finds it again", arguments: cases)
    func places(_ example: Case) async throws {
        try await MigrationHarness.with { harness in
            try harness.write(example.files)
            try harness.write(["coordination/task-queue.old": "x"])
            try await harness.migrate()
            try await harness.client.withSession { try await $0.run(script: example.sql) }
            let (path, facts) = try await harness.export()
            for (file, text) in example.after { #expect(try harness.text(file, in: path) == text, "\(file)") }
            #expect(facts.created == example.created)
            #expect(facts.removed == example.removed)
            #expect(facts.removedCopies.map(\.path) == example.removedCopies)
            #expect(facts.resurfacing.map(\.key) == example.resurfacing)
            let unsaid = facts.notExported.map { $0.key + ($0.column.map { " " + $0 } ?? "") }
            #expect(unsaid == example.notExported, "\(facts.notExported)")
            guard example.notExported.isEmpty else { return }
            let rows = try await harness.comparableRows()
            try await MigrationHarness.withImported(path) { second in
                let found = differences(rows, try await second.comparableRows())
                #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            }
        }
    }

    @Test("In a tree that is the coordination folder itself, new files are inside of that folder")
    func folder() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(["coordination/task-queue.json": #"{"tasks": [{"id": "t-1"}]}"#])
            try await harness.migrate(source: harness.root + "/coordination")
            try await harness.client.withSession {
                try await $0.run(
                    script: """
                        UPDATE tasks SET title = 'b'; INSERT INTO tasks (task_id) VALUES ('t-2');
                        INSERT INTO agents (agent_id, agent_type, origin) VALUES ('ann', 'worker', 'defined')
                        """
                )
            }
            try FileManager.default.createDirectory(atPath: harness.root + "-out", withIntermediateDirectories: true)
            let (path, facts) = try await harness.export(to: "out/coordination")
            #expect(facts.created == ["agents/ann.json", "tasks/t-2.json"])
            #expect(try harness.text("task-queue.json", in: path) == #"{"tasks": [{"id": "t-1", "title": "b"}]}"#)
            let rows = try await harness.comparableRows()
            try await MigrationHarness.withImported(path) { second in
                let found = differences(rows, try await second.comparableRows())
                #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            }
        }
    }

    @Test("Rows whose record is in an archive, or was read through a repair, go on in files of their own")
    func unreachable() async throws {
        try await MigrationHarness.with { harness in
            try harness.write([
                "coordination/tasks/broken.json": #"{"task_id": "broken", "priority": high, "title": "a"}"#
            ])
            var archive: [UInt8] = []
            let tar = TarWriter { archive.append(contentsOf: $0) }
            try tar.addFile(Array("w-1.json".utf8), Array(#"{"worker_id": "w-1", "task_id": "t"}"#.utf8))
            try tar.finish()
            let packed = try GzipWriter.compress(archive)
            try harness.write("coordination/archives/failed-workers-1.tar.gz", packed)
            try await harness.migrate { $0.acceptRepairs = true }
            try await harness.client.withSession {
                try await $0.run(
                    script: """
                        UPDATE tasks SET title = 'b' WHERE task_id = 'broken';
                        UPDATE agent_runs SET tokens_used = 5, run_id = '11111111-1111-4111-8111-111111111111'
                        """
                )
            }
            let (path, facts) = try await harness.export()
            let run = "coordination/worker-specs/active/11111111-1111-4111-8111-111111111111.json"
            #expect(facts.created == ["coordination/tasks/broken~2.json", run])
            #expect(facts.resurfacing.map(\.path) == ["coordination/archives/failed-workers-1.tar.gz!w-1.json"])
            #expect(facts.notExported.isEmpty && facts.patched.isEmpty)
            #expect(try treeContents(path).count == treeContents(harness.root).count + 4)
            try await MigrationHarness.with { second in
                try await second.migrate(source: path) { $0.acceptRepairs = true }
                let titles = try await second.column("SELECT title FROM tasks")
                #expect(titles == ["b"])
                let tokens = try await second.column("SELECT tokens_used::text FROM agent_runs ORDER BY 1")
                #expect(tokens == ["5", nil])
            }
        }
    }

    @Test("A directory that holds something is refused, and so is one that cannot be written")
    func target() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(["coordination/task-queue.json": "{}"])
            try await harness.migrate()
            let full = harness.root + "-export"
            try FileManager.default.createDirectory(atPath: full + "/x", withIntermediateDirectories: true)
            for (name, code) in [("export", ErrorCode.cannotWrite), ("missing/below", .cannotWrite)] {
                let error = await #expect(throws: SourceTreeError.self) { _ = try await harness.export(to: name) }
                #expect(error?.code == code)
            }
        }
    }

    @Test("Stored bytes that are not those that were imported stop the export")
    func damaged() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(["coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "title": "a"}]}  "#])
            try await harness.migrate()
            try await harness.client.query("UPDATE tasks SET title = 'b'")
            try await harness.client.query("UPDATE source.blob_chunks SET bytes = set_byte(bytes, 41, 10)")
            let error = await #expect(throws: DataMigrationError.self) { _ = try await harness.export() }
            #expect(error?.code == .verificationFailed)
        }
    }

    @Test("A large file is changed at its ends and in between without being held")
    func large() async throws {
        try await MigrationHarness.with { harness in
            let filler = String(repeating: "x", count: 5_000)
            let tasks = (0..<1_000).map { #"  {"id": "t-\#($0)", "title": "T", "note": "\#(filler)"}"# }
            let text = "{\"tasks\": [\n" + tasks.joined(separator: ",\n") + "\n]}\n"
            try harness.write(["coordination/task-queue.json": text])
            try await harness.migrate()
            try await harness.client.withSession {
                try await $0.run(
                    script: """
                        UPDATE tasks SET title = 'U' WHERE task_id ~ '0$';
                        DELETE FROM tasks WHERE task_id ~ '(1|2|9)$'
                        """
                )
            }
            let kept = (0..<1_000).filter { ![1, 2, 9].contains($0 % 10) }.map { number in
                tasks[number].replacing("\"T\"", with: number % 10 == 0 ? "\"U\"" : "\"T\"")
            }
            let (path, facts) = try await harness.export()
            #expect(facts.patched == ["coordination/task-queue.json"])
            let after = try harness.text("coordination/task-queue.json", in: path)
            #expect(after == "{\"tasks\": [\n" + kept.joined(separator: ",\n") + "\n]}\n")
        }
    }
}
