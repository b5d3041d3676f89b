import DataMigration
import Domain
import Foundation
import Postgres
import SchemaMigration
import SourceTree
import Synchronization
import TestSupport

/// A database with the schema, and a tree to move into it.
struct MigrationHarness {
    let client: PostgresClient
    let url: String
    let root: String
    var database = ""

    /// A fresh database and an empty directory, both gone at the end.
    static func with<R>(_ body: (MigrationHarness) async throws -> R) async throws -> R {
        try await TestDatabase.withDatabase { url in
            try await withTemporaryDirectory { directory in
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                    return try await body(MigrationHarness(client: client, url: url, root: directory + "/tree"))
                }
            }
        }
    }

    /// Writes files, by path below the root.
    func write(_ files: [String: String]) throws {
        try Self.write(files, to: root)
    }

    /// Writes files, by path below a directory.
    static func write(_ files: [String: String], to root: String) throws {
        for (path, text) in files { try write(path, Array(text.utf8), to: root) }
    }

    /// Writes one file.
    func write(_ path: String, _ bytes: [UInt8]) throws {
        try Self.write(path, bytes, to: root)
    }

    private static func write(_ path: String, _ bytes: [UInt8], to root: String) throws {
        let url = URL(filePath: root + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: root + "/" + path)
    }

    func migration(
        source: String? = nil,
        mapping: Mapping? = nil,
        _ configure: (inout MigrationOptions) -> Void = { _ in },
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) throws -> Migration {
        var options = MigrationOptions()
        configure(&options)
        return Migration(
            source: try SourceRoot(validating: source ?? root),
            mapping: try mapping ?? Mapping.shipped(),
            options: options,
            progress: progress
        )
    }

    /// Runs a migration to its end.
    @discardableResult
    func migrate(
        source: String? = nil,
        mapping: Mapping? = nil,
        _ configure: (inout MigrationOptions) -> Void = { _ in }
    ) async throws -> RunFacts {
        let migration = try migration(source: source, mapping: mapping, configure)
        return try await client.withSession { try await migration.run(session: $0, facts: Self.facts) }
    }

    /// Verifies, repairs what differs, and verifies again.
    func repair(_ configure: (inout MigrationOptions) -> Void = { _ in }) async throws -> RepairFacts {
        let migration = try migration(configure)
        return try await client.withSession { try await migration.repair(session: $0, facts: Self.facts) }
    }

    func verify(source: String? = nil, mapping: Mapping? = nil) async throws -> VerificationReport {
        let migration = try migration(source: source, mapping: mapping)
        return try await client.withSession { try await migration.verify(session: $0) }
    }

    static var facts: RunFacts {
        RunFacts(
            runID: "test",
            dryRun: false,
            source: "tree",
            target: "test",
            toolVersion: "test",
            startedAt: "2026-01-01T00:00:00Z"
        )
    }

    /// The first column of the rows, as text.
    func column(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [String?] {
        try await client.query(sql, parameters).rows.map { $0[0].string }
    }

    /// One number.
    func count(_ sql: String) async throws -> Int64 {
        try await client.query(sql).rows[0][0].integer ?? -1
    }

    /// A hash over every row of `source` and `public` that two imports of one tree must have in common.
    ///
    /// Times of files are left out: the trees of two tests are written at different times.
    /// A repair counts versions up, and what it repairs was audited; without versions only what imported rows say is
    /// compared.
    func tableHashes(includingVersions: Bool = true) async throws -> [String: String] {
        let versions = includingVersions ? "" : "AND attname NOT IN ('version', 'imported_version', 'import_id')"
        let tables = try await client.query(
            """
            SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
            WHERE table_schema IN ('source', 'public') AND table_type = 'BASE TABLE'
            AND table_schema || '.' || table_name <> 'source.imports' ORDER BY 1
            """
        ).rows.compactMap { $0["name"].string }
        var hashes: [String: String] = [:]
        for table in tables {
            let columns =
                try await client.query(
                    """
                    SELECT string_agg(format('t.%I::text', attname), ', ' ORDER BY attname) AS list FROM pg_attribute
                    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'mtime_ns' \(versions)
                    AND NOT ($1::text = 'public.audit_logs' AND attname IN ('id', 'chain_seq', 'row_hash', 'chain_hash'))
                    """,
                    [.text(table)]
                ).rows[0]["list"].string ?? "1"
            let imported = includingVersions ? "" : "AND source_record_id IS NOT NULL"
            let filter = table == "public.audit_logs" ? "WHERE event_type NOT LIKE 'migration.%' \(imported)" : ""
            hashes[table] = try await client.query(
                "SELECT md5(string_agg(r, E'\\n' ORDER BY r)) AS hash FROM (SELECT row(\(columns))::text AS r FROM \(table) t \(filter)) q"
            ).rows[0]["hash"].string
        }
        return hashes
    }
}

/// A small tree with the dialects that matter: a queue, a backup with recycled ids, a spec, a broken spec, a stream.
enum SmallTree {
    static let files = [
        "coordination/task-queue.json": """
        {"tasks": [
          {"id": "task-1", "title": "One", "status": "assigned", "priority": "high", "type": "development",
           "assigned_to": "development", "created_by": "coordinator-master", "created_at": "2025-11-01T10:00:00-0600",
           "routing_confidence": "0.10", "context": {"n": 1.10}},
          {"id": "task-2", "title": "Two", "status": "completed", "priority": "CRITICAL", "type": "security",
           "created_at": "2025-11-16T10:36:48", "deadline": "ASAP", "completed_at": "2025-11-17T00:00:00Z"}
        ], "stats": {"total": 2}, "updated_at": "2025-11-17T01:00:00Z"}
        """,
        "coordination/task-queue-backup-20251107-141724.json": """
        {"tasks": [
          {"id": "task-1", "title": "One, before", "status": "pending", "priority": "high", "type": "development",
           "created_at": "2025-11-01T10:00:00-0600"},
          {"id": "task-2", "title": "Two", "status": "completed", "priority": "CRITICAL", "type": "security",
           "created_at": "2025-11-16T10:36:48", "deadline": "ASAP", "completed_at": "2025-11-17T00:00:00Z"},
          {"id": "task-3", "title": "Three", "status": "queued", "priority": "low", "type": "bug"}
        ], "updated_at": "2025-11-07T14:17:24Z"}
        """,
        "coordination/worker-specs/active/worker-a.json": """
        {"worker_id": "worker-a", "worker_type": "scan-worker", "task_id": "task-1", "status": "running",
         "created_by": "security-master", "created_at": "2025-11-02T00:00:00Z",
         "resources": {"token_budget": 8000, "timeout_minutes": 15}}
        """,
        "coordination/worker-specs/active/worker-b.json": """
        {"worker_id": "worker-b", "context": {"skills_required": , "x": 1}}
        """,
        "coordination/health-reports.jsonl": """
        {"component": "queue", "status": "ok", "timestamp": "2025-11-02T00:00:00Z"}
        {"component": "queue", "status": "ok", "timestamp": "2025-11-02T00:00:00Z"}
        """,
        "coordination/lineage/task-lineage.jsonl": "\n",
        "coordination/catalog/lineage/data-lineage.jsonl": "",
        "notes.txt": "not JSON",
    ]
}

/// Says when something has happened often enough.
final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ left: Int) {
        self.left = Atomic(left)
    }

    /// True from the call on that comes after so many others.
    func isOver() -> Bool {
        left.subtract(1, ordering: .relaxed).oldValue <= 0
    }
}
