import DataMigration
import Diagnostics
import Domain
import EmbeddedServers
import ExampleTree
import Foundation
import Postgres
import RESP
import Redis
import SchemaMigration
import SourceTree
import TestSupport
import Testing

@testable import SyncMiddleware

/// A database with the schema and an empty Redis, both for one test.
struct ViewHarness {
    let postgres: PostgresClient
    let redis: RedisClient
    let server: ScratchRedis
    /// The superuser's URL of the database.
    let url: String
    var configuration = ViewConfiguration()

    static func with<R>(_ body: (ViewHarness) async throws -> R) async throws -> R {
        try await TestRedis.withServer { server in
            try await withDatabase { postgres, url in
                try await RedisClient.withClient(RedisConfiguration(url: "unix://\(server.socket)")) {
                    try await body(ViewHarness(postgres: postgres, redis: $0, server: server, url: url))
                }
            }
        }
    }

    /// A database with the schema.
    static func withDatabase<R>(_ body: (PostgresClient, String) async throws -> R) async throws -> R {
        try await TestDatabase.withDatabase { url in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { postgres in
                _ = try await postgres.withSession { try await SchemaMigrator.ensureCurrent($0) }
                return try await body(postgres, url)
            }
        }
    }

    /// The same stores with other settings.
    func with(_ change: (inout ViewConfiguration) -> Void) -> ViewHarness {
        var other = self
        change(&other.configuration)
        return other
    }

    var view: PublishedView { PublishedView(postgres: postgres, redis: redis, configuration: configuration) }

    /// The office with this fencing number, under the epoch that the database has.
    func office(_ fence: Int = 1) async throws -> ViewOffice {
        ViewOffice(epoch: try await view.office().epoch, fence: fence)
    }

    /// Moves the example tree into the database.
    func importExample() async throws {
        try await withTemporaryDirectory { directory in
            let tree = directory + "/tree"
            try ExampleTree(seed: 7, tasks: 60).write(to: tree)
            let migration = Migration(
                source: try SourceRoot(validating: tree),
                mapping: try Mapping.shipped(),
                options: MigrationOptions(),
                progress: { _ in }
            )
            let facts = RunFacts(
                runID: "test",
                dryRun: false,
                source: "tree",
                target: "test",
                toolVersion: "test",
                startedAt: "2026-01-01T00:00:00Z"
            )
            _ = try await postgres.withSession { try await migration.run(session: $0, facts: facts) }
        }
    }

    func run(_ sql: String...) async throws {
        for statement in sql { try await postgres.query(statement) }
    }

    // MARK: What there is and what there should be

    /// Every published key with its members, `member` or `member = value`, sorted.
    func published() async throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        for name in try await redis.send("KEYS", "*").elements ?? [] {
            guard let key = name.text, !key.hasPrefix("cortex:") else { continue }
            switch try await redis.send("TYPE", .text(key)).text {
            case "string": result[key] = [try await redis.send("GET", .text(key)).text ?? "not UTF-8"]
            case "hash":
                let pairs = try await redis.send("HGETALL", .text(key)).pairs ?? []
                result[key] = pairs.map { "\($0.key.text ?? "?") = \($0.value.text ?? "?")" }.sorted()
            case "set":
                result[key] = (try await redis.send("SMEMBERS", .text(key)).elements ?? []).compactMap(\.text).sorted()
            case "zset":
                let reply = try await redis.send("ZRANGE", .text(key), 0, -1, "WITHSCORES").elements ?? []
                let flat = reply.flatMap { $0.elements ?? [$0] }
                result[key] = stride(from: 0, to: flat.count, by: 2).map {
                    "\(flat[$0].text ?? "?") = \(flat[$0 + 1].number ?? .nan)"
                }.sorted()
            default: result[key] = ["of another type"]
            }
        }
        return result
    }

    /// The same as PostgreSQL says it, by statements that know nothing of the view.
    func expected() async throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        for sql in try await ViewOracle.statements(postgres) {
            for row in try await postgres.query(sql).rows {
                guard let key = row[0].string, let member = row[1].string else { continue }
                let value = row.count > 2 ? row[2].string : nil
                let number = key == "catalog:index:by_modified" ? value.flatMap(Double.init).map { "\($0)" } : value
                result[key, default: []].append(number.map { "\(member) = \($0)" } ?? member)
            }
        }
        return result.mapValues { Array(Set($0)).sorted() }
    }

    /// Where both differ: at most ten lines; empty when they are equal.
    func differences() async throws -> [String] {
        let (there, wanted) = (try await published(), try await expected())
        var lines: [String] = []
        for key in Set(there.keys).union(wanted.keys).sorted() where there[key] != wanted[key] {
            let (found, right) = (Set(there[key] ?? []), Set(wanted[key] ?? []))
            let extra = found.subtracting(right).sorted().prefix(2).map { $0.prefix(300) }
            let missing = right.subtracting(found).sorted().prefix(2).map { $0.prefix(300) }
            lines.append("\(key): unexpected \(extra), missing \(missing)")
        }
        return Array(lines.prefix(10))
    }
}

