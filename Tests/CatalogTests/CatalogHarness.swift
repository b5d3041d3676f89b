import Catalog
import DataMigration
import Domain
import EmbeddedServers
import Foundation
import Postgres
import Redis
import SchemaMigration
import SourceTree
import SyncMiddleware
import TestSupport

/// A catalog on real servers, imported from a tree, in mode `postgres`.
struct CatalogHarness: Sendable {
    let store: HybridStore
    let instance: SyncInstance
    let database: PostgresClient
    /// The URL of the database as superuser.
    let url: String

    /// Imports the tree and runs a store over it, with the roles of an installation.
    static func with<R: Sendable>(
        tree: String,
        runsRelay: Bool = true,
        _ body: @Sendable (CatalogHarness) async throws -> R
    ) async throws -> R {
        try await TestDatabase.withDatabase { url in
            try await TestRedis.withServer { redis in
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                    let migration = Migration(
                        source: try SourceRoot(validating: tree),
                        mapping: try Mapping.shipped(),
                        options: MigrationOptions(),
                        progress: { _ in }
                    )
                    _ = try await client.withSession { try await migration.run(session: $0, facts: facts) }
                    func login(_ role: String) -> String { url.replacing("postgres@", with: "\(role)@") }
                    let servers = SyncServers(
                        postgres: try PostgresConfiguration(url: login("cortex_api"), applicationName: "catalog"),
                        relay: try PostgresConfiguration(url: login("cortex_relay"), applicationName: "relay"),
                        redis: try RedisConfiguration(url: "redis://127.0.0.1:\(redis.port)")
                    )
                    // The machine runs many tests; a floor lasts longer than any request.
                    var configuration = SyncConfiguration()
                    configuration.redisDeadline = .milliseconds(250)
                    configuration.databaseDeadline = .seconds(20)
                    configuration.floorTime = .seconds(30)
                    return try await SyncInstance.withInstance(
                        "catalog",
                        servers,
                        configuration: configuration,
                        runsRelay: runsRelay
                    ) { instance in
                        try await HybridStore.withStore(instance) { store in
                            try await body(
                                CatalogHarness(store: store, instance: instance, database: client, url: url)
                            )
                        }
                    }
                }
            }
        }
    }

    private static var facts: RunFacts {
        RunFacts(
            runID: "test",
            dryRun: false,
            source: "tree",
            target: "test",
            toolVersion: "test",
            startedAt: "2026-01-01T00:00:00Z"
        )
    }
}

extension [UInt8] {
    /// The text of a body.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// A field of a document as its JSON text; nil where there is none.
    func field(_ name: String) -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(self)) as? [String: Any]
        guard let value = object?[name] else { return nil }
        if let text = value as? String { return text }
        let data = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension String {
    /// The bytes of a body.
    var body: [UInt8] { Array(utf8) }
}

/// Everything: what tests see that are not about clearance.
let everything = WriteAuthor(principal: "tester", clearance: .secret)

/// A database with the schema and nothing in it.
enum CatalogSchema {
    static func with<R>(_ body: (PostgresClient) async throws -> R) async throws -> R {
        try await TestDatabase.withDatabase { url in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                return try await body(client)
            }
        }
    }
}
