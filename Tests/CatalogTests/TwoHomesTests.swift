import Catalog
import Diagnostics
import Domain
import ExampleTree
import Foundation
import SourceTree
import TestSupport
import Testing

@Suite("A tree and the database that was made of it")
struct TwoHomesTests {
    /// The trees that are compared: one that is made up, and the real one where it is at hand.
    private static let trees = ["example"] + (Fixtures.shared("fixtures/cortex-tree").map { [$0] } ?? [])

    @Test("say the same of every document, letter by letter", arguments: trees)
    func same(_ tree: String) async throws {
        try await withTemporaryDirectory { directory in
            var root = tree
            if tree == "example" {
                root = directory + "/tree"
                try ExampleTree(seed: 7, tasks: 60).write(to: root)
            }
            try await TreeHarness.with(tree: root) { harness in
                let ofTree = harness.store
                try await CatalogHarness.with(tree: harness.root, runsRelay: false) { database in
                    for kind in CatalogKind.allCases {
                        try await Self.compare(kind, ofTree, database.store)
                    }
                    #expect(
                        try await ofTree.statistics(clearance: .secret)
                            == database.store.statistics(clearance: .secret)
                    )
                    try await Self.compareWalks(ofTree, database.store)
                }
            }
        }
    }

    private static func all(_ kind: CatalogKind, _ store: any CatalogStore) async throws -> [String: StoredDocument] {
        var documents: [String: StoredDocument] = [:]
        var cursor: String?
        repeat {
            let page = try await store.list(ListQuery(kind, cursor: cursor, limit: 500), clearance: .secret)
            for document in page.documents { documents[document.key.text] = document }
            cursor = page.next
        } while cursor != nil
        return documents
    }

    private static func compare(
        _ kind: CatalogKind,
        _ tree: any CatalogStore,
        _ database: any CatalogStore
    ) async throws {
        let (left, right) = (try await all(kind, tree), try await all(kind, database))
        #expect(Set(left.keys) == Set(right.keys), "\(kind)")
        var different = 0
        for (key, document) in left {
            guard let other = right[key] else { continue }
            let ofRow = VersionToken.record(of: other.body, version: other.version)
            if ofRow != document.token || document.sensitivity != other.sensitivity {
                different += 1
                if different <= 3 { Issue.record("\(document.body.text)\n\(other.body.text)") }
            }
        }
        #expect(different == 0, "\(kind): \(different) of \(left.count) differ")
    }

    private static func compareWalks(_ tree: JSONTreeStore, _ database: HybridStore) async throws {
        for id in try await all(.tasks, tree).keys.sorted().prefix(40) {
            #expect(
                try await tree.taskHierarchy(id, depth: 10, clearance: .internal)
                    == database.taskHierarchy(id, depth: 10, clearance: .internal)
            )
            #expect(
                try await tree.taskLineage(id, depth: 10, clearance: .internal)
                    == database.taskLineage(id, depth: 10, clearance: .internal)
            )
            let histories = (
                try await tree.taskHistory(id, clearance: .internal),
                try await database.taskHistory(id, clearance: .internal)
            )
            #expect(histories.0?.records.map(\.recordID) == histories.1?.records.map(\.recordID), "\(id)")
            #expect(histories.0?.records.map(\.outcome) == histories.1?.records.map(\.outcome), "\(id)")
        }
        for id in try await all(.agents, tree).keys.sorted().prefix(40) {
            #expect(
                try await tree.agentUtilization(id, clearance: .internal)
                    == database.agentUtilization(id, clearance: .internal)
            )
        }
        for id in try await all(.assets, tree).keys.sorted().prefix(40) {
            let (left, right) = (
                try await tree.assetLineage(id, direction: .both, depth: 5, clearance: .internal),
                try await database.assetLineage(id, direction: .both, depth: 5, clearance: .internal)
            )
            #expect(left?.nodes.map(\.id) == right?.nodes.map(\.id), "\(id)")
            #expect(left?.edges == right?.edges, "\(id)")
        }
    }
}