extension ViewHarness {
    /// Fails with the differences if there are any.
    func requireEqual(_ comment: String = "", _ location: SourceLocation = #_sourceLocation) async throws {
        let found = try await differences()
        try #require(
            found.isEmpty,
            "\(comment)\n\(found.joined(separator: "\n"))",
            sourceLocation: location
        )
    }
}

/// What each key family has to be, as SQL: key, member and perhaps value.
enum ViewOracle {
    static func statements(_ postgres: PostgresClient) async throws -> [String] {
        let open = "(a.sensitivity IS NULL OR a.sensitivity IN ('public', 'internal'))"
        func document(_ table: String) async throws -> String {
            let columns =
                try await postgres.query(
                    """
                    SELECT string_agg(format('x.%I', column_name), ', ' ORDER BY ordinal_position)
                    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '\(table)'
                        AND column_name NOT IN ('version', 'imported_version', 'source_record_id', 'search_vector')
                    """
                ).first?[0].string ?? ""
            return "(SELECT row_to_json(d)::text FROM (SELECT x.version, \(columns)) d)"
        }
        let assets = "FROM public.assets a WHERE \(open)"
        var result = [
            "SELECT 'catalog:assets', a.asset_id, (SELECT \(try await document("assets")) FROM public.assets x WHERE x.asset_id = a.asset_id) \(assets)",
            "SELECT 'catalog:checksums', a.asset_id, a.checksum \(assets) AND a.checksum IS NOT NULL",
            "SELECT 'catalog:index:by_modified', a.asset_id, floor(extract(epoch FROM a.last_modified_at) * 1000)::text \(assets) AND a.last_modified_at IS NOT NULL",
            "SELECT 'task:' || task_id, \(try await document("tasks")) FROM public.tasks x",
            "SELECT 'agent:' || agent_id, \(try await document("agents")) FROM public.agents x",
            "SELECT 'tasks:all', task_id FROM public.tasks",
            "SELECT 'tasks:status:' || task_status, task_id FROM public.tasks WHERE task_status IS NOT NULL",
            "SELECT 'tasks:agent:' || assigned_to, task_id FROM public.tasks WHERE assigned_to IS NOT NULL",
            "SELECT 'agents:all', agent_id FROM public.agents",
            "SELECT 'agents:type:' || agent_type, agent_id FROM public.agents WHERE agent_type IS NOT NULL",
            """
            SELECT 'catalog:metadata', format('{"last_discovery":%s,"total_assets":%s,"version":"1.0"}',
                coalesce((SELECT to_json(to_char(max(occurred_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text
                    FROM public.audit_logs WHERE event_type = 'migration.completed'), 'null'), count(*)) \(assets)
            """,
        ]
        for (values, by, column) in [
            ("types", "type", "asset_type"), ("owners", "owner", "owner"), ("namespaces", "namespace", "namespace"),
            ("sensitivities", "sensitivity", "sensitivity"),
        ] {
            result.append("SELECT 'catalog:index:\(values)', a.\(column) \(assets) AND a.\(column) IS NOT NULL")
            result.append(
                "SELECT 'catalog:index:by_\(by):' || a.\(column), a.asset_id \(assets) AND a.\(column) IS NOT NULL"
            )
        }
        let edges = """
            FROM (SELECT coalesce(upstream_asset_id, upstream_raw) AS up,
                coalesce(downstream_asset_id, downstream_raw) AS down FROM public.asset_lineage) e
            WHERE up IS NOT NULL AND down IS NOT NULL
                AND NOT EXISTS (SELECT FROM public.assets a WHERE a.asset_id IN (e.up, e.down) AND NOT \(open))
            """
        result.append("SELECT 'catalog:lineage:upstream:' || down, up \(edges)")
        result.append("SELECT 'catalog:lineage:downstream:' || up, down \(edges)")
        return result
    }
}
