import Diagnostics
import EmbeddedServers
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite("cortex discover", .timeLimit(.minutes(5)))
struct DiscoverCommandTests {
    private static let files = [
        "coordination/task-queue.json": #"{"tasks": [{"id": "task-1", "title": "One", "status": "queued"}]}"#,
        "coordination/config/limits.json": #"{"max": 10}"#,
        "coordination/events/log.jsonl": "{\"n\": 1}\n",
        "docs/notes.md": "# Notes\n",
    ]

    private static func write(_ text: String, to path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// A tree and a home that does not exist yet.
    private func withTree(_ body: (CommandHarness, _ directory: String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            for (path, text) in Self.files { try Self.write(text, to: "\(directory)/tree/\(path)") }
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/cortex-home"
            harness.environment["CORTEX_SOURCE"] = directory + "/tree"
            try await body(harness, directory)
        }
    }

    private func contents(_ directory: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
            contents[path] = FileManager.default.contents(atPath: "\(directory)/\(path)") ?? Data()
        }
        return contents
    }

    @Test("describes a tree without a database, in the tree; the second run changes nothing")
    func tree() async throws {
        try await withTree { harness, directory in
            let before = try contents(directory)
            let dry = await harness.run("discover", "--dry-run", "--output", "json")
            #expect(dry.status == .done, "\(dry.output)")
            #expect(dry.document?["created"] as? Int == 4 && dry.document?["dry_run"] as? Bool == true)
            let after = try contents(directory).filter { !$0.key.hasPrefix("cortex-home") }
            #expect(after == before)

            let first = await harness.run("discover", "--output", "json")
            #expect(first.status == .done, "\(first.output)\(first.talk)")
            #expect(first.document?["created"] as? Int == 4 && first.document?["read"] as? Int == 4)
            #expect((first.document?["changes"] as? [[String: Any]])?.count == 4)
            let made = try contents(directory + "/tree")
            let second = await harness.run("discover", "--output", "json")
            #expect(second.status == .done)
            #expect(second.document?["read"] as? Int == 0 && second.document?["unchanged"] as? Int == 4)
            #expect((second.document?["changes"] as? [Any])?.isEmpty == true)
            #expect(try contents(directory + "/tree") == made)

            let text = await harness.run("discover")
            #expect(text.output.hasPrefix("4 files, 0 read: 0 assets created, 0 updated"), "\(text.output)")
        }
    }

