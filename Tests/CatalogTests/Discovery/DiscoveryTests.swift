import Domain
import Foundation
import LosslessJSON
import SourceTree
import Synchronization
import TestSupport
import Testing

@testable import Catalog

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What discovery has to do with every store.
struct DiscoveryConformance: Sendable {
    let store: any CatalogStore
    /// The tree that the store was made from.
    let root: String

    private static let limits = DocumentKey(.assets, "coordination.config.limits_json")
    private static let limitsPath = "coordination/config/limits.json"

    private func discovery(
        _ store: any CatalogStore,
        _ configure: (inout DiscoveryConfiguration) -> Void = { _ in }
    ) throws -> Discovery {
        var configuration = DiscoveryConfiguration()
        configure(&configuration)
        return Discovery(
            store: store,
            source: try SourceRoot(validating: root),
            rules: try AssetRules.shipped(),
            configuration: configuration
        )
    }

    private func document(_ key: DocumentKey) async throws -> StoredDocument? {
        try await store.document(key, need: .strong, clearance: .secret)
    }

    /// Each asset's body without its version.
    private func assets() async throws -> [String: String] {
        let page = try await store.list(ListQuery(.assets, limit: 500), clearance: .secret)
        return Dictionary(
            uniqueKeysWithValues: page.documents.map { document in
                (document.key.id, String(document.body.text.drop { $0 != "," }))
            }
        )
    }

