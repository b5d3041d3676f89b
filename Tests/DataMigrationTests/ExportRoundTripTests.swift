import DataMigration
import Domain
import ExampleTree
import Postgres
import TestSupport
import Testing

/// The real coordination tree among the shared fixtures, read-only.
private let realTree = Fixtures.shared("fixtures/cortex-tree")

@Suite("Export and import again")
struct ExportRoundTripTests {
    @Test("Hundreds of changes of an example tree are there after a new import", arguments: [UInt64(1), 2])
    func example(seed: UInt64) async throws {
        try await MigrationHarness.with { harness in
            try ExampleTree(seed: seed, tasks: 80).write(to: harness.root)
            try await harness.migrate()
            try await expectRoundTrip(harness, seed: seed, changes: 300)
        }
    }

    @Test(
        "Hundreds of changes of the real tree are there after a new import",
        .enabled(if: realTree != nil, "the shared fixtures are not here")
    )
    func real() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            try await harness.migrate(source: source)
            try await expectRoundTrip(harness, seed: 11, changes: 400)
        }
    }

    @Test(
        "The real tree, unchanged, is the same tree, and gives the same records",
        .enabled(if: realTree != nil, "the shared fixtures are not here")
    )
    func unchanged() async throws {
        let source = try #require(realTree)
        try await MigrationHarness.with { harness in
            try await harness.migrate(source: source)
            let (path, facts) = try await harness.export()
            #expect(facts.patched.isEmpty && facts.notExported.isEmpty && facts.resurfacing.isEmpty)
            #expect(try treeContents(path) == treeContents(source))
            let (records, rows) = (try await harness.recordHashes(), try await harness.comparableRows())
            try await MigrationHarness.withImported(path) { second in
                let importedRecords = try await second.recordHashes()
                let importedRows = try await second.comparableRows()
                #expect(importedRecords == records)
                #expect(importedRows == rows)
            }
        }
    }

    private func expectRoundTrip(_ harness: MigrationHarness, seed: UInt64, changes: Int) async throws {
        var random = RandomChanges(seed: seed)
        let touched = try await random.run(changes, harness.client)
        #expect(touched > changes / 2)
        let before = try await harness.tableHashes()
        let (path, facts) = try await harness.export()
        #expect(facts.patched.count > 10 && facts.created.count > 10 && facts.removed.count > 1)
        #expect(try await harness.tableHashes() == before)
        let again = try await harness.export(to: "again")
        #expect(try treeContents(path) == treeContents(again.path))
        let rows = try await harness.comparableRows()
        try await MigrationHarness.withImported(path) { second in
            // What comes back is named by table and key.
            for row in facts.resurfacing {
                let key = try #require(CatalogTable.named(row.table)?.key.last)
                try await second.client.query("DELETE FROM \(row.table) WHERE \(key)::text = $1", [.text(row.key)])
            }
            let imported = try await second.comparableRows()
            let found = differences(rows, imported).map { $0.prefix(700) }
            #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            #expect(facts.notExported.isEmpty)
        }
    }
}
