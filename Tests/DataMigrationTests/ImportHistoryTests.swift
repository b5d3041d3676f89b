import DataMigration
import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// The real coordination tree among the shared fixtures, read-only.
private let realTree = Fixtures.shared("fixtures/cortex-tree")

@Suite("Imports one after the other")
struct ImportHistoryTests {
    @Test("A thousand rows that programs changed after the cutover are listed, every one, and none is touched")
    func thousandChanges() async throws {
        try await MigrationHarness.with { harness in
            let tasks = (0..<1_200).map { #"{"id": "t-\#($0)", "title": "Task \#($0)", "status": "pending"}"# }
            try harness.write(["coordination/task-queue.json": "{\"tasks\": [\(tasks.joined(separator: ",\n"))]}"])
            try await harness.migrate()
            try await harness.client.query(
                "UPDATE tasks SET title = 'By hand ' || task_id WHERE substr(task_id, 3)::int < 600"
            )
            try await harness.client.query("DELETE FROM tasks WHERE substr(task_id, 3)::int BETWEEN 600 AND 999")
            try await harness.client.query("INSERT INTO tasks (task_id, title) VALUES ('made-here', 'New')")
            let before = try await harness.column(
                "SELECT md5(string_agg(t::text, E'\\n' ORDER BY task_id)) FROM tasks t"
            )
            try harness.write([
                "coordination/tasks/late.json": #"{"task_id": "t-5", "title": "Late", "status": "failed"}"#
            ])
            let facts = try await harness.migrate()
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences.prefix(5)))")
            let changed = try #require(facts.changedSinceCutover)
            #expect(changed.total == 1_001)
            let listed = Set(changed.rows.map { "\($0.change) \($0.key)" })
            let expected =
                (0..<600).map { "updated t-\($0)" } + (600..<1_000).map { "deleted t-\($0)" } + ["created made-here"]
            #expect(listed == Set(expected))
            #expect(
                try await harness.column("SELECT md5(string_agg(t::text, E'\\n' ORDER BY task_id)) FROM tasks t")
                    == before
            )
        }
    }

    @Test(
        "Two halves of the real tree with recycled ids: both versions of every id are kept",
        .enabled(if: realTree != nil)
    )
    func halves() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            let paths = try FileManager.default.subpathsOfDirectory(atPath: source).sorted()
            for (half, parity) in [("first", 0), ("second", 1)] {
                for (number, path) in paths.enumerated() where number % 2 == parity {
                    try copy(path, from: source, to: harness.root + "/" + half)
                }
            }
            for half in ["first", "second"] {
                let facts = try await harness.migrate(source: harness.root + "/" + half) { $0.noCutover = true }
                #expect(
                    facts.status == .completed,
                    "\(half): \(String(describing: facts.verification?.differences.prefix(5)))"
                )
            }
            let whole = try await MigrationHarness.with { other in
                try await other.migrate(source: source)
                return try await other.column(Self.versions)
            }
            #expect(try await harness.column(Self.versions) == whole)
        }
    }

    /// Every id with every content that it has anywhere, current or not.
    private static let versions = """
        SELECT kind || ' ' || natural_id || ' ' || encode(sha256, 'hex') FROM source.records
        WHERE natural_id IS NOT NULL AND sha256 IS NOT NULL GROUP BY kind, natural_id, sha256 ORDER BY 1
        """

    private func copy(_ path: String, from source: String, to target: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source + "/" + path, isDirectory: &isDirectory),
            !isDirectory.boolValue
        else { return }
        let place = URL(filePath: target + "/" + path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: URL(filePath: source + "/" + path), to: place)
    }

    @Test(
        "A dry run on the real tree counts and finds what the real run does and leaves no trace",
        .enabled(if: realTree != nil)
    )
    func dryRun() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            let before = try await harness.tableHashes()
            let dry = try await harness.migrate(source: source) { $0.dryRun = true }
            #expect(try await harness.tableHashes() == before)
            #expect(try await harness.count("SELECT count(*) FROM source.imports") == 0)
            #expect(
                try await harness.count("SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace")
                    == 0
            )
            let real = try await harness.migrate(source: source)
            #expect(dry.ledger == real.ledger)
            #expect(dry.files == real.files)
            #expect(dry.findings == real.findings)
            #expect(dry.conflicts == real.conflicts)
            #expect(dry.quarantined == real.quarantined)
            #expect(dry.tables == real.tables)
            #expect(dry.rowsChanged == real.rowsChanged)
            #expect(dry.verification == real.verification)
            let bytes = try #require(dry.estimatedBytes)
            #expect(bytes > 1 << 20)
            #expect((dry.estimatedSeconds ?? 0) > 0)
        }
    }
}
