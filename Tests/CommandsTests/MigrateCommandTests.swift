import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Commands

@Suite("cortex migrate, verify, explain and export")
struct MigrateCommandTests {
    static let tree = [
        "coordination/task-queue.json":
            #"{"tasks": [{"id": "task-1", "title": "One", "status": "pending"}, {"id": "task-2", "title": "Two"}]}"#,
        "coordination/tasks/broken.json": #"{"task_id": "broken", "status": }"#,
        "coordination/readme.txt": "text",
    ]

    /// A home, a tree and an empty database.
    struct Place {
        let harness: CommandHarness
        let directory: String
        let url: String

        var tree: String { directory + "/tree" }

        func run(_ arguments: String...) async -> CommandHarness.Ended {
            await harness.run(arguments + ["--output", "json", "--home", directory + "/home"])
        }

        /// Runs a migration of the tree into the database.
        func migrate(_ arguments: String...) async -> CommandHarness.Ended {
            await harness.run(
                ["migrate", "--source", tree, "--target", url, "--yes", "--progress", "none"] + arguments
                    + ["--output", "json", "--home", directory + "/home"]
            )
        }
    }

    private func withPlace(_ body: (Place) async throws -> Void) async throws {
        try await TestDatabase.withDatabase { url in
            try await withTemporaryDirectory { directory in
                for (path, text) in Self.tree {
                    let file = URL(filePath: directory + "/tree/" + path)
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(),
                        withIntermediateDirectories: true
                    )
                    try text.write(to: file, atomically: true, encoding: .utf8)
                }
                var harness = CommandHarness()
                harness.workingDirectory = directory
                try await body(Place(harness: harness, directory: directory, url: url))
            }
        }
    }

    @Test("the whole story: dry run, run, second run, verify, explain, export, a difference, a repair")
    func story() async throws {
        try await withPlace { place in
            let dry = await place.migrate("--dry-run")
            #expect(dry.status == .done, "\(dry.talk)")
            #expect(dry.document?["status"] as? String == "dry_run")
            #expect(dry.document?["estimated_bytes"] is Int)
            #expect(dry.document?["estimated_seconds"] is Double)

            let run = await place.migrate()
            #expect(run.status == .done, "\(run.output)\(run.talk)")
            let document = try #require(run.document)
            #expect(document["status"] as? String == "completed")
            #expect((document["files"] as? [String: Any])?["total"] as? Int == 3)
            #expect(document["ledger_balanced"] as? Bool == true)
            #expect((document["verification"] as? [String: Any])?["passed"] as? Bool == true)
            let report = try #require(document["report"] as? String)
            #expect(try String(contentsOfFile: report, encoding: .utf8).contains("completed, nothing lost"))

            let second = await place.migrate()
            #expect(second.document?["rows_changed"] as? Int == 0)

            let verify = await place.run("verify", "--source", place.tree, "--target", place.url)
            #expect(verify.status == .done)
            #expect(verify.document?["passed"] as? Bool == true)

            let explain = await place.run("explain", "task-1", "--target", place.url)
            #expect((explain.document?["records"] as? [[String: Any]])?.count == 1)

            let target = place.directory + "/out"
            let export = await place.run("export", "--to", target, "--original-bytes", "--target", place.url)
            #expect(export.status == .done)
            for (path, text) in Self.tree {
                #expect(try String(contentsOfFile: target + "/" + path, encoding: .utf8) == text)
            }

            let file = URL(filePath: place.tree + "/coordination/task-queue.json")
            try #require(Self.tree["coordination/task-queue.json"]).replacing("Two", with: "Tow")
                .write(to: file, atomically: true, encoding: .utf8)
            let different = await place.run("verify", "--source", place.tree, "--target", place.url)
            #expect(different.status == .differences)
            let differences = try #require(different.document?["differences"] as? [[String: Any]])
            #expect(differences.contains { $0["path"] as? String == "coordination/task-queue.json" })
            #expect(differences.contains { $0["key"] as? String == "task-2" && $0["layer"] as? String == "records" })

            let repair = await place.run("verify", "--source", place.tree, "--target", place.url, "--repair")
            #expect(repair.status == .done, "\(repair.output)")
            #expect((repair.document?["repaired"] as? [String: Any])?["files"] as? Int == 1)
        }
    }

    @Test("more quarantined records than allowed end with 65 and leave the public tables and the mode as they were")
    func quarantine() async throws {
        try await withPlace { place in
            let ended = await place.migrate("--max-quarantined", "0")
            #expect(ended.status == .badData)
            #expect(ended.document?["status"] as? String == "quarantine_exceeded")
            #expect(ended.document?["mode"] as? String == "json")
            #expect((ended.document?["tables"] as? [String: Int])?.values.allSatisfy { $0 == 0 } == true)
        }
    }

    /// A source that cannot be moved.
    struct BadSource: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        let status: Diagnostics.ExitStatus
    }

    @Test(
        "a source that cannot be moved has a code, a place and a hint, and its status",
        arguments: [
            BadSource(testDescription: "missing", path: "nowhere", status: .badData),
            BadSource(testDescription: "a file", path: "tree/coordination/readme.txt", status: .badData),
            BadSource(testDescription: "a mapping that is none", path: "tree", status: .badData),
        ]
    )
    func badSources(_ source: BadSource) async throws {
        try await withPlace { place in
            let mapping = place.directory + "/mapping.yaml"
            try "rules: [}".write(toFile: mapping, atomically: true, encoding: .utf8)
            let path = place.directory + "/" + source.path
            let ended = await place.harness.run(
                ["migrate", "--source", path, "--target", place.url, "--yes", "--output", "json"]
                    + ["--home", place.directory + "/home"]
                    + (source.testDescription.contains("mapping") ? ["--mapping", mapping] : [])
            )
            #expect(ended.status == source.status, "\(ended.output)")
            let error = try #require(ended.error)
            #expect((error["message"] as? String)?.contains(place.directory) == true)
            #expect((error["hint"] as? String)?.isEmpty == false)
        }
    }

    @Test("a database that refuses, and one of a newer version, are named with what to do")
    func badDatabases() async throws {
        try await withPlace { place in
            let refused = await place.harness.run([
                "migrate", "--source", place.tree, "--target", "postgres://127.0.0.1:1/none", "--yes", "--output", "json",
                "--home", place.directory + "/home",
            ])
            #expect(refused.status == .unavailable)
            #expect((refused.error?["hint"] as? String)?.isEmpty == false)
            _ = await place.migrate()
            try await PostgresClient.withClient(PostgresConfiguration(url: place.url)) { client in
                try await client.query(
                    """
                    INSERT INTO cortex.schema_migrations (number, name, checksum, duration_ms)
                    SELECT 9999, 'from the future', checksum, 0 FROM cortex.schema_migrations LIMIT 1
                    """
                )
            }
            let newer = await place.migrate()
            #expect(newer.status != .done)
            #expect((newer.error?["code"] as? String)?.hasPrefix("schema") == true, "\(newer.output)")
        }
    }
}
