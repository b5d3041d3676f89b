import Catalog
import Diagnostics
import Domain
import Foundation
import Postgres
import SyncMiddleware
import TestSupport
import Testing

@Suite("The catalog in PostgreSQL")
struct HybridStoreTests {
    private func with(_ body: @Sendable (CatalogHarness, StoreConformance) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try CatalogTree.write(to: directory + "/tree")
            try await CatalogHarness.with(tree: directory + "/tree") { harness in
                try await body(harness, StoreConformance(store: harness.store))
            }
        }
    }

    @Test("answers what is read as every store does")
    func reading() async throws {
        try await with { _, suite in
            try await suite.documents()
            try await suite.clearance()
            try await suite.lists()
            try await suite.search()
            try await suite.statistics()
            try await suite.lineage()
            try await suite.tasks()
            try await suite.agents()
        }
    }

    @Test("takes what is written as every store does")
    func writing() async throws {
        try await with { _, suite in
            try await suite.refusals()
            try await suite.create()
            try await suite.patch()
            try await suite.references()
            try await suite.replace()
            try await suite.repetitions()
            try await suite.delete()
            try await suite.checkIn()
        }
    }

    @Test("tells what happened, to those who may know")
    func events() async throws {
        try await with { harness, suite in
            try await suite.events()
            let start = try await harness.store.events(after: nil, limit: 1, wait: .zero, clearance: .secret).position
            // What other programs do counts too; of a whole table only that it changed.
            try await harness.database.query("UPDATE tasks SET title = title || '!'")
            try await harness.database.query("DELETE FROM assets WHERE asset_id = 'payroll'")
            var events: [CatalogEvent] = []
            var position = start
            try await eventually("five events") {
                let page = try await harness.store.events(
                    after: position,
                    limit: 2,
                    wait: .seconds(1),
                    clearance: .internal
                )
                #expect(!page.isReset && page.events.count <= 2)
                position = page.position
                events += page.events
                return events.count >= 5
            }
            #expect(events.filter { $0.table == "tasks" }.compactMap(\.id).sorted() == (1...4).map { "task-\($0)" })
            let asset = try #require(events.first { $0.table == "assets" })
            #expect(asset.action == .reloaded && asset.id == nil)
            #expect(events.map(\.position.sequence) == events.map(\.position.sequence).sorted())
            let first = start.sequence
            try await harness.database.query("DELETE FROM cortex.feed_batches")
            try await harness.database.query("DELETE FROM cortex.change_feed")
            let reset = try await harness.store.events(
                after: EventPosition(timeline: start.timeline, sequence: first),
                limit: 100,
                wait: .zero,
                clearance: .secret
            )
            #expect(reset.isReset && reset.position.sequence >= first + 5)
        }
    }

    @Test("satisfies a token of the tree while nobody changed the row, and none after")
    func tokens() async throws {
        try await with { harness, suite in
            let key = DocumentKey(.tasks, "task-2")
            let body = try await suite.body(key)
            let ofTree = VersionToken.record(of: body, version: 1)
            func patch(_ title: String, _ token: VersionToken) -> CatalogWrite {
                CatalogWrite(
                    key,
                    .mergePatch("{\"title\":\"\(title)\"}".body),
                    precondition: .anyOf([token]),
                    author: everything
                )
            }
            _ = try await harness.store.write(patch("first", ofTree))
            #expect(await suite.failure(patch("second", ofTree)).code == .catalogPrecondition)
        }
    }

    @Test("loses no change of writers that expect nothing")
    func concurrency() async throws {
        try await with { harness, suite in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let patch = "{\"metadata\":{\"writer-\(number)\":\(number)}}"
                        _ = try await harness.store.write(
                            CatalogWrite(DocumentKey(.tasks, "task-1"), .mergePatch(patch.body), author: everything)
                        )
                    }
                }
                try await group.waitForAll()
            }
            let metadata = try await suite.body(DocumentKey(.tasks, "task-1")).field("metadata") ?? ""
            for number in 0..<6 { #expect(metadata.contains("\"writer-\(number)\":\(number)")) }
        }
    }

    @Test("says where the truth lives and who answers")
    func status() async throws {
        try await with { harness, suite in
            try await eventually("Redis is there") { await harness.store.status().redis == .connected }
            let status = await harness.store.status()
            #expect(status.mode == .postgres && status.postgres == .connected && status.canRead && status.canWrite)
            let key = DocumentKey(.tasks, "task-1")
            try await eventually("the near-cache answers") {
                _ = try await harness.store.document(key, need: .recent, clearance: .secret)
                return harness.store.cached(key)?.tier == .near
            }
            #expect(harness.store.cached(key)?.body == (try await suite.body(key)))
            try await harness.database.query("UPDATE cortex.system_mode SET mode = 'frozen', epoch = epoch + 1")
            #expect(await harness.store.status().canWrite == false)
            let refused = CatalogWrite(key, .mergePatch(#"{"title":"x"}"#.body), author: everything)
            #expect(await suite.failure(refused).code == .syncMode)
        }
    }
}