    /// First, second and third run; what people write stays; what discovery owns follows the file.
    func runs() async throws {
        let imported = try await assets()
        let watched = WatchedStore(store)
        var cache = ContentCache()
        let dry = try await discovery(watched) { $0.isDryRun = true }.run(&cache)
        #expect(watched.writes == 0 && dry.isDryRun && dry.created > 5)
        #expect(try await assets() == imported)

        let first = try await discovery(watched).run(&cache)
        #expect(first.created == dry.created && watched.writes == first.created && first.failed.isEmpty)
        #expect(first.changes == dry.changes)
        let made = try await assets()
        for (id, body) in imported { #expect(made[id] == body, "an asset of others was changed: \(id)") }
        #expect(made.count == imported.count + first.created)

        let second = try await discovery(watched).run(&cache)
        #expect(second.read == 0 && second.changes.isEmpty && second.unchanged == first.created)
        var lost = ContentCache()
        let third = try await discovery(watched).run(&lost)
        #expect(third.read == third.files && third.changes.isEmpty)
        #expect(watched.writes == first.created, "unchanged files were written")
        #expect(try await assets() == made)

        let patch = """
            {"owner":"me","description":"mine","tags":["t"],"sensitivity":"public","asset_name":"n","metadata":{"k":1.50}}
            """
        _ = try await store.write(CatalogWrite(Self.limits, .mergePatch(patch.body), author: everything))
        try CatalogTree.write(#"{"title": "Limits", "rules": {}}"#, to: "\(root)/\(Self.limitsPath)")
        let changed = try await discovery(watched).run(&cache)
        #expect(changed.read == 1 && changed.updated == 1 && changed.changes.map(\.id) == [Self.limits.id])
        let body = try #require(try await document(Self.limits)?.body)
        #expect(body.field("owner") == "me" && body.field("description") == "mine")
        #expect(body.field("sensitivity") == "public" && body.field("asset_name") == "n")
        #expect(body.text.contains(#""k":1.50"#), "\(body.text)")
        #expect(body.field("checksum") == changed.checksum(of: Self.limitsPath, in: cache))
        #expect(body.field("path") == Self.limitsPath)
    }

    /// What looks secret is hidden, and its text is nowhere.
    func secrets() async throws {
        let secret = "gh" + "p_" + "abcdefghijklmnop1234"
        try CatalogTree.write(#"{"token": "\#(secret)"}"#, to: "\(root)/coordination/config/tokens.json")
        var cache = ContentCache()
        let report = try await discovery(store).run(&cache)
        #expect(report.secretLooking == ["coordination/config/tokens.json"])
        let key = DocumentKey(.assets, "coordination.config.tokens_json")
        #expect(try await store.document(key, need: .strong, clearance: .confidential) == nil)
        let body = try #require(try await document(key)?.body)
        #expect(body.field("sensitivity") == "restricted")
        #expect(!body.text.contains(secret))
        // Raised later too, when the secret comes later.
        try CatalogTree.write(#"{"token": "\#(secret)"}"#, to: "\(root)/\(Self.limitsPath)")
        _ = try await discovery(store).run(&cache)
        #expect(try await document(Self.limits)?.sensitivity == .restricted)
    }

    /// Assets whose files are gone stay until they are told to go; those of others stay.
    func missing() async throws {
        var cache = ContentCache()
        _ = try await discovery(store).run(&cache)
        let others = try await assets()["payroll"]
        try FileManager.default.removeItem(atPath: "\(root)/\(Self.limitsPath)")
        let watched = WatchedStore(store)
        let kept = try await discovery(watched).run(&cache)
        #expect(kept.missing == [DiscoveryReport.Place(id: Self.limits.id, path: Self.limitsPath)])
        #expect(watched.writes == 0)
        #expect(try await document(Self.limits) != nil)
        let removed = try await discovery(watched) { $0.removesMissing = true }.run(&cache)
        #expect(removed.removed == 1 && watched.writes == 1)
        #expect(try await document(Self.limits) == nil)
        #expect(try await assets()["payroll"] == others)
        let after = try await discovery(watched) { $0.removesMissing = true }.run(&cache)
        #expect(after.missing.isEmpty && watched.writes == 1)
    }

    /// A change of somebody else between plan and write is kept, and the plan made anew.
    func overtaken() async throws {
        var cache = ContentCache()
        _ = try await discovery(store).run(&cache)
        try CatalogTree.write(#"{"title": "other"}"#, to: "\(root)/\(Self.limitsPath)")
        let watched = WatchedStore(store) { [store] number, _ in
            guard number == 1 else { return }
            let patch = CatalogWrite.Operation.mergePatch(#"{"owner":"faster"}"#.body)
            _ = try await store.write(CatalogWrite(Self.limits, patch, author: everything))
        }
        let report = try await discovery(watched).run(&cache)
        #expect(watched.writes == 2 && report.updated == 1 && report.failed.isEmpty)
        let body = try #require(try await document(Self.limits)?.body)
        #expect(body.field("owner") == "faster")
        #expect(body.field("checksum") == report.checksum(of: Self.limitsPath, in: cache))
    }

    /// Ended after each number of writes and run again, it comes to what one run makes.
    func interrupted() async throws {
        struct Killed: Error {}
        var cache = ContentCache()
        let total = try await discovery(store) { $0.isDryRun = true }.run(&cache).created
        let whole = try await discovery(store) { $0.isDryRun = true }.run(&cache).changes
        var done = 0
        while done < total {
            let watched = WatchedStore(store) { number, _ in if number > 2 { throw Killed() } }
            var fresh = ContentCache()
            do {
                done += try await discovery(watched) { $0.writers = 1 }.run(&fresh).created
            } catch is Killed {
                done += 2
            }
        }
        let last = try await discovery(store).run(&cache)
        #expect(last.changes.isEmpty && last.unchanged == total)
        let made = try await assets()
        for change in whole { #expect(made[change.id]?.contains(change.path) == true, "\(change.id)") }
    }
}

extension DiscoveryReport {
    /// The hash that the cache has of a file.
    func checksum(of path: String, in cache: ContentCache) -> String? { cache.entries[path]?.sha256 }
}

@Suite("Discovery into a tree", .timeLimit(.minutes(5)))
struct TreeDiscoveryTests {
    private func with(_ body: (DiscoveryConformance) async throws -> Void) async throws {
        try await TreeHarness.with { try await body(DiscoveryConformance(store: $0.store, root: $0.root)) }
    }

    @Test("writes what is new or changed, and nothing else") func runs() async throws {
        try await with { try await $0.runs() }
    }

    @Test("hides what looks secret") func secrets() async throws { try await with { try await $0.secrets() } }

    @Test("keeps what is missing until it is told to remove it") func missing() async throws {
        try await with { try await $0.missing() }
    }

    @Test("loses no change of others") func overtaken() async throws { try await with { try await $0.overtaken() } }

    @Test("goes on where it was ended") func interrupted() async throws {
        try await with { try await $0.interrupted() }
    }
}

@Suite("Discovery into PostgreSQL", .timeLimit(.minutes(5)))
struct HybridDiscoveryTests {
    private func with(_ body: @Sendable (DiscoveryConformance) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try CatalogTree.write(to: directory + "/tree")
            try await CatalogHarness.with(tree: directory + "/tree") { harness in
                try await body(DiscoveryConformance(store: harness.store, root: directory + "/tree"))
            }
        }
    }

    @Test("writes what is new or changed, and nothing else") func runs() async throws {
        try await with { try await $0.runs() }
    }

    @Test("hides what looks secret") func secrets() async throws { try await with { try await $0.secrets() } }

    @Test("keeps what is missing until it is told to remove it") func missing() async throws {
        try await with { try await $0.missing() }
    }

    @Test("loses no change of others") func overtaken() async throws { try await with { try await $0.overtaken() } }

    @Test("goes on where it was ended") func interrupted() async throws {
        try await with { try await $0.interrupted() }
    }

    @Test("takes thousands of files; the next run reads and writes nothing, and one change is one write")
    func manyFiles() async throws {
        let count = TestEffort.count(slice: 1_000, long: 10_000)
        try await withTemporaryDirectory { directory in
            let root = directory + "/tree"
            for number in 0..<count {
                let folder = "coordination/events/archive/\(number % 100)"
                try CatalogTree.write(#"{"event": \#(number)}"#, to: "\(root)/\(folder)/event-\(number).json")
            }
            try await CatalogHarness.with(tree: root) { harness in
                let watched = WatchedStore(harness.store)
                let discovery = Discovery(
                    store: watched,
                    source: try SourceRoot(validating: root),
                    rules: try AssetRules.shipped()
                )
                var cache = ContentCache()
                let first = try await discovery.run(&cache)
                #expect(first.created == count && first.read == count && first.failed.isEmpty)
                let second = try await discovery.run(&cache)
                #expect(second.read == 0 && second.unchanged == count && watched.writes == count)
                try CatalogTree.write("{}", to: root + "/coordination/events/archive/7/event-7.json")
                let third = try await discovery.run(&cache)
                #expect(third.read == 1 && third.updated == 1 && watched.writes == count + 1)
                print("discovery of \(count) files: \(first.seconds) s, then \(second.seconds) s")
            }
        }
    }
}

@Suite("Watching a tree", .timeLimit(.minutes(5)))
struct DiscoveryWatchTests {
    @Test(
        "makes a pass when the tree changes, asks the catalog nothing while it does not, and ends when it is cancelled"
    )
    func watching() async throws {
        try await TreeHarness.with { harness in
            let watched = WatchedStore(harness.store)
            let discovery = Discovery(
                store: watched,
                source: try SourceRoot(validating: harness.root),
                rules: try AssetRules.shipped()
            )
            let (root, log) = (harness.root, PassLog())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await discovery.watch(
                        every: .milliseconds(10),
                        cache: ContentCache(),
                        keep: { _ in log.kept() },
                        onEvent: { event in if case .pass(let report) = event { log.add(report) } }
                    )
                }
                try await eventually("the first pass") { log.reports.count == 1 }
                let lists = watched.lists
                // Long enough for several looks, none of which may ask the catalog.
                try await Task.sleep(for: .milliseconds(200))
                #expect(watched.lists == lists)
                try CatalogTree.write("{}", to: root + "/coordination/config/new.json")
                try await eventually("the second pass") { log.reports.count == 2 }
                group.cancelAll()
                try await group.waitForAll()
            }
            let reports = log.reports
            #expect(reports[0].created > 5 && reports[1].created == 1 && reports[1].read == 1)
            #expect(log.keeps == 2)
        }
    }

    @Test("ends with what the tree says, however it changes meanwhile")
    func churn() async throws {
        let seed = UInt64.random(in: .min ... .max)
        try await TreeHarness.with { harness in
            let (root, log) = (harness.root, PassLog())
            var configuration = DiscoveryConfiguration()
            configuration.removesMissing = true
            let discovery = Discovery(
                store: harness.store,
                source: try SourceRoot(validating: root),
                rules: try AssetRules.shipped(),
                configuration: configuration
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await discovery.watch(
                        every: .milliseconds(10),
                        cache: ContentCache(),
                        keep: { _ in },
                        onEvent: { event in if case .pass(let report) = event { log.add(report) } }
                    )
                }
                try await withCheckedThrowingContinuation { continuation in
                    Thread.detachNewThread { continuation.resume(with: Result { try Self.change(root, seed) }) }
                }
                var dry = configuration
                dry.isDryRun = true
                let check = Discovery(
                    store: harness.store,
                    source: try SourceRoot(validating: root),
                    rules: try AssetRules.shipped(),
                    configuration: dry
                )
                let deadline = ContinuousClock.now + .seconds(60)
                var left: [DiscoveryReport.Change] = []
                repeat {
                    var cache = ContentCache()
                    left = try await check.run(&cache).changes
                } while !left.isEmpty && .now < deadline
                #expect(left.isEmpty, "seed \(seed)")
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(log.reports.count > 2 && log.reports.last?.failed.isEmpty == true, "seed \(seed)")
        }
    }

    /// Makes, replaces, rewrites, appends to and removes files, 50 times a second.
    private static func change(_ root: String, _ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = URL(filePath: root + "/coordination/config")
        for step in 0..<TestEffort.count(slice: 100, long: 3_000) {
            let file = folder.appending(path: "churn-\(random.next() % 20).json")
            let text = Data(#"{"step": \#(1_000_000 + step)}"#.utf8)
            switch random.next() % 4 {
            case 0: try text.write(to: file, options: .atomic)
            case 1: try text.write(to: file)
            case 2: try (text + text).write(to: file)
            default:
                if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
            }
            usleep(20_000)
        }
    }

    /// What a watch told.
    private final class PassLog: Sendable {
        private let state = Mutex((reports: [DiscoveryReport](), keeps: 0))

        var reports: [DiscoveryReport] { state.withLock { $0.reports } }
        var keeps: Int { state.withLock { $0.keeps } }

        func add(_ report: DiscoveryReport) { state.withLock { $0.reports.append(report) } }
        func kept() { state.withLock { $0.keeps += 1 } }
    }
}
