import Diagnostics
import Domain
import EmbeddedServers
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Catalog

/// The service's store over a tree and the database that was made of it, and the row that says which counts.
@Suite("A store that follows the mode")
struct SwitchingStoreTests {
    private struct Place: Sendable {
        let store: SwitchingStore
        let database: CatalogHarness
        let table: SystemModeTable

        /// Changes the mode as whoever moves the data does.
        func switchTo(_ mode: SystemMode, previous: SystemMode? = nil, lease: String? = nil) async throws {
            try await database.database.query(
                """
                UPDATE cortex.system_mode SET mode = $1, epoch = epoch + 1, previous_mode = $2,
                    lease_until = clock_timestamp() + $3::interval
                """,
                [.text(mode.rawValue), .optional(previous?.rawValue), .optional(lease)]
            )
        }

        func title(_ id: String, need: CatalogNeed = .recent) async throws -> String? {
            try await store.document(DocumentKey(.tasks, id), need: need, clearance: .secret)?.body.field("title")
        }

        @discardableResult
        func write(_ id: String, _ title: String) async throws -> WriteResult {
            try await store.write(
                CatalogWrite(
                    DocumentKey(.tasks, id),
                    .mergePatch("{\"title\":\"\(title)\"}".body),
                    author: everything
                )
            )
        }
    }

