import DataMigration
import Domain
import Postgres
import Testing

@Suite("Verification")
struct VerificationTests {
    /// Something that is damaged, and the names by which it must be found.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let layer: String
        var table: String?
        var key: String?
        var column: String?
    }

    static let damages = [
        Damage(
            testDescription: "a column of a row",
            sql: "UPDATE tasks SET title = 'x' WHERE task_id = 'task-1'",
            layer: "rows",
            table: "tasks",
            key: "task-1",
            column: "title"
        ),
        Damage(
            testDescription: "a number inside of metadata, spelled another way",
            sql: "UPDATE tasks SET metadata = replace(metadata::text, '1.10', '1.1')::json WHERE task_id = 'task-1'",
            layer: "rows",
            table: "tasks",
            key: "task-1",
            column: "metadata"
        ),
        Damage(
            testDescription: "a row that is gone",
            sql: "DELETE FROM tasks WHERE task_id = 'task-3'",
            layer: "rows",
            table: "tasks",
            key: "task-3"
        ),
        Damage(
            testDescription: "a byte of a stored chunk",
            sql: """
                UPDATE source.blob_chunks SET bytes = set_byte(bytes, 5, 33) WHERE sha256 =
                (SELECT sha256 FROM source.files WHERE path_text = 'coordination/task-queue.json')
                """,
            layer: "files",
            column: "bytes"
        ),
        Damage(
            testDescription: "a record's document",
            sql: "UPDATE source.records SET doc = doc || '{\"title\": \"y\"}' WHERE natural_id = 'task-3'",
            layer: "records",
            key: "task-3",
            column: "doc"
        ),
        Damage(
            testDescription: "an outcome",
            sql: "UPDATE source.records SET outcome = 'superseded' WHERE natural_id = 'task-3'",
            layer: "rows",
            table: "tasks",
            key: "task-3",
            column: "source_record_id"
        ),
        Damage(
            testDescription: "a foreign key",
            sql: "UPDATE tasks SET assigned_to = NULL WHERE task_id = 'task-1'",
            layer: "references",
            table: "tasks",
            key: "task-1",
            column: "assigned_to"
        ),
        Damage(
            testDescription: "a file that the database lost",
            sql: """
                DELETE FROM source.findings WHERE file_id IN
                    (SELECT file_id FROM source.files WHERE path_text = 'notes.txt');
                DELETE FROM source.files WHERE path_text = 'notes.txt'
                """,
            layer: "files"
        ),
    ]

    @Test("Damage in the database is found and named", arguments: damages)
    func damage(_ damage: Damage) async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            #expect(try await harness.verify().passed)
            try await harness.client.withSession { try await $0.run(script: damage.sql) }
            let report = try await harness.verify()
            #expect(!report.passed)
            let found = report.differences.contains { difference in
                difference.layer == damage.layer
                    && (damage.table == nil || difference.table == damage.table)
                    && (damage.key == nil || difference.key == damage.key)
                    && (damage.column == nil || difference.column == damage.column)
            }
            #expect(found, "\(report.differences)")
        }
    }

    @Test("One changed byte of a file is found, and the file is named")
    func changedFile() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            try await harness.migrate()
            let text = try #require(SmallTree.files["coordination/task-queue.json"])
            try harness.write(["coordination/task-queue.json": text.replacing("One", with: "One")])
            #expect(try await harness.verify().passed)
            try harness.write(["coordination/task-queue.json": text.replacing("\"One\"", with: "\"Own\"")])
            let report = try await harness.verify()
            #expect(!report.passed)
            #expect(report.differences.contains { $0.layer == "files" && $0.path == "coordination/task-queue.json" })
            #expect(report.differences.contains { $0.layer == "records" && $0.key == "task-1" })
        }
    }
}
