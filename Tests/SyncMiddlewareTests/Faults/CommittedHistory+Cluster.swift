import EmbeddedServers
import TestSupport

@testable import SyncMiddleware

/// What PostgreSQL and Redis of a cluster say now.
extension CommittedHistory {
    /// What concerns every store.
    init(of cluster: FaultCluster) async throws {
        let changes = try await cluster.rows("SELECT key, version, mark FROM rig.ledger;")
        let current = try await cluster.rows("SELECT task_id, version, title FROM public.tasks;")
        self.init(
            changes: changes.map { Change($0[0], Int($0[1]) ?? 0, $0[2]) },
            rows: Dictionary(
                uniqueKeysWithValues: current.map { row in
                    (row[0], Document(version: Int(row[1]) ?? 0, body: Array(row[2].utf8)))
                }
            )
        )
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
        for key in rows.keys {
            guard case .bytes(let bytes) = try wire.command("GET", "cortex:\(epoch):tasks:\(key)"),
                case .document(let document, _)? = CacheContent(bytes: bytes)
            else { continue }
            // The mark stands for the body: each version of a row has its own.
            let mark: String? =
                if case .present(let body, _) = document.content { TaskDocument.mark(in: body) } else { nil }
            cached[key] = Document(version: document.version, body: Array((mark ?? "").utf8))
        }
    }
}
