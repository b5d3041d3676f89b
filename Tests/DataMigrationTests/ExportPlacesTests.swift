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
