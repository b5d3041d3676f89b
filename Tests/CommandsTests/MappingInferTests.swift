import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite("cortex mapping infer")
struct MappingInferTests {
    @Test(
        "prints the mapping on standard output and talks on standard error; mapping check takes it and leaves nothing out"
    )
    func text() async throws {
        try await withTree(ForeignTree.ticketSystem(seed: 1)) { harness, folder in
            let ended = await harness.run("mapping", "infer", "--source", "tree")
            #expect(ended.status == .done)
            #expect(ended.output.hasPrefix("# A mapping that `cortex mapping infer` drafted"))
            #expect(ended.talk == "drafted 6 rules for 271 records of 6 kinds; 0 files named as JSON stay unmapped\n")
            try Data(ended.output.utf8).write(to: URL(filePath: folder + "/mapping.yaml"))
            let check = await harness.run(
                "mapping",
                "check",
                "--source",
                "tree",
                "--mapping",
                "mapping.yaml",
                "--output",
                "json"
            )
            #expect(check.status == .done, "\(check.output)")
            #expect((check.document?["unmapped"] as? [String]) == [])
            #expect((check.document?["unused_rules"] as? [String]) == [])
        }
    }

    @Test("gives programs the text, and each rule with its counts, as often as it is asked", arguments: [1, 2])
    func json(seed: Int) async throws {
        try await withTree(ForeignTree.ticketSystem(seed: UInt64(seed))) { harness, _ in
            let ended = await harness.run("mapping", "infer", "--source", "tree", "--output", "json")
            let again = await harness.run("mapping", "infer", "--source", "tree", "--output", "json")
            #expect(ended.output == again.output)
            let text = await harness.run("mapping", "infer", "--source", "tree").output
            #expect(ended.document?["mapping"] as? String == text)
            let rules = try #require(ended.document?["rules"] as? [[String: Any]])
            let users = try #require(rules.first { $0["kind"] as? String == "user" })
            #expect(users["glob"] as? String == "export/users.json")
            #expect(users["pointer"] as? String == "/*")
            #expect(users["id"] as? String == "$key")
            #expect(users["files"] as? Int == 1)
            #expect(users["records"] as? Int == 3)
            #expect((users["why"] as? String)?.contains("the members of an object") == true)
            #expect(rules.count { $0["kind"] as? String == "ticket" } == 2)
        }
    }

    @Test("writes --to a file, and over another one only with --yes")
    func toFile() async throws {
        try await withTree(ForeignTree.settings()) { harness, folder in
            let file = URL(filePath: folder + "/mapping.yaml")
            let first = await harness.run("mapping", "infer", "--source", "tree", "--to", "mapping.yaml")
            #expect(first.status == .done)
            #expect(first.output.isEmpty)
            let written = try String(contentsOf: file, encoding: .utf8)
            #expect(written.hasPrefix("# A mapping"))
            try Data("mine".utf8).write(to: file)
            let refused = await harness.run(
                "mapping",
                "infer",
                "--source",
                "tree",
                "--to",
                "mapping.yaml",
                "--output",
                "json"
            )
            #expect(refused.status == .usage)
            #expect(refused.error?["code"] as? String == "confirmation.required")
            #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
            let forced = await harness.run("mapping", "infer", "--source", "tree", "--to", "mapping.yaml", "--yes")
            #expect(forced.status == .done)
            #expect(try String(contentsOf: file, encoding: .utf8) == written)
            let nowhere = await harness.run("mapping", "infer", "--source", "tree", "--to", "none/mapping.yaml")
            #expect(nowhere.status == .cannotWrite)
        }
    }

    /// A tree without anything to draft a rule from.
    struct Fruitless: Sendable, CustomTestStringConvertible {
        let title: String
        let files: [String: String]
        let says: String
        var testDescription: String { title }
    }

    @Test(
        "a tree without JSON is bad data, with a reason",
        arguments: [
            Fruitless(title: "empty", files: [:], says: "The source holds nothing"),
            Fruitless(
                title: "no JSON",
                files: ["a.txt": "x", "b": "{no"],
                says: "holds no file that can be read as JSON"
            ),
            Fruitless(
                title: "broken JSON only",
                files: ["a.json": "{", "b.jsonl": ""],
                says: "named as JSON: a.json (no valid JSON), b.jsonl (empty)"
            ),
        ]
    )
    func fruitless(tree: Fruitless) async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: folder + "/tree", withIntermediateDirectories: true)
            for (path, text) in tree.files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/tree/\(path)")) }
            var harness = CommandHarness()
            harness.workingDirectory = folder
            let ended = await harness.run("mapping", "infer", "--source", "tree", "--output", "json")
            #expect(ended.status == .badData)
            #expect(ended.error?["code"] as? String == "source.empty")
            #expect((ended.error?["message"] as? String)?.contains(tree.says) == true, "\(ended.output)")
        }
    }

    @Test("a source that is not there, and none at all, are refused as everywhere")
    func noSource() async {
        let missing = await CommandHarness().run("mapping", "infer", "--source", "/nonexistent/x", "--output", "json")
        #expect(missing.status == .badData)
        #expect(missing.error?["code"] as? String == "source.missing")
        #expect(await CommandHarness().run("mapping", "infer").status == .usage)
    }

    private func withTree(_ tree: ForeignTree, _ body: (CommandHarness, String) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try tree.write(to: folder + "/tree")
            var harness = CommandHarness()
            harness.workingDirectory = folder
            try await body(harness, folder)
        }
    }
}
