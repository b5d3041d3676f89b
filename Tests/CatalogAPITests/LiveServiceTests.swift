import Catalog
import Domain
import EmbeddedServers
import Foundation
import HTTPTypes
import Monitoring
import Postgres
import Redis
import SchemaMigration
import SyncMiddleware
import Synchronization
import TestSupport
import Testing

@testable import CatalogAPI

@Suite("The service over PostgreSQL and Redis")
struct LiveServiceTests {
    /// Runs the service over a fresh database in mode `postgres`, with the roles of an installation.
    private static func withService(
        _ body: @Sendable @escaping (RawConnection, MetricRegistry) async throws -> Void
    ) async throws {
        try await TestDatabase.withDatabase { url in
            try await TestRedis.withServer { redis in
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                    try await client.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1")
                }
                func login(_ role: String) -> String { url.replacing("postgres@", with: "\(role)@") }
                let servers = SyncServers(
                    postgres: try PostgresConfiguration(url: login("cortex_api")),
                    relay: try PostgresConfiguration(url: login("cortex_relay")),
                    redis: try RedisConfiguration(url: "redis://127.0.0.1:\(redis.port)")
                )
                // The machine runs many tests; a floor lasts longer than any request.
                var configuration = SyncConfiguration()
                configuration.redisDeadline = .milliseconds(250)
                configuration.databaseDeadline = .seconds(20)
                configuration.floorTime = .seconds(30)
                try await SyncInstance.withInstance("api", servers, configuration: configuration) { instance in
                    try await HybridStore.withStore(instance) { store in
                        let registry = MetricRegistry()
                        // As the relay's role: the service may not move the epoch.
                        try await PostgresClient.withClient(servers.relay, maximumSessions: 2) { relay in
                            try await RedisClient.withClient(servers.redis) { redis in
                                let cache = CacheMaintenance(postgres: relay, redis: redis)
                                try await TestService.run(
                                    store,
                                    registry: registry,
                                    administration: Administration { cache }
                                ) { try await body($0, registry) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static let json = "Content-Type: application/json"

    @Test("a document is made, read from ever nearer, changed, told of and removed")
    func life() async throws {
        try await Self.withService { connection, registry in
            let body = Array("{\"task_id\":\"a/b\",\"title\":\"first\"}".utf8)
            let created = try await connection.ask("POST", "/api/tasks", [Self.json, "Idempotency-Key: 1"], body: body)
            #expect(created.status == 201)
            #expect(created.field("location") == "/api/tasks/a%2Fb")
            let again = try await connection.ask("POST", "/api/tasks", [Self.json, "Idempotency-Key: 1"], body: body)
            #expect(again.body == created.body)
            #expect(again.field("idempotency-replayed") == "true")
            let other = try await connection.ask(
                "POST",
                "/api/tasks",
                [Self.json, "Idempotency-Key: 1"],
                body: body + [0x20]
            )
            #expect(other.status == 422)
            let exists = try await connection.ask("POST", "/api/tasks", [Self.json], body: body)
            #expect(exists.status == 409)

            try await eventually("the near-cache holds it") {
                try await connection.ask("GET", "/api/tasks/a%2Fb").field("cache-status") == "cortex-near; hit"
            }
            let near = try await connection.ask("GET", "/api/tasks/a%2Fb")
            #expect(near.body == created.body)
            #expect(near.field("etag") == created.field("etag"))

            let patch = ["Content-Type: application/merge-patch+json", "If-Match: \(near.field("etag") ?? "")"]
            let changed = try await connection.ask(
                "PATCH",
                "/api/tasks/a%2Fb",
                patch,
                body: Array("{\"title\":\"next\"}".utf8)
            )
            #expect(changed.status == 200)
            let token = changed.field("etag")?.replacing("\"", with: "") ?? ""
            let stale = try await connection.ask("PATCH", "/api/tasks/a%2Fb", patch, body: Array("{}".utf8))
            #expect(stale.status == 412)
            #expect(stale.field("etag") == changed.field("etag"))
            let own = try await connection.ask("GET", "/api/tasks/a%2Fb", ["Cortex-Min-Version: tasks/a%2Fb=\(token)"])
            #expect(own.body == changed.body)
            let recent = try await connection.ask("GET", "/api/tasks/a%2Fb")
            #expect(recent.body == changed.body)
            let strong = try await connection.ask("GET", "/api/tasks/a%2Fb", ["Cortex-Consistency: strong"])
            #expect(strong.field("cache-status") == "cortex; fwd=miss")

            #expect(try await connection.ask("DELETE", "/api/tasks/a%2Fb").status == 204)
            #expect(try await connection.ask("GET", "/api/tasks/a%2Fb").status == 404)
        }
    }

    @Test("a change is told to a reader of the stream")
    func stream() async throws {
        try await Self.withService { connection, _ in
            let isTold = Flag()
            let reading = Task {
                let request = "GET /api/subscribe HTTP/1.1\r\nHost: h\r\n\r\n"
                let found = try await connection.exchange(
                    [Array(request.utf8)],
                    expected: nil,
                    until: "io.cortex.asset.created",
                    patience: 20
                )
                isTold.set()
                return found
            }
            // The stream begins with what comes next, so changes are made until one is told.
            try await eventually("the stream has told of one") {
                let body = Array("{\"asset_id\":\"x\(Int.random(in: 0...Int.max))\"}".utf8)
                let made = try await connection.ask("POST", "/api/assets", [Self.json], body: body)
                #expect(made.status == 201)
                return isTold.isSet
            }
            let text = String(decoding: try await reading.value.bytes, as: UTF8.self)
            #expect(text.contains("\"action\":\"created\""))
        }
    }

    @Test("every route answers without an error of the server")
    func everyRoute() async throws {
        try await Self.withService { connection, _ in
            for route in RouteTable.all.routes where route.operation != "subscribe" {
                let path = route.template.replacing("{id}", with: "a").replacing("{kind}", with: "k")
                let type = route.body.map { ["Content-Type: \($0.mediaTypes[0])"] } ?? []
                let answer = try await connection.ask(
                    route.method.rawValue,
                    path,
                    type,
                    body: route.body.map { _ in Array("{}".utf8) }
                )
                #expect(answer.status < 500, "\(route.operation): \(answer.text)")
                let described = route.outcomes.map(\.status) + route.allProblems
                #expect(described.contains(answer.status), "\(route.operation): \(answer.status)")
            }
        }
    }
}

/// Something that has happened.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
}
