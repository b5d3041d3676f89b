import Domain
import EmbeddedServers
import Foundation
import Postgres
import SchemaMigration
import SourceTree
import TestSupport
import Testing

@testable import DataMigration

@Suite("A run that ends anywhere")
struct EndedRunTests {
    /// Cuts at every n-th statement: all of them in the long run.
    static let stride = TestEffort.count(slice: 41, long: 1)

    @Test(
        "goes on to the tables of an uninterrupted one, whichever statement it ended before or after",
        arguments: [false, true]
    )
    func statements(rebuildsIndexes: Bool) async throws {
        try await EndedRuns.with(rebuildsIndexes: rebuildsIndexes) { runs in
            let reference = try await runs.reference()
            var ended = 0
            for statement in Swift.stride(from: Int.random(in: 0..<Self.stride), to: 10_000, by: Self.stride) {
                let cuts = try await runs.run(cutting: .before(statement: statement), expecting: reference)
                guard cuts else { break }
                try await runs.run(cutting: .after(statement: statement), expecting: reference)
                ended += 2
            }
            #expect(ended * Self.stride > 400, "a run has some hundred statements")
        }
    }

    @Test("goes on to the same tables, whichever entry it ended before")
    func entries() async throws {
        try await EndedRuns.with { runs in
            let reference = try await runs.reference()
            let stride = TestEffort.count(slice: 7, long: 1)
            var ended = 0
            for entry in Swift.stride(from: Int.random(in: 0..<stride), to: 10_000, by: stride) {
                guard try await runs.run(endingBeforeEntry: entry, expecting: reference) else { break }
                ended += 1
            }
            #expect(ended * stride > 20, "the tree is read twice")
        }
    }
}

/// Runs over one small tree, each in a database of its own.
private struct EndedRuns {
    let server: ScratchPostgres
    let root: String
    /// Whether the tables are filled without their indexes, which two sessions make afterwards.
    let rebuildsIndexes: Bool

    private static let template = "ended_template"

    /// What a run has to leave.
    struct Outcome {
        let tables: [String: String]
        let indexes: [String?]
    }

    static func with(rebuildsIndexes: Bool = false, _ body: (EndedRuns) async throws -> Void) async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        try await TestDatabase.withServer(configuration) { server in
            try await withTemporaryDirectory { directory in
                let root = directory + "/tree"
                try MigrationHarness.write(SmallTree.files, to: root)
                try await server.run("CREATE DATABASE \(template);")
                try await PostgresClient.withClient(PostgresConfiguration(url: server.url(database: template))) {
                    _ = try await $0.withSession { try await SchemaMigrator.ensureCurrent($0) }
                }
                try await body(EndedRuns(server: server, root: root, rebuildsIndexes: rebuildsIndexes))
            }
        }
    }

    /// The outcome of a run that nothing happens to.
    func reference() async throws -> Outcome {
        try await withDatabase { harness in
            let before = try await indexes(harness)
            try await harness.migrate { configure(&$0, url: harness.url) }
            let outcome = try await outcome(harness)
            #expect(outcome.indexes == before)
            return outcome
        }
    }

    private func configure(_ options: inout MigrationOptions, url: String) {
        guard rebuildsIndexes else { return }
        options.rebuildsIndexesFrom = 1
        options.secondSession = { body in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { try await $0.withSession(body) }
        }
    }

    private func outcome(_ harness: MigrationHarness) async throws -> Outcome {
        Outcome(tables: try await harness.tableHashes(), indexes: try await indexes(harness))
    }

    /// All indexes of ours, and the tables that a load leaves behind: none.
    private func indexes(_ harness: MigrationHarness) async throws -> [String?] {
        try await harness.column(
            """
            SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'source', 'cortex')
            UNION ALL SELECT tablename FROM pg_tables WHERE schemaname = 'staging' AND tablename = 'pending_indexes' ORDER BY 1
            """
        )
    }

    /// A run that is cut off there, and one to the end.
    ///
    /// Returns whether the first came to that place.
    @discardableResult
    func run(cutting moment: CuttingProxy.Moment, expecting reference: Outcome) async throws -> Bool {
        try await withDatabase { harness in
            let direct = try #require(server.loopbackURL(database: harness.database))
            let proxy = try CuttingProxy(target: server.port, cuts: moment)
            defer { proxy.close() }
            do {
                let url = direct.replacingPort(server.port, with: proxy.port)
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    let cut = MigrationHarness(client: client, url: url, root: root)
                    try await cut.migrate { configure(&$0, url: url) }
                }
            } catch {
                #expect(proxy.hasCut, "\(error)")
            }
            try await finish(harness, expecting: reference, place: "\(moment)")
            return proxy.hasCut
        }
    }

    /// A run that ends before it reads the entry with this number, and one to the end.
    func run(endingBeforeEntry number: Int, expecting reference: Outcome) async throws -> Bool {
        struct Ended: Error {}
        return try await withDatabase { harness in
            let countdown = Countdown(number)
            do {
                try await harness.migrate { $0.beforeEntry = { _ in if countdown.isOver() { throw Ended() } } }
            } catch is Ended {
                try await finish(harness, expecting: reference, place: "entry \(number)")
                return true
            }
            return false
        }
    }

    private func finish(_ harness: MigrationHarness, expecting reference: Outcome, place: String) async throws {
        let facts = try await harness.migrate { configure(&$0, url: harness.url) }
        #expect(facts.status == .completed, "\(place): \(String(describing: facts.verification?.differences))")
        let outcome = try await outcome(harness)
        let different = outcome.tables.filter { reference.tables[$0.key] != $0.value }.keys.sorted()
        #expect(outcome.tables == reference.tables, "\(place): \(different)")
        #expect(outcome.indexes == reference.indexes, "\(place)")
    }

    private func withDatabase<R>(_ body: (MigrationHarness) async throws -> R) async throws -> R {
        let name = "ended_\(UInt64.random(in: 0...UInt64.max))"
        try await server.run("CREATE DATABASE \(name) TEMPLATE \(Self.template);")
        let url = server.url(database: name)
        let result = try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
            try await body(MigrationHarness(client: client, url: url, root: root, database: name))
        }
        try await server.run("DROP DATABASE \(name) WITH (FORCE);")
        return result
    }
}
