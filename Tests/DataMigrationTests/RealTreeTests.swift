import Crypto
import DataMigration
import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// The real coordination tree among the shared fixtures, read-only.
private let realTree = Fixtures.shared("fixtures/cortex-tree")

@Suite("The real tree", .enabled(if: realTree != nil, "the shared fixtures are not here"))
struct RealTreeTests {
    @Test("It is moved whole: files, ledger, findings, every byte, and a second run changes nothing")
    func whole() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            let facts = try await harness.migrate(source: source) { $0.noCutover = true }
            #expect(
                facts.verification?.passed == true,
                "\(String(describing: facts.verification?.differences.prefix(5)))"
            )
            #expect(facts.files.total == 411)
            #expect(facts.files.invalid == 17)
            #expect(facts.files.whitespace == 17)
            #expect(facts.files.empty == 10)
            #expect(facts.files.value == 353)
            #expect(facts.files.values == 13)
            #expect(facts.ledger.isBalanced)
            try await compareWithManifest(harness, source: source)
            try await expectFindings(harness)

            let records = try await harness.column(
                """
                SELECT r.json_pointer FROM source.records r JOIN source.files f USING (file_id)
                WHERE r.natural_id = 'task-012' AND r.kind = 'task'
                AND f.path_text = 'coordination/task-queue-backup-20251107-141724.json' ORDER BY 1
                """
            )
            #expect(records.count == 4)

            let second = try await harness.migrate(source: source) { $0.noCutover = true }
            #expect(second.rowsChanged == 0)
        }
    }

    /// The stored bytes of every file have the hash that the manifest says.
    private func compareWithManifest(_ harness: MigrationHarness, source: String) async throws {
        let manifest = try String(contentsOfFile: source + "/MANIFEST.tsv", encoding: .utf8)
        var compared = 0
        for line in manifest.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            var hash = SHA256()
            try await harness.client.withSession { session in
                try await session.forEachRow(
                    """
                    SELECT c.bytes FROM source.files f JOIN source.blob_chunks c USING (sha256)
                    WHERE f.path = convert_to($1, 'UTF8') AND f.member_path IS NULL ORDER BY c.ordinal
                    """,
                    [.text(fields[0])]
                ) { row in hash.update(data: row["bytes"].bytes ?? []) }
            }
            let text = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(text == fields[2], "\(fields[0])")
            compared += 1
        }
        #expect(compared == 410)
    }

    private func expectFindings(_ harness: MigrationHarness) async throws {
        for (text, rule) in [
            ("$(date -Iseconds)", "not_an_instant"), ("ASAP - blocking chat app usability", "not_an_instant"),
            ("2025-11-16T10:36:48", "instant_without_zone"),
        ] {
            let count = try await harness.client.query(
                "SELECT count(*) AS n FROM source.findings WHERE rule = $1 AND position($2 in message) > 0",
                [.text(rule), .text(text)]
            ).rows[0]["n"].integer
            #expect((count ?? 0) > 0, "\(text)")
        }
        #expect(
            try await harness.column("SELECT deadline_at::text FROM tasks WHERE deadline_at_raw LIKE 'ASAP%'")
                .allSatisfy { $0 == nil }
        )
    }

    @Test("Exported with its original bytes it is the same tree")
    func export() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            try await harness.migrate(source: source)
            let target = harness.root + "-export"
            let facts = try await harness.client.withSession { session in
                try await TreeExport(session: session).writeOriginalBytes(to: target)
            }
            #expect(facts.files == 411)
            #expect(facts.omitted.isEmpty)
            #expect(try contents(of: target) == contents(of: source))
        }
    }

    /// Paths and bytes of all files.
    private func contents(of root: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isDirectory)
            contents[path] = isDirectory.boolValue ? Data() : try Data(contentsOf: URL(filePath: root + "/" + path))
        }
        return contents
    }
}
