import Diagnostics
import Domain
import Postgres
import Redis

/// What warming the cache did.
public struct WarmReport: Sendable, Equatable, Codable {
    /// Documents that were read and stored.
    public var filled = 0
    /// Documents that were there already.
    public var held = 0
    /// Keys that somebody else reads just now, or for which the floor or memory refused the document.
    public var skipped = 0
}

extension CacheMaintenance {
    /// The kinds that can be warmed: tables whose rows are served as documents.
    public static let warmKinds = ["agents", "tasks", "assets", "task_handoffs", "documents", "governance_policies"]

    /// So many documents are read under one lease time.
    private static let warmPage = 100

    /// Reads the documents of these kinds into Redis, as readers would: a lease, a read of PostgreSQL after it, a fill.
    ///
    /// So a write beside it wins, as always. Documents that are there stay untouched. Bounded memory: a page at a time.
    /// `limit` is how many documents of each kind at most.
    public func warm(kinds: [String], limit: Int?) async throws -> WarmReport {
        let epoch = try await view.office().epoch
        var patient = sync
        patient.redisDeadline = configuration.redisDeadline
        patient.connectDeadline = configuration.redisDeadline
        // A page is read under one lease.
        patient.leaseTime = sync.leaseTime * 4
        let store = CacheStore(redis, configuration: patient, counters: SyncCounters())
        guard await store.link.identify() != nil else {
            throw store.link.lastFailure ?? SyncError(.redisUnavailable, "Redis does not say which server it is")
        }
        var report = WarmReport()
        for kind in kinds {
            guard let table = CatalogTable.named(kind) else { continue }
            try await postgres.withTransaction(.readOnly) { session in
                try await session.query("DECLARE warm NO SCROLL CURSOR FOR " + DocumentQueries.keys(of: table))
                var left = limit ?? Int.max
                while left > 0 {
                    let rows = try await session.query("FETCH \(min(left, Self.warmPage)) FROM warm").rows
                    if rows.isEmpty { break }
                    left -= rows.count
                    try await fill(table, rows.compactMap { $0["key"].string }, epoch, store, &report)
                }
            }
        }
        return report
    }

    private func fill(
        _ table: CatalogTable,
        _ ids: [String],
        _ epoch: Int,
        _ store: CacheStore,
        _ report: inout WarmReport
    ) async throws {
        let lease = ReadStateMachine.Lease(epoch: epoch, token: "warm-\(UInt64.random(in: 0...UInt64.max))")
        var granted: [String] = []
        for (id, reply) in await replies(ids.map { ($0, nil) }, table, lease, store) {
            switch reply {
            case .granted: granted.append(id)
            case .held: report.held += 1
            default: report.skipped += 1
            }
        }
        guard !granted.isEmpty else { return }
        let taken = granted
        let rows = try await postgres.withTransaction(.readOnly) { session in
            try await session.query(DocumentQueries.settings)
            return try await session.query(DocumentQueries.documents(of: table), [.textArray(taken)]).rows
        }
        let documents = rows.map { row -> (String, VersionedDocument?) in
            let content: VersionedDocument.Content =
                row["sensitivity"].string.map { .present(body: row["body"].bytes ?? [], sensitivity: $0) } ?? .absent
            let version = Int(row["version"].integer ?? 0)
            return (row["key"].string ?? "", VersionedDocument(version: version, content: content).cacheable)
        }
        for (_, reply) in await replies(documents, table, lease, store) {
            if reply == .filled { report.filled += 1 } else { report.skipped += 1 }
        }
    }

    /// Pipelines a LEASE for each key, or a FILL where there is a document.
    private func replies(
        _ keys: [(id: String, document: VersionedDocument?)],
        _ table: CatalogTable,
        _ lease: ReadStateMachine.Lease,
        _ store: CacheStore
    ) async -> [(String, CacheCell.Reply?)] {
        await withTaskGroup(of: (String, CacheCell.Reply?).self) { group in
            for (id, document) in keys {
                group.addTask {
                    let key = "\(table.name):\(id)"
                    guard let document else { return (id, await store.lease(key, lease)) }
                    return (id, await store.fill(key, lease, document))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
