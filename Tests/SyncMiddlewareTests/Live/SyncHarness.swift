import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import Redis
import SchemaMigration
import Synchronization
import TestSupport

@testable import SyncMiddleware

/// A database with the schema, in mode `postgres`, and a Redis of its own: both for one test.
struct SyncHarness: Sendable {
    let database: PostgresClient
    let redis: ScratchRedis
    /// As superuser.
    let url: String
    /// Where instances find the database, if not at `url`.
    var instanceURL: String?
    var configuration = SyncHarness.patient

    /// The defaults, with a longer deadline of Redis: the machine runs many tests.
    static let patient: SyncConfiguration = {
        var configuration = SyncConfiguration()
        configuration.redisDeadline = .milliseconds(250)
        return configuration
    }()

    static func withServers<R>(_ body: (SyncHarness) async throws -> R) async throws -> R {
        let name = try await Template.newDatabase()
        let server = try await TestDatabase.sharedServer()
        return try await at(server.url(database: name), body)
    }

    /// With a PostgreSQL that a test may stop.
    static func withOwnServer<R>(
        listensOnLoopback: Bool = false,
        survivesKills: Bool = false,
        _ body: (SyncHarness, ScratchPostgres) async throws -> R
    ) async throws -> R {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = listensOnLoopback
        if survivesKills { configuration.settings = ["synchronous_commit": "on", "full_page_writes": "on"] }
        return try await TestDatabase.withServer(configuration) { server in
            try await Template.migrate(server.url())
            return try await at(server.url()) { try await body($0, server) }
        }
    }

    private static func at<R>(_ url: String, _ body: (SyncHarness) async throws -> R) async throws -> R {
        try await TestRedis.withServer { redis in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { database in
                try await body(SyncHarness(database: database, redis: redis, url: url))
            }
        }
    }

    /// The same servers with other limits.
    func with(_ change: (inout SyncConfiguration) -> Void) -> SyncHarness {
        var other = self
        change(&other.configuration)
        return other
    }

    // MARK: Instances

    func withInstance<R: Sendable>(
        _ name: String = "a",
        publisher: (any ViewPublisher)? = nil,
        runsRelay: Bool = true,
        _ body: @Sendable (SyncInstance) async throws -> R
    ) async throws -> R {
        // The roles of an installation: what they may not do fails here.
        func login(_ role: String) -> String {
            guard instanceURL == nil else { return url }
            return url.replacing("postgres@", with: "\(role)@")
        }
        let servers = SyncServers(
            postgres: try PostgresConfiguration(url: instanceURL ?? login("cortex_api"), applicationName: name),
            relay: try PostgresConfiguration(url: login("cortex_relay"), applicationName: "\(name)-relay"),
            redis: try RedisConfiguration(url: "redis://127.0.0.1:\(redis.port)")
        )
        return try await SyncInstance.withInstance(
            name,
            servers,
            configuration: configuration,
            publisher: publisher,
            runsRelay: runsRelay,
            body
        )
    }

    /// Two instances, once both use their caches.
    func withTwo<R: Sendable>(_ body: @Sendable (SyncInstance, SyncInstance) async throws -> R) async throws -> R {
        try await withInstance("a") { first in
            try await withInstance("b") { second in
                try await first.waitForCache()
                try await second.waitForCache()
                return try await body(first, second)
            }
        }
    }

    // MARK: What others do

    func run(_ sql: String) async throws {
        try await database.query(sql)
    }

    func task(_ id: String, title: String = "one") async throws {
        try await database.query("INSERT INTO tasks (task_id, title) VALUES ($1, $2)", [.text(id), .text(title)])
    }

    func value(_ sql: String) async throws -> String? {
        try await database.query(sql).first?[0].string
    }
}

/// The migrated database that those of tests are copies of.
private enum Template {
    private static let name = "sync_template"
    private static let counter = NSLock()
    nonisolated(unsafe) private static var count = 0

    private static let made = Task {
        let server = try await TestDatabase.sharedServer()
        try await server.run("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';")
        try await migrate(server.url(database: name))
    }

    static func newDatabase() async throws -> String {
        try await made.value
        let number = counter.withLock {
            count += 1
            return count
        }
        let copy = "sync_\(number)"
        try await TestDatabase.sharedServer().run("CREATE DATABASE \(copy) TEMPLATE \(name);")
        return copy
    }

    static func migrate(_ url: String) async throws {
        try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
            _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
            try await client.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1")
        }
    }
}

extension SyncInstance {
    /// Waits until callers without a token are served from the caches.
    func waitForCache() async throws {
        try await eventually("the cache is used by \(name): \(access(.recent)), \(statistics)") {
            if case .cache = access(.recent) { state.withLock { $0.near.isLive } } else { false }
        }
    }

    func title(_ id: String, _ need: ReadNeed = .recent) async throws -> String? {
        let answer = try await read("tasks", id, need)
        guard let body = answer.body else { return nil }
        let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return object?["title"] as? String
    }

    @discardableResult
    func write(
        _ id: String,
        _ operation: RowChange.Operation,
        key: String? = nil,
        hash: [UInt8] = [1]
    ) async throws -> WriteReceipt {
        try await write(
            WriteRequest(
                RowChange(kind: "tasks", id: id, operation),
                principal: "tester",
                idempotencyKey: key.map { WriteRequest.IdempotencyKey($0, requestHash: hash) }
            )
        )
    }

    /// The code of the error that a write fails with; nil when it does not.
    func failure(
        of id: String,
        _ operation: RowChange.Operation,
        key: String? = nil,
        hash: [UInt8] = [1]
    ) async throws -> SyncError? {
        do {
            try await write(id, operation, key: key, hash: hash)
            return nil
        } catch let error as SyncError {
            return error
        }
    }
}
