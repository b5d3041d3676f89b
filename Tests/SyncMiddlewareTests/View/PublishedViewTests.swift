import Diagnostics
import Domain
import Postgres
import RESP
import Redis
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("The published view", .timeLimit(.minutes(20)))
struct PublishedViewTests {
    @Test("After an import and random writes every key family is what PostgreSQL says, and a rebuild gives the same")
    func equalsPostgres() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let writes = TestEffort.count(slice: 1_200, long: 10_000)
        try await ViewHarness.with { harness in
            try await harness.importExample()
            let office = try await harness.office()
            let view = harness.view
            #expect(try await view.advance(office).isRebuilt)
            try await harness.requireEqual("seed \(seed)")

            var random = ViewWrites(seed: seed)
            var done = 0
            while done < writes {
                let count = random.number(1...120)
                for _ in 0..<count { try await harness.run(random.next()) }
                done += count
                let report = try await view.advance(office)
                #expect(!report.isRebuilt)
                if random.number(0...4) == 0 { try await harness.requireEqual("seed \(seed)") }
            }
            try await harness.requireEqual("seed \(seed)")
            let before = try await harness.published()
            #expect(before.keys.contains { $0.hasPrefix("catalog:lineage:") })

            try await harness.redis.send("FLUSHALL")
            #expect(try await view.rebuild(office).isRebuilt)
            #expect(try await harness.published() == before)
            #expect(try await view.advance(office) == ViewReport())
        }
    }

    @Test("An old relay is refused, and so is another database's of an earlier epoch; nothing is changed")
    func fencing() async throws {
        try await ViewHarness.with { harness in
            try await harness.run("INSERT INTO assets (asset_id, sensitivity) VALUES ('a', 'public')")
            try await harness.view.advance(try await harness.office(5))
            let before = try await harness.published()
            try await harness.run("UPDATE assets SET owner = 'new' WHERE asset_id = 'a'")
            let office = try await harness.office(4)
            for old in [office, ViewOffice(epoch: office.epoch - 1, fence: 9)] {
                for isRebuilt in [false, true] {
                    let error = await #expect(throws: SyncError.self) {
                        isRebuilt ? try await harness.view.rebuild(old) : try await harness.view.advance(old)
                    }
                    #expect(error?.code == .viewFenced)
                }
            }
            #expect(try await harness.published() == before)
            try await harness.view.advance(try await harness.office(5))
            try await harness.requireEqual()
        }
    }

    @Test("What was read earlier never replaces what was read later, nor brings back what was deleted")
    func order() async throws {
        try await ViewHarness.with { harness in
            let office = try await harness.office()
            let store = harness.view.store
            try await store.claim(office)
            func row(_ owner: String, _ version: Int) -> ViewChange {
                let content = ViewRow.Content.asset(indexes: [.owner: owner], modified: nil, checksum: nil)
                let body = Array("{\"owner\":\"\(owner)\"}".utf8)
                return ViewChange(
                    .assets,
                    ViewRow(id: "a", version: version, isVisible: true, content: content, body: body)
                )
            }
            func apply(_ change: ViewChange, at xmax: Int) async throws -> ViewStore.Applied {
                let stamp = ViewStamp(epoch: office.epoch, xmax: xmax, running: 0)
                return try await store.apply([change], office, stamp, discovery: nil)
            }
            #expect(try await apply(row("new", 2), at: 20).rows == 1)
            #expect(try await apply(row("old", 1), at: 10).rows == 0)
            let key = "catalog:index:by_owner:"
            #expect(try await harness.published()[key + "new"] == ["a"])
            #expect(try await harness.published()[key + "old"] == nil)
            #expect(try await apply(ViewChange(gone: "a", .assets, version: 3), at: 30).rows == 1)
            #expect(try await apply(row("old", 1), at: 25).late == ["a"])
            #expect(try await harness.published().keys.sorted() == ["catalog:metadata"])
            #expect(try await apply(row("again", 4), at: 40).late == [])
            #expect(try await harness.published()["catalog:index:owners"] == ["again"])
        }
    }

    @Test("An edge that was read while an asset was hidden comes back with the asset, whoever read it")
    func hiddenMeanwhile() async throws {
        try await ViewHarness.with { harness in
            try await harness.run(
                "INSERT INTO assets (asset_id, sensitivity) VALUES ('a', 'public'), ('b', 'public')",
                "INSERT INTO asset_lineage (upstream_raw, downstream_raw, downstream_asset_id, lineage_type) "
                    + "VALUES ('a', 'b', 'b', 'reads'), ('b', 'a', NULL, 'reads')"
            )
            let office = try await harness.office()
            try await harness.view.advance(office)
            let edges = try await harness.postgres.query("SELECT lineage_id::text AS id FROM asset_lineage").rows
                .compactMap { $0["id"].string }
            let key = "catalog:lineage:downstream:a"
            #expect(try await harness.published()[key] == ["b"])

            try await harness.run("UPDATE assets SET sensitivity = 'secret' WHERE asset_id = 'a'")
            // As a rebuild from the command line does that dies here, or is overtaken by the relay.
            var run = ViewRun(view: harness.view, office: office)
            try await harness.postgres.withTransaction(.readOnly) { session in
                run.moment = try await ViewMoment(session, epoch: office.epoch)
                let due = edges.map { (ExactText($0), ViewRun.Due(version: 0, news: nil)) }
                try await run.bring(.lineage, Dictionary(uniqueKeysWithValues: due), session)
            }
            #expect(try await harness.published()[key] == nil)
            try await harness.run("UPDATE assets SET sensitivity = 'public' WHERE asset_id = 'a'")
            try await harness.view.advance(office)
            #expect(try await harness.published()[key] == ["b"])
            try await harness.requireEqual()
        }
    }

    @Test("An asset that was taken for shown, and was hidden meanwhile, has to be read again")
    func takenForShown() async throws {
        try await ViewHarness.with { harness in
            let office = try await harness.office()
            let store = harness.view.store
            try await store.claim(office)
            let content = ViewRow.Content.asset(indexes: [:], modified: nil, checksum: nil)
            var change = ViewChange(
                .assets,
                ViewRow(id: "a", version: 1, isVisible: true, content: content, body: [0x7b, 0x7d])
            )
            let stamp = ViewStamp(epoch: office.epoch, xmax: 10, running: 0)
            change.wasVisible = true
            #expect(try await store.apply([change], office, stamp, discovery: nil).late == ["a"])
            change.wasVisible = false
            #expect(try await store.apply([change], office, stamp, discovery: nil).rows == 1)
            change.wasVisible = true
            let again = try await store.apply([change], office, stamp, discovery: nil)
            #expect(again.late == [] && again.rows == 1)
        }
    }

    @Test("Rebuilds beside the relay, while rows are written, end in what PostgreSQL says")
    func rebuildBeside() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        try await ViewHarness.with { harness in
            let small = harness.with { $0.pageRows = 7 }
            let office = try await harness.office()
            try await small.view.advance(office)
            let writes = TestEffort.count(slice: 400, long: 5_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var random = ViewWrites(seed: seed)
                    for _ in 0..<writes { try await small.run(random.next()) }
                }
                group.addTask {
                    for _ in 0..<writes / 20 { try await small.view.advance(office) }
                }
                group.addTask {
                    for _ in 0..<writes / 60 { try await small.view.rebuild(office) }
                }
                try await group.waitForAll()
            }
            try await small.view.advance(office)
            try await small.requireEqual("seed \(seed)")
        }
    }

    @Test("A change that commits late, a reload, a truncated table and a lost Redis are all made good")
    func events() async throws {
        try await ViewHarness.with { harness in
            let office = try await harness.office()
            let view = harness.view
            try await view.advance(office)
            try await harness.postgres.withSession { session in
                try await session.withTransaction {
                    try await session.query("INSERT INTO tasks (task_id, task_status) VALUES ('late', 'pending')")
                    try await harness.run("INSERT INTO tasks (task_id, task_status) VALUES ('soon', 'pending')")
                    try await view.advance(office)
                    #expect(try await harness.published()["tasks:all"] == ["soon"])
                }
            }
            try await view.advance(office)
            #expect(try await harness.published()["tasks:all"] == ["late", "soon"])

            try await harness.importExample()
            try await view.advance(office)
            try await harness.requireEqual("reload")

            try await harness.redis.send("FLUSHALL")
            try await harness.run("INSERT INTO agents (agent_id, agent_type) VALUES ('new', 'worker')")
            #expect(try await view.advance(office).isRebuilt)
            try await harness.requireEqual("flushed")

            try await harness.run("TRUNCATE asset_lineage")
            try await view.advance(try await harness.office())
            try await harness.requireEqual("truncated")
        }
    }

    @Test("Keys that are not ours are refused untouched until they are adopted, also by the relay")
    func foreign() async throws {
        try await ViewHarness.with { harness in
            try await harness.run("INSERT INTO assets (asset_id) VALUES ('ours')")
            try await harness.redis.send("HSET", "catalog:assets", "theirs", "{}")
            try await harness.redis.send("LPUSH", "tasks:all", "theirs")
            try await harness.redis.send("SET", "other", "stays")
            let before = try await harness.published()
            let office = try await harness.office()
            for isRebuilt in [false, true] {
                let error = await #expect(throws: SyncError.self) {
                    isRebuilt ? try await harness.view.rebuild(office) : try await harness.view.advance(office)
                }
                #expect(error?.code == .viewForeign)
            }
            #expect(try await harness.published() == before)
            #expect(try await harness.redis.send("KEYS", "cortex:*").elements == [])
            try await harness.view.rebuild(office, isAdopting: true)
            #expect(try await harness.redis.get("other").map { String(decoding: $0, as: UTF8.self) } == "stays")
            try await harness.redis.send("DEL", "other")
            try await harness.requireEqual()
        }
    }

    @Test("Only the kinds that are listed are published; what is no longer listed goes")
    func kinds() async throws {
        try await ViewHarness.with { harness in
            try await harness.run(
                "INSERT INTO assets (asset_id, owner) VALUES ('a', 'o')",
                "INSERT INTO tasks (task_id) VALUES ('t')",
                "INSERT INTO agents (agent_id) VALUES ('g')",
                "INSERT INTO asset_lineage (upstream_raw, downstream_raw) VALUES ('a', 'b')"
            )
            let office = try await harness.office()
            try await harness.view.advance(office)
            try await harness.requireEqual()
            let limited = harness.with { $0.kinds = [.tasks] }
            #expect(try await limited.view.advance(office).isRebuilt)
            #expect(try await limited.published().keys.sorted() == ["task:t", "tasks:all"])
        }
    }

    @Test("Confidential, restricted and secret documents are never in Redis, nor their ids in edges")
    func secrets() async throws {
        try await ViewHarness.with { harness in
            let office = try await harness.office()
            try await harness.view.advance(office)
            for (index, word) in ["confidential", "restricted", "secret"].enumerated() {
                try await harness.run(
                    "INSERT INTO assets (asset_id, description, sensitivity) VALUES ('open-\(index)', 'canary-text', '\(word)')",
                    "INSERT INTO asset_lineage (upstream_raw, upstream_asset_id, downstream_raw) VALUES ('open-\(index)', 'open-\(index)', 'x')"
                )
            }
            try await harness.view.advance(office)
            #expect(try await contents(harness).contains("open-") == false)

            try await harness.run("UPDATE assets SET sensitivity = 'public', description = NULL")
            try await harness.view.advance(office)
            try await harness.requireEqual()
            #expect(try await contents(harness).contains("open-1"))
            try await harness.run("UPDATE assets SET sensitivity = 'secret', description = 'canary-text'")
            try await harness.view.advance(office)
            try await harness.requireEqual()
            let text = try await contents(harness)
            #expect(!text.contains("open-"))
            #expect(!text.contains("canary-text"))
        }
    }

    /// All keys and values, private ones too, as text.
    private func contents(_ harness: ViewHarness) async throws -> String {
        try await harness.redis.send("CONFIG", "SET", "rdbcompression", "no")
        var text = ""
        for key in try await harness.redis.send("KEYS", "*").elements ?? [] {
            guard let name = key.bytes else { continue }
            text += String(decoding: name, as: UTF8.self)
            let dump = try await harness.redis.send("DUMP", .bytes(name)).bytes ?? []
            text += String(decoding: dump, as: UTF8.self)
        }
        return text
    }
}