    @Test("tells what is missing, and removes it only with --remove-missing and --yes")
    func missing() async throws {
        try await withTree { harness, directory in
            #expect(await harness.run("discover").status == .done)
            try FileManager.default.removeItem(atPath: directory + "/tree/docs/notes.md")
            let kept = await harness.run("discover", "--output", "json")
            #expect(kept.status == .done)
            #expect((kept.document?["missing"] as? [[String: Any]])?.first?["asset_id"] as? String == "docs.notes_md")
            let unsure = await harness.run("discover", "--remove-missing", "--output", "json")
            #expect(unsure.status == .usage && unsure.error?["code"] as? String == "confirmation.required")
            let shown = await harness.run("discover", "--remove-missing", "--dry-run", "--output", "json")
            #expect(shown.document?["removed"] as? Int == 1)
            let removed = await harness.run("discover", "--remove-missing", "--yes", "--output", "json")
            #expect(removed.status == .done && removed.document?["removed"] as? Int == 1)
            let after = await harness.run("discover", "--output", "json")
            #expect((after.document?["missing"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("takes rules of one's own, and says what is wrong with them")
    func rules() async throws {
        try await withTree { harness, directory in
            try Self.write(
                "version: 1\nskip: coordination/**\nrules: [{match: '**', id: 'mine.{name|slug}', owner: us}]",
                to: directory + "/rules.yaml"
            )
            let own = await harness.run("discover", "--rules", "rules.yaml", "--dry-run", "--output", "json")
            let changes = own.document?["changes"] as? [[String: Any]]
            #expect(changes?.map { $0["asset_id"] as? String } == ["mine.notes_md"], "\(own.output)")
            try Self.write("version: 1\nrules: [{match: '**', idd: x}]", to: directory + "/rules.yaml")
            let wrong = await harness.run("discover", "--rules", "rules.yaml", "--output", "json")
            #expect(wrong.status == .badData && wrong.error?["code"] as? String == "discovery.invalid")
            #expect((wrong.error?["message"] as? String)?.contains("rules.yaml:2") == true)
            let absent = await harness.run("discover", "--rules", "nowhere.yaml", "--output", "json")
            #expect(absent.status == .badData && absent.error?["code"] as? String == "discovery.invalid")
        }
    }

    @Test(
        "refuses what makes no sense",
        arguments: [
            ["--watch", "--dry-run"], ["--yes"], ["--watch", "--interval", "soon"], ["--watch", "--interval", "1ms"],
        ]
    )
    func usage(arguments: [String]) async throws {
        try await withTree { harness, _ in
            #expect(await harness.run(["discover"] + arguments).status == .usage)
        }
    }

    @Test("does not take the tree for the catalog where the catalog may be in a database that is down")
    func stopped() async throws {
        try await withTree { harness, directory in
            try FileManager.default.createDirectory(
                atPath: directory + "/cortex-home/postgres",
                withIntermediateDirectories: true
            )
            let before = try contents(directory + "/tree")
            let ended = await harness.run("discover", "--output", "json")
            #expect(ended.status == .unavailable, "\(ended.output)")
            #expect(try contents(directory + "/tree") == before)
        }
    }

    @Test("writes into PostgreSQL once the data is there")
    func database() async throws {
        try await withTree { harness, directory in
            try await TestDatabase.withDatabase { url in
                try await TestRedis.withServer { redis in
                    var harness = harness
                    harness.environment["DATABASE_URL"] = url
                    harness.environment["REDIS_URL"] = "redis://127.0.0.1:\(redis.port)/0"
                    let migrated = await harness.run("migrate", "--yes", "--target", url)
                    #expect(migrated.status == .done, "\(migrated.talk)")
                    let before = try contents(directory + "/tree")
                    let first = await harness.run("discover", "--output", "json")
                    #expect(first.status == .done, "\(first.output)\(first.talk)")
                    #expect(first.document?["created"] as? Int == 4)
                    let second = await harness.run("discover", "--output", "json")
                    #expect(second.document?["read"] as? Int == 0 && second.document?["unchanged"] as? Int == 4)
                    #expect(try contents(directory + "/tree") == before)
                }
            }
        }
    }
}

@Suite("cortex discover as a process", .timeLimit(.minutes(5)))
struct DiscoverProcessTests {
    private func withTree(files: Int, _ body: (_ directory: String, [String: String]) async throws -> Void) async throws
    {
        try await withTemporaryDirectory { directory in
            for number in 0..<files {
                let folder = "\(directory)/tree/coordination/events/\(number % 7)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data("{\"n\": \(number)}".utf8).write(to: URL(filePath: "\(folder)/event-\(number).json"))
            }
            try await body(
                directory,
                ["CORTEX_HOME": directory + "/cortex-home", "CORTEX_SOURCE": directory + "/tree"]
            )
        }
    }

    @Test("watches until SIGTERM and then ends with 0, having told what it did", arguments: [SIGTERM, SIGINT])
    func watch(signal: Int32) async throws {
        try await withTree(files: 3) { directory, environment in
            let program = try BuiltProgram.start(
                ["discover", "--watch", "--interval", "20ms", "--output", "json"],
                environment: environment,
                directory: directory
            )
            let assets = directory + "/tree/coordination/catalog/assets"
            func count() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: assets).count) ?? 0 }
            try await eventually("three assets") { count() == 3 }
            try Data("{}".utf8).write(to: URL(filePath: directory + "/tree/coordination/events/new.json"))
            try await eventually("a fourth asset") { count() == 4 }
            program.signal(signal)
            let ended = await program.wait()
            #expect(ended.status == 0, "\(ended.talk)")
            let document = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
            #expect(document?["created"] as? Int == 4, "\(ended.output)")
        }
    }

    @Test("killed at random instants and run again it comes to what one run makes")
    func killed() async throws {
        try await withTree(files: 60) { directory, environment in
            var shares: [Double] = []
            for _ in 0..<TestEffort.count(slice: 4, long: 30) {
                let program = try BuiltProgram.start(["discover"], environment: environment, directory: directory)
                shares.append(Double.random(in: 0...1))
                try await Task.sleep(for: .milliseconds(600) * shares[shares.count - 1])
                program.signal(SIGKILL)
                _ = await program.wait()
            }
            let last = try await BuiltProgram.run(
                ["discover", "--output", "json"],
                environment: environment,
                directory: directory
            )
            #expect(last.status == 0, "killed at \(shares): \(last.talk)\(last.output)")
            let document = try JSONSerialization.jsonObject(with: Data(last.output.utf8)) as? [String: Any]
            let done = (document?["created"] as? Int ?? 0) + (document?["unchanged"] as? Int ?? 0)
            #expect(done == 60 && (document?["updated"] as? Int) == 0, "killed at \(shares): \(last.output)")
            // A kill in the middle of a write leaves its temporary file, which no walk takes for one of the tree.
            let assets = try FileManager.default.contentsOfDirectory(
                atPath: directory + "/tree/coordination/catalog/assets"
            ).filter { !($0.hasPrefix(".cortex-") && $0.hasSuffix(".tmp")) }
            #expect(assets.count == 60, "killed at \(shares)")
        }
    }
}
