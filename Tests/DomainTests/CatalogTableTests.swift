import Domain
import Testing

@Suite("Public tables")
struct CatalogTableTests {
    @Test("names are unique and found by name")
    func names() {
        #expect(Set(CatalogTable.all.map(\.name)).count == CatalogTable.all.count)
        for table in CatalogTable.all { #expect(CatalogTable.named(table.name) == table) }
        #expect(CatalogTable.named("no_such_table") == nil)
    }

    @Test("no table has a column twice", arguments: CatalogTable.all)
    func columns(table: CatalogTable) {
        #expect(Set(table.columns.map(\.name)).count == table.columns.count)
    }

    @Test("the key's columns exist, but for the audit log's, which the database owns", arguments: CatalogTable.all)
    func keys(table: CatalogTable) {
        if table == .auditLogs {
            #expect(table.key == ["source_record_id"])
        } else {
            for column in table.key { #expect(table.columns.contains { $0.name == column }, "\(column)") }
        }
    }

    @Test(
        "a foreign key names a table with a one-column text key and a raw column before it",
        arguments: CatalogTable.all
    )
    func references(table: CatalogTable) throws {
        for (index, column) in table.columns.enumerated() {
            guard let reference = column.reference else { continue }
            let target = try #require(CatalogTable.named(reference.table))
            #expect(target.key.count == 1)
            #expect(target.columns.first?.type == .text)
            let raw = try #require(table.columns.firstIndex { $0.name == reference.rawColumn })
            #expect(raw < index)
            #expect(table.columns[raw].type == .text)
        }
    }

    @Test("mapped columns are those that a record fills: no derived key, no foreign key", arguments: CatalogTable.all)
    func mapped(table: CatalogTable) {
        #expect(table.mappedColumns.allSatisfy { $0.reference == nil })
        #expect(table.mappedColumns.contains { $0.type == .uuid } == false)
        let derived = table.hasDerivedKey ? 1 : 0
        let foreign = table.columns.count { $0.reference != nil }
        #expect(table.mappedColumns.count + derived + foreign == table.columns.count)
    }

    @Test("every instant has its raw text behind it", arguments: CatalogTable.all)
    func instants(table: CatalogTable) {
        for (index, column) in table.columns.enumerated() where column.type == .instant {
            #expect(table.columns.indices.contains(index + 1) && table.columns[index + 1].name == column.name + "_raw")
        }
    }

    @Test("tables with a derived key are those with a uuid")
    func derivedKeys() {
        #expect(
            CatalogTable.all.filter(\.hasDerivedKey).map(\.name)
                == ["agent_runs", "task_lineage", "asset_lineage", "policy_violations", "token_budget_history"]
        )
    }
}