    /// Runs the body with both homes open and somebody who looks at the mode.
    private func withPlace(
        patience: Duration = .seconds(30),
        looks: Bool = true,
        _ body: @Sendable @escaping (Place) async throws -> Void
    ) async throws {
        try await TreeHarness.with { tree in
            try await CatalogHarness.with(tree: tree.root) { database in
                let url = database.url.replacing("postgres@", with: "cortex_api@")
                let configuration = try PostgresConfiguration(url: url)
                try await PostgresLanes.withLanes(configuration) { lanes in
                    try await PostgresClient.withClient(configuration) { client in
                        let place = Place(
                            store: SwitchingStore(patience: patience),
                            database: database,
                            table: SystemModeTable(lanes: lanes, client: client)
                        )
                        try await place.switchTo(.json)
                        await place.store.look(at: place.table)
                        try await place.store.withHome(.tree, tree.store) {
                            try await place.store.withHome(.postgres, database.store) {
                                try await withThrowingTaskGroup(of: Void.self) { group in
                                    if looks {
                                        group.addTask {
                                            while !Task.isCancelled { await place.store.look(at: place.table) }
                                        }
                                    }
                                    defer { group.cancelAll() }
                                    try await body(place)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("reads and writes go where the truth is, there and back, and what is frozen waits")
    func thereAndBack() async throws {
        try await withPlace { place in
            try await place.write("task-1", "in the tree")
            #expect(try await place.title("task-1") == "in the tree")
            #expect(
                try await place.database.store.document(
                    DocumentKey(.tasks, "task-1"),
                    need: .strong,
                    clearance: .secret
                )?.body.field("title") == "Move the catalog"
            )

            try await place.switchTo(.frozen, previous: .catchup)
            try await eventually("the freeze is seen") { await place.store.status().mode == .frozen }
            let status = await place.store.status()
            #expect(status.canRead && !status.canWrite && status.home == .tree)
            async let late = place.write("task-2", "after the flip")
            #expect(try await place.title("task-1") == "in the tree")
            try await place.switchTo(.postgres)
            #expect(try await late.token?.description.hasPrefix("p") == true)
            #expect(try await place.title("task-2", need: .strong) == "after the flip")
            #expect(try await place.title("task-1", need: .strong) == "Move the catalog")

            try await place.switchTo(.frozen, previous: .postgres)
            try await eventually("the freeze is seen") { await place.store.status().mode == .frozen }
            #expect(await place.store.status().home == .postgres)
            try await place.switchTo(.json)
            try await eventually("the tree serves") { try await place.title("task-1") == "in the tree" }
            #expect(try await place.write("task-1", "again").token?.description.hasPrefix("j") == true)
        }
    }

    @Test("a write that waits in vain is told to come again, and nothing was changed")
    func patience() async throws {
        try await withPlace(patience: .milliseconds(50)) { place in
            try await place.switchTo(.frozen, previous: .catchup)
            try await eventually("the freeze is seen") { await place.store.status().mode == .frozen }
            let error = await #expect(throws: CatalogError.self) { try await place.write("task-1", "never") }
            #expect(error?.code == .catalogMoving)
            #expect(ErrorCode.catalogMoving.meaning.httpStatus == 503 && ErrorCode.catalogMoving.meaning.isRetryable)
            #expect(try await place.title("task-1") == "Move the catalog")
        }
    }

    @Test(
        "a store that has not seen the flip yet writes nothing into the tree, and reads what was acknowledged after it"
    )
    func unseen() async throws {
        try await withPlace(looks: false) { place in
            try await place.switchTo(.postgres)
            #expect(place.store.mode == .json)
            async let written = place.write("task-1", "in the database")
            try await eventually("somebody looks") { await place.store.look(at: place.table) == nil }
            let token = try await #require(written.token)
            #expect(token.description.hasPrefix("p"))

            try await place.switchTo(.frozen, previous: .postgres)
            try await place.switchTo(.json)
            try await place.switchTo(.postgres)
            let row = try await place.database.database.query("SELECT epoch FROM cortex.system_mode").first
            let epoch = Int(try #require(row?["epoch"].integer))
            async let read = place.title("task-1", need: .atLeast(.row(epoch: epoch, version: 1)))
            try await eventually("somebody looks") {
                await place.store.look(at: place.table) == nil && place.store.machine.epoch == epoch
            }
            #expect(try await read == "in the database")
        }
    }

    @Test("a database that does not answer any more is told, and that the tree takes no writes then")
    func silence() async throws {
        try await withPlace(looks: false) { place in
            var status = await place.store.status()
            #expect(status.postgres == .connected && status.canRead && status.canWrite)
            place.store.foundSilence()
            status = await place.store.status()
            #expect(status.postgres == .unavailable && status.canRead && !status.canWrite && status.home == .tree)
            #expect(await place.store.look(at: place.table) == nil)
            #expect(await place.store.status().canWrite)
        }
    }

    @Test("a freeze that nobody renews ends by itself, under a new epoch")
    func lease() async throws {
        try await withPlace { place in
            try await place.switchTo(.frozen, previous: .catchup, lease: "50 milliseconds")
            try await place.write("task-1", "after the freeze")
            let row = try #require(
                try await place.database.database.query("SELECT mode, changed_by FROM cortex.system_mode").first
            )
            #expect(row["mode"].string == "catchup" && row["changed_by"].string == "cortex serve")
            #expect(try await place.title("task-1") == "after the freeze")
        }
    }

    /// What the writers of a load share.
    private final class Load: Sendable {
        let isOver = Atomic(false)
        let written = Mutex([String: String]())
    }

    @Test("no request fails and none is lost while the mode goes there and back under load")
    func load() async throws {
        try await withPlace { place in
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 1...3 {
                    group.addTask {
                        let id = "task-\(worker)"
                        var number = 0
                        var isLast = false
                        while !isLast {
                            number += 1
                            // The last write begins after the last change of the mode.
                            isLast = load.isOver.load(ordering: .acquiring)
                            try await place.write(id, "\(worker).\(number)")
                            load.written.withLock { $0[id] = "\(worker).\(number)" }
                            #expect(try await place.title(id) != nil)
                            _ = try await place.store.list(ListQuery(.tasks), clearance: .secret)
                        }
                    }
                }
                for mode in [SystemMode.catchup, .frozen, .postgres, .frozen, .json, .postgres] {
                    let previous = place.store.mode
                    try await place.switchTo(mode, previous: mode == .frozen ? previous : nil)
                    try await eventually("\(mode) is seen") { place.store.mode == mode }
                }
                load.isOver.store(true, ordering: .releasing)
                try await group.waitForAll()
            }
            for (id, title) in load.written.withLock({ $0 }) {
                #expect(try await place.title(id, need: .strong) == title)
            }
        }
    }
}
