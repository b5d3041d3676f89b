import EmbeddedServers
import TestSupport

@testable import SyncMiddleware

/// What PostgreSQL and Redis of a cluster say now.
extension CommittedHistory {
    /// What concerns every store.
    init(of cluster: FaultCluster) async throws {
        let changes = try await cluster.rows("SELECT key, version, mark, is_deletion, digest FROM rig.ledger;")
        self.init(
            changes: changes.map {
                Change(
                    $0[0],
                    Int($0[1]) ?? 0,
                    $0[2],
                    isDeletion: $0[3] == "t",
                    digest: $0[4].isEmpty ? nil : $0[4]
                )
            }
        )
        let current = try await cluster.rows(
            """
            SELECT task_id, version, encode(convert_to(rig.body(task_id), 'UTF8'), 'hex') FROM public.tasks
            UNION ALL
            SELECT d.key, d.version, '' FROM cortex.deleted_rows d
            WHERE d.kind = 'tasks' AND NOT EXISTS (SELECT FROM public.tasks t WHERE t.task_id = d.key);
            """
        )
        for row in current { rows[row[0]] = Document(version: Int(row[1]) ?? 0, body: Self.bytes(hex: row[2])) }
    }

    private static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap { place in
            UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
        }
    }

    /// Adds the change feed with what the relay did, and every private key of the epoch in Redis.
    mutating func addMiddleware(of cluster: FaultCluster) async throws {
        let feed = try await cluster.rows(
            "SELECT id, key, version FROM cortex.change_feed, rig.beginning "
                + "WHERE NOT pg_visible_in_snapshot(xid, position) ORDER BY id;"
        )
        self.feed = feed.map { FeedEntry(id: Int($0[0]) ?? 0, $0[1], Int($0[2]) ?? 0) }
        passed = try await cluster.rows("SELECT id FROM rig.passed ORDER BY step, id;").compactMap { Int($0[0]) }
        numbered = try await cluster.rows("SELECT sum(count) FROM rig.numbered;").first.flatMap { Int($0[0]) } ?? 0
        guard let epoch = try await cluster.rows("SELECT epoch FROM cortex.cache_state;").first?.first,
            let wire = RedisWire(path: cluster.redis.socket)
        else { throw FaultCluster.Incomplete(what: "the state of the cache, or Redis") }
        cached = [:]
        for key in rows.keys {
            guard case .bytes(let bytes) = try wire.command("GET", "cortex:\(epoch):tasks:\(key)"),
                case .document(let document, _)? = CacheContent(bytes: bytes)
            else { continue }
            let body: [UInt8] = if case .present(let body, _) = document.content { body } else { [] }
            cached[key] = Document(version: document.version, body: body)
        }
    }
}
