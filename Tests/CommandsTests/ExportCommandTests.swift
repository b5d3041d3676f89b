import Diagnostics
import EmbeddedServers
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite("cortex export")
struct ExportCommandTests {
    @Test("The result names what was changed, made and left, and a directory in use is refused with 73")
    func result() async throws {
        try await TestDatabase.withDatabase { url in
            try await withTemporaryDirectory { folder in
                var harness = CommandHarness()
                harness.workingDirectory = folder
                let queue = folder + "/tree/coordination/task-queue.json"
                try FileManager.default.createDirectory(
                    at: URL(filePath: queue).deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(#"{"tasks": [{"id": "t-1", "title": "a"}, {"id": "t-2"}]}"#.utf8).write(
                    to: URL(filePath: queue)
                )
                let moved = await harness.run("migrate", "--source", "tree", "--target", url, "--yes", "--quiet")
                #expect(moved.status == .done, "\(moved.talk)")
                try await change(url)

                let target = ["--target", url, "--output", "json"]
                let export = await harness.run(["export", "--to", "all"] + target)
                #expect(export.status == .done)
                let facts = try #require(export.document)
                #expect(facts["patched"] as? [String] == ["coordination/task-queue.json"])
                #expect(facts["created"] as? [String] == ["coordination/tasks/t-3.json"])
                #expect(facts["removed"] as? [String] == [])
                let unsaid = try #require(facts["not_exported"] as? [[String: Any]])
                #expect(unsaid.map { $0["key"] as? String } == ["poem/p"])
                #expect(unsaid.allSatisfy { ($0["reason"] as? String)?.isEmpty == false })
                #expect(
                    try String(contentsOfFile: folder + "/all/coordination/task-queue.json", encoding: .utf8)
                        == #"{"tasks": [{"id": "t-1", "title": "b"}]}"#
                )
                let again = await harness.run(["export", "--to", "all"] + target)
                #expect(again.status == .cannotWrite)
                #expect(again.error?["code"] as? String == "file.cannot_write")
                let original = await harness.run(["export", "--to", "old", "--original-bytes"] + target)
                #expect(original.document?["files"] as? Int == 1)
                #expect(
                    try Data(contentsOf: URL(filePath: folder + "/old/coordination/task-queue.json"))
                        == Data(contentsOf: URL(filePath: queue))
                )
                let text = await harness.run("export", "--to", "text", "--changed-since-cutover", "--target", url)
                #expect(text.output.hasPrefix("2 files, 2 entries, "))
                #expect(
                    text.output.contains("\nchanged: coordination/task-queue.json\nnew: coordination/tasks/t-3.json\n")
                )
                #expect(text.output.contains("\nnot exported: documents poem/p ("))
            }
        }
    }

    private func change(_ url: String) async throws {
        let script = """
            UPDATE tasks SET title = 'b' WHERE task_id = 't-1'; DELETE FROM tasks WHERE task_id = 't-2';
            INSERT INTO tasks (task_id) VALUES ('t-3'); INSERT INTO documents (kind, id, body) VALUES ('poem', 'p', '{}');
            """
        let name = try #require(url.split(separator: "?")[0].split(separator: "/").last)
        _ = try await TestDatabase.sharedServer().run(script, database: String(name))
    }

    @Test("Imported bytes and changes exclude each other")
    func flags() async {
        let ended = await CommandHarness().run("export", "--to", "x", "--original-bytes", "--changed-since-cutover")
        #expect(ended.status == .usage)
    }
}
