import Postgres
import Testing

@testable import SchemaMigration

@Suite("Functions for programs")
struct CatalogFunctionTests {
    @Test("walk a hierarchy with a cycle, each task once at its smallest depth")
    func hierarchy() async throws {
        try await withShippedSchema { session in
            try await session.run(script: Self.cycle)
            let walk = "SELECT depth, task_id, parent_task_id, is_known FROM get_task_hierarchy($1)"
            #expect(try await session.lines(walk, ["a"]) == ["0|a|-|t", "1|b|a|t", "1|lost|a|f", "2|c|b|t"])
            #expect(try await session.lines(walk, ["nobody"]) == [])
            let bounded = "SELECT task_id FROM get_task_hierarchy('a', 1)"
            #expect(try await session.lines(bounded) == ["a", "b", "lost"])
        }
    }

    @Test("walk the lineage of a task both ways, cycles included")
    func taskLineage() async throws {
        try await withShippedSchema { session in
            try await session.run(script: Self.cycle)
            let walk = "SELECT direction, depth, task_id, via_task_id FROM get_task_lineage('c')"
            #expect(
                try await session.lines(walk) == [
                    "ancestor|1|b|c", "ancestor|2|a|b", "descendant|1|a|c", "descendant|2|b|a", "descendant|2|lost|a",
                ]
            )
        }
    }

    @Test("end a long chain at the depth that is asked for, at most 100")
    func depth() async throws {
        try await withShippedSchema { session in
            try await session.query(
                """
                INSERT INTO tasks (task_id, parent_task_id_raw, parent_task_id)
                SELECT 't' || n, 't' || n - 1, CASE WHEN n > 0 THEN 't' || n - 1 END FROM generate_series(0, 300) AS n
                """
            )
            #expect(try await session.value("SELECT max(depth) FROM get_task_hierarchy('t0')") == "10")
            #expect(try await session.value("SELECT max(depth) FROM get_task_hierarchy('t0', 100000)") == "100")
        }
    }

    @Test("walk the lineage of an asset upstream and downstream, cycles included")
    func assetLineage() async throws {
        try await withShippedSchema { session in
            try await session.run(
                script: """
                    INSERT INTO assets (asset_id) VALUES ('raw'), ('clean'), ('report');
                    INSERT INTO asset_lineage (upstream_raw, upstream_asset_id, downstream_raw, downstream_asset_id, confidence)
                    VALUES ('raw', 'raw', 'clean', 'clean', 0.5), ('clean', 'clean', 'report', 'report', 1),
                        ('report', 'report', 'raw', 'raw', NULL), ('elsewhere', NULL, 'clean', 'clean', 1);
                    """
            )
            let walk = "SELECT direction, depth, asset_id, is_known FROM get_asset_lineage('clean', $1)"
            let upstream = ["upstream|1|elsewhere|f", "upstream|1|raw|t", "upstream|2|report|t"]
            #expect(try await session.lines(walk, ["upstream"]) == upstream)
            let downstream = ["downstream|1|report|t", "downstream|2|raw|t"]
            #expect(try await session.lines(walk, ["downstream"]) == downstream)
            #expect(try await session.lines(walk, ["both"]) == upstream + downstream)
            #expect(try await session.refusal(of: "SELECT get_asset_lineage('clean', 'sideways')") == "22023")
        }
    }

    @Test("search assets by words and parts of names, best first, within a clearance")
    func search() async throws {
        try await withShippedSchema { session in
            try await session.run(script: Self.assets)
            let search = "SELECT asset_id, total FROM search_assets($1, clearance => $2)"
            #expect(try await session.lines(search, ["invoice", nil]) == ["invoice|3", "billing|3", "ledger|3"])
            #expect(try await session.lines(search, ["invoices", "internal"]) == ["invoice|2", "billing|2"])
            #expect(try await session.lines(search, ["nvoic", "internal"]).first == "invoice|2")
            #expect(try await session.lines(search, ["100%", nil]) == ["percent|1"])
            #expect(try await session.value("SELECT count(*) FROM search_assets('')") == "4")
        }
    }

    @Test("search among what many assets match, and leave out none that is named so")
    func boundedSearch() async throws {
        try await withShippedSchema { session in
            try await session.run(
                script: """
                    INSERT INTO assets (asset_id, asset_name, description, owner)
                    SELECT 'many-' || n, 'Asset ' || n, 'all about ledgers', 'owner-' || n % 2
                    FROM generate_series(1, 6000) AS n;
                    INSERT INTO assets (asset_id, asset_name) VALUES ('z', 'LEDGERS'), ('ledgers', 'Y');
                    """
            )
            let search = "SELECT asset_id, total FROM search_assets($1, of_owner => $2, max_rows => 2)"
            #expect(try await session.lines(search, ["ledgers", nil]) == ["ledgers|2002", "z|2002"])
            // Ids are compared as they are, names without the case of their letters.
            #expect(try await session.lines(search, ["Ledgers", nil]).contains("z|2001"))
            #expect(try await session.lines(search, ["ledger", "owner-1"]) == ["many-1|2000", "many-1001|2000"])
            #expect(try await session.value("SELECT max(total) FROM search_assets('')") == "2000")
        }
    }

    @Test("and tables show cortex_readonly only what is not above internal")
    func rowSecurity() async throws {
        try await withShippedSchema { session in
            try await session.run(script: Self.assets)
            try await session.run(script: "SET SESSION AUTHORIZATION cortex_readonly")
            #expect(
                try await session.lines("SELECT asset_id FROM assets ORDER BY 1") == ["billing", "invoice", "percent"]
            )
            #expect(try await session.lines("SELECT asset_id FROM search_assets('invoice')") == ["invoice", "billing"])
            #expect(try await session.value("SELECT sum(assets) FROM asset_catalog_summary") == "3")
        }
    }

    /// a > b > c > a, and a > lost, which no row has the name of.
    private static let cycle = """
        INSERT INTO tasks (task_id, parent_task_id_raw, parent_task_id)
        VALUES ('a', 'c', 'c'), ('b', 'a', 'a'), ('c', 'b', 'b');
        INSERT INTO task_lineage (parent_task_id_raw, parent_task_id, child_task_id_raw, lineage_type)
        VALUES ('a', 'a', 'lost', 'spawned');
        """

    private static let assets = """
        INSERT INTO assets (asset_id, asset_name, description, sensitivity) VALUES
            ('invoice', 'Invoice', NULL, NULL),
            ('billing', 'Billing', 'Makes the invoices', 'public'),
            ('ledger', 'Ledger', 'Keeps every invoice', 'secret'),
            ('percent', '100% done', 'x', 'internal');
        """
}
