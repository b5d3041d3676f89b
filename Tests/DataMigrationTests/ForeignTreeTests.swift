import Compression
import DataMigration
import Domain
import Foundation
import Postgres
import SourceTree
import TestSupport
import Testing

@Suite("Another team's tree")
struct ForeignTreeTests {
    @Test(
        "is moved by the mapping that was drafted for it: every record is accounted for, and a document unless copied or broken",
        arguments: ForeignTree.all(seed: 7).map(\.title)
    )
    func whole(title: String) async throws {
        let tree = try #require(ForeignTree.all(seed: 7).first { $0.title == title })
        try await MigrationHarness.with { harness in
            try tree.write(to: harness.root)
            let draft = try MappingInference(root: SourceRoot(validating: harness.root)).draft()
            let mapping = try Mapping(yaml: Array(draft.yaml.utf8), file: "mapping.yaml")
            let facts = try await harness.migrate(mapping: mapping)
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
            #expect(facts.ledger.isBalanced)
            let total = facts.ledger.total
            #expect(draft.rules.reduce(0) { $0 + $1.records } == tree.records)
            #expect(total.read == tree.records + tree.broken)
            #expect(total.resolved == tree.records - tree.copies)
            #expect(total.superseded == tree.copies)
            #expect(total.quarantined == tree.broken)
            #expect(try await harness.count("SELECT count(*) FROM documents") == Int64(tree.records - tree.copies))
            #expect(try await harness.verify(mapping: mapping).passed)
        }
    }

    @Test("Ids that several kinds use stay apart, a backup loses against the live record, and explain shows both")
    func ids() async throws {
        try await MigrationHarness.with { harness in
            try ForeignTree.ticketSystem(seed: 3).write(to: harness.root)
            try await migrateWithDraft(harness)
            let kinds = try await harness.column("SELECT kind FROM documents WHERE id = '1' ORDER BY 1")
            #expect(kinds == ["attachment", "comment", "label", "milestone"])
            #expect(
                try await harness.column("SELECT body ->> 'state' FROM documents WHERE (kind, id) = ('ticket', 'T-7')")
                    == ["closed"]
            )
            let explanation = try await harness.client.withSession { try await Explanation.of("T-7", session: $0) }
            #expect(explanation.records.map(\.outcome) == ["resolved", "superseded"])
            #expect(explanation.records[1].reason == "by export/tickets/ticket-7.json")
            #expect(explanation.records[1].differsIn == ["state", "title"])
        }
    }

    @Test("Records without ids are found by their place, equal ones too")
    func places() async throws {
        try await MigrationHarness.with { harness in
            try ForeignTree.logs(seed: 3).write(to: harness.root)
            try await migrateWithDraft(harness)
            let explanation = try await harness.client.withSession {
                try await Explanation.of("logs/worker.log#1", session: $0)
            }
            #expect(explanation.kind == "worker")
            #expect(explanation.records.map(\.outcome) == ["resolved"])
            #expect(try await harness.count("SELECT count(*) FROM documents WHERE kind = 'worker'") == 2)
        }
    }

    @Test("Members of compressed files are drafted for like files, in folders of their own and beside others")
    func compressed() async throws {
        try await MigrationHarness.with { harness in
            for number in 1...3 {
                let lines = (1...4).map { #"{"level": "info", "line": \#($0 + 10 * number)}"# + "\n" }.joined()
                try harness.write("logs/app-\(number).jsonl.gz", GzipWriter.compress(Array(lines.utf8)))
            }
            try harness.write("logs/app-4.jsonl", Array(#"{"level": "info", "line": 99}"#.utf8))
            try await migrateWithDraft(harness)
            let rules = try await harness.column(
                "SELECT kind || ' ' || count(*) FROM documents GROUP BY kind ORDER BY 1"
            )
            #expect(rules == ["app 1", "log 12"])
            #expect(
                try await harness.column("SELECT id FROM documents ORDER BY 1 LIMIT 1")
                    == ["logs/app-1.jsonl.gz!/app-1.jsonl#0"]
            )
        }
    }

    @Test("Documents are found by words and by parts of id and title, as cortex_readonly, with an index for each")
    func search() async throws {
        try await MigrationHarness.with { harness in
            try ForeignTree.ticketSystem(seed: 3).write(to: harness.root)
            try await migrateWithDraft(harness)
            try await harness.client.withSession { session in
                try await session.query("SET SESSION AUTHORIZATION cortex_readonly")
                let words = try await session.query(
                    """
                    SELECT kind || '/' || id FROM documents
                    WHERE search_vector @@ websearch_to_tsquery('english', 'betas') ORDER BY 1
                    """
                ).rows.map { $0[0].string }
                #expect(words == ["milestone/2"])
                let parts = try await session.query("SELECT id FROM documents WHERE id ILIKE '%-39%'").rows.map {
                    $0[0].string
                }
                #expect(parts == ["T-39"])
                try await session.query("RESET SESSION AUTHORIZATION")
                try await session.query("SET enable_seqscan = off")
                for (condition, index) in Self.indexed {
                    let plan = try await session.query("EXPLAIN SELECT FROM documents WHERE \(condition)").rows
                        .compactMap { $0[0].string }.joined()
                    #expect(plan.contains(index), "\(plan)")
                }
            }
        }
    }

    private static let indexed = [
        ("search_vector @@ websearch_to_tsquery('english', 'beta')", "documents_search"),
        ("id ILIKE '%abc%'", "documents_id_trigrams"), ("left(title, 4096) ILIKE '%abc%'", "documents_title_trigrams"),
    ]

    private func migrateWithDraft(_ harness: MigrationHarness) async throws {
        let draft = try MappingInference(root: SourceRoot(validating: harness.root)).draft()
        let mapping = try Mapping(yaml: Array(draft.yaml.utf8), file: "mapping.yaml")
        let facts = try await harness.migrate(mapping: mapping)
        #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
    }
}
