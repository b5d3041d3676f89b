import DataMigration
import Diagnostics
import Domain
import ExampleTree
import Foundation
import Postgres
import SourceTree
import TestSupport
import Testing

@Suite("Export")
struct ExportTests {
    @Test("A tree of which nothing changed is the same tree")
    func unchanged() async throws {
        try await MigrationHarness.with { harness in
            try ExampleTree(seed: 7, tasks: 60).write(to: harness.root)
            try await harness.migrate()
            let (path, facts) = try await harness.export()
            #expect(facts.patched.isEmpty && facts.created.isEmpty && facts.removed.isEmpty)
            #expect(facts.notExported.isEmpty && facts.resurfacing.isEmpty, "\(facts)")
            #expect(try treeContents(path) == treeContents(harness.root))
            let nothing = try await harness.export(to: "nothing", changedOnly: true)
            #expect(nothing.facts.files == 0 && nothing.facts.entries == 0)
        }
    }

    /// A change in the database and what it does to the text of one file.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var path = "coordination/task-queue.json"
        let sql: String
        /// What is replaced by what; the rest of the file stays.
        let edits: [(String, String)]
    }

    static let queue = """
        {
          "tasks" : [
            {"id":"t-1", "title":"One", "status":"assigned", "priority":7,"score":1.10, "url":"a\\/b",
              "created_at":"2025-11-01T10:00:00-0600","updated_at":"2025-11-02T10:00:00.250Z",
              "tags":["x", "y"], "context":{"n": 1.10,"deep":{"a":[1, [2, 3]]}}, "repository":"acme/api"},
            {
              "id": "t-2",
              "status": "queued",
              "assigned_to": "development"
            },
            { "id": "t-3", "status": "weird", "deadline": "ASAP", "started_at": "2025-11-16T10:36:48" }
          ],
          "count" : 3
        }\r

        """

    static let files = [
        "coordination/task-queue.json": queue,
        "coordination/task-queue-backup-1.json": #"{"tasks":[{"id":"t-1","title":"Old"},{"id":"t-9","title":"Nine"}]}"#,
        "coordination/tasks/bom.json": "\u{FEFF}{\r\n\t\"task_id\": \"bom\",\r\n\t\"title\": \"BOM\"\r\n}\r\n",
        "coordination/metrics-snapshots.jsonl": """
        {"timestamp":"2025-01-01T00:00:00Z","tokens":{"total_budget":10, "total_used":1}}
        {"timestamp":"2025-01-02T00:00:00Z","tokens":{"total_budget":10, "total_used":2}}
        {"timestamp":"2025-01-03T00:00:00Z","tokens":{"total_budget":10, "total_used":3}}
        """,
        "coordination/users.json": #"{"users": [{"id": "u-1", "username": "ann", "status": "active"}]}"#,
        "coordination/config/limits.json": "{\"name\": \"limits\", \"max\": 5e0}\n",
        "notes.txt": "kept",
    ]

    static let changes = [
        Change(
            testDescription: "a text",
            sql: "UPDATE tasks SET title = 'Uno \"1\"' WHERE task_id = 't-1'",
            edits: [(#""title":"One""#, #""title":"Uno \"1\"""#)]
        ),
        Change(
            testDescription: "a word, by a program that knows only ours",
            sql: "UPDATE tasks SET task_status = 'completed' WHERE task_id = 't-1'",
            edits: [(#""assigned""#, #""completed""#)]
        ),
        Change(
            testDescription: "a word that means what it meant stays as it is written",
            sql: "UPDATE tasks SET task_status = 'in_progress', title = 'Two' WHERE task_id = 't-1'",
            edits: [("One", "Two")]
        ),
        Change(
            testDescription: "an unknown word for another",
            sql: "UPDATE tasks SET status_raw = 'odd' WHERE task_id = 't-3'",
            edits: [("weird", "odd")]
        ),
        Change(
            testDescription: "a number that stands for a word stays a number",
            sql: "UPDATE tasks SET task_priority = 'critical', priority_raw = '9' WHERE task_id = 't-1'",
            edits: [("7,", "9,")]
        ),
        Change(
            testDescription: "a time keeps its zone and its digits",
            sql: """
                UPDATE tasks SET created_at = '2025-12-01T16:00:00Z', updated_at = '2025-12-01T16:00:00Z'
                WHERE task_id = 't-1'
                """,
            edits: [
                ("2025-11-01T10:00:00-0600", "2025-12-01T10:00:00-0600"),
                ("2025-11-02T10:00:00.250Z", "2025-12-01T16:00:00.000Z"),
            ]
        ),
        Change(
            testDescription: "an instant where there was a mere text",
            sql: "UPDATE tasks SET deadline_at = '2026-01-01T00:00:00Z' WHERE task_id = 't-3'",
            edits: [("ASAP", "2026-01-01T00:00:00Z")]
        ),
        Change(
            testDescription: "NULL takes the member away",
            sql: "UPDATE tasks SET repository_owner = NULL, repository_name = NULL, tags = NULL WHERE task_id = 't-1'",
            edits: [
                (",\n      \"tags\":[\"x\", \"y\"]", ""), (#", "repository":"acme/api""#, ""),
            ]
        ),
        Change(
            testDescription: "a member more, laid out as its neighbours",
            sql: """
                UPDATE tasks SET title = 'Two', token_budget = 5, result_data = '{"ok":true,"files":["a"]}'
                WHERE task_id = 't-2'
                """,
            edits: [
                (
                    "\"assigned_to\": \"development\"",
                    """
                    "assigned_to": "development",
                          "title": "Two",
                          "token_budget": 5,
                          "result": {
                            "ok": true,
                            "files": [
                              "a"
                            ]
                          }
                    """
                )
            ]
        ),
        Change(
            testDescription: "lists and metadata, member by member",
            sql: """
                UPDATE tasks SET tags = '{x,z,y}', repository_name = 'web',
                    metadata = '{"priority":7,"score":1.1,"url":"a/b","context":{"n":1.1,"deep":{"a":[1,[2,4]]},"new":null}}'
                WHERE task_id = 't-1'
                """,
            edits: [
                (#"["x", "y"]"#, #"["x", "z", "y"]"#), ("acme/api", "acme/web"),
                (#"[1, [2, 3]]}}"#, #"[1, [2, 4]]},"new":null}"#),
            ]
        ),
        Change(
            testDescription: "the first element of a list is gone",
            sql: "DELETE FROM tasks WHERE task_id = 't-3'",
            edits: [
                (
                    ",\n    { \"id\": \"t-3\", \"status\": \"weird\", \"deadline\": \"ASAP\", "
                        + "\"started_at\": \"2025-11-16T10:36:48\" }", ""
                )
            ]
        ),
        Change(
            testDescription: "byte order mark and line ends stay",
            path: "coordination/tasks/bom.json",
            sql: "UPDATE tasks SET task_type = 'bug' WHERE task_id = 'bom'",
            edits: [("\"BOM\"", "\"BOM\",\r\n\t\"type\": \"bug\"")]
        ),
        Change(
            testDescription: "a value of a stream, and a field inside of another",
            path: "coordination/metrics-snapshots.jsonl",
            sql: """
                UPDATE token_budget_history SET snapshot =
                    '{"timestamp":"2025-01-02T00:00:00Z","tokens":{"total_budget":10,"total_used":7}}', tokens_used = 7
                WHERE tokens_used = 2
                """,
            edits: [(#""total_used":2"#, #""total_used":7"#)]
        ),
        Change(
            testDescription: "a line of a stream is gone",
            path: "coordination/metrics-snapshots.jsonl",
            sql: "DELETE FROM token_budget_history WHERE tokens_used = 3",
            edits: [
                ("\n{\"timestamp\":\"2025-01-03T00:00:00Z\",\"tokens\":{\"total_budget\":10, \"total_used\":3}}", "")
            ]
        ),
        Change(
            testDescription: "a word that means true or false",
            path: "coordination/users.json",
            sql: "UPDATE users SET is_active = false WHERE user_id = 'u-1'",
            edits: [(#""active""#, #""disabled""#)]
        ),
        Change(
            testDescription: "a document's body",
            path: "coordination/config/limits.json",
            sql: "UPDATE documents SET body = '{\"name\":\"limits\",\"max\":6}' WHERE id = 'config/limits'",
            edits: [("5e0", "6")]
        ),
        Change(
            testDescription: "another id",
            sql: "UPDATE tasks SET task_id = 't-22' WHERE task_id = 't-2'",
            edits: [("\"t-2\"", "\"t-22\"")]
        ),
    ]

    @Test("A change of a row changes the bytes of its fields, and the new tree gives the same rows", arguments: changes)
    func patches(_ change: Change) async throws {
        try await MigrationHarness.with { harness in
            try harness.write(Self.files)
            try await harness.migrate()
            try await harness.client.withSession { try await $0.run(script: change.sql) }
            let before = try await harness.tableHashes()
            let (path, facts) = try await harness.export()
            #expect(try await harness.tableHashes() == before)
            #expect(facts.patched == [change.path])
            #expect(facts.created.isEmpty && facts.removed.isEmpty && facts.notExported.isEmpty, "\(facts)")
            var expected = try #require(Self.files[change.path])
            for (old, new) in change.edits {
                #expect(expected.contains(old), "\(old)")
                expected = expected.replacing(old, with: new)
            }
            #expect(try harness.text(change.path, in: path) == expected)
            for (file, text) in Self.files where file != change.path {
                #expect(try harness.text(file, in: path) == text, "\(file)")
            }
            let only = try await harness.export(to: "only", changedOnly: true)
            #expect(only.facts.files == 1)
            #expect(try harness.text(change.path, in: only.path) == expected)
        }
    }
}
