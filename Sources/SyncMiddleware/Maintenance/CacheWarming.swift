import Domain
import Postgres
import RESP
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
        var report = WarmReport()
        let epoch = try await view.office().epoch
        for kind in kinds {
            guard let table = CatalogTable.named(kind) else { continue }
            try await postgres.withSession { session in
                try await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
                try await session.query("DECLARE warm NO SCROLL CURSOR FOR " + DocumentQueries.keys(of: table))
                var left = limit ?? Int.max
                while left > 0 {
                    let count = min(left, Self.warmPage)
                    let rows = try await session.query("FETCH \(count) FROM warm").rows
                    if rows.isEmpty { break }
                    left -= rows.count
                    try await fill(table, rows.compactMap { $0["key"].string }, epoch, &report)
                }
                try await session.query("COMMIT")
            }
        }
        return report
    }

    private func fill(_ table: CatalogTable, _ ids: [String], _ epoch: Int, _ report: inout WarmReport) async throws {
        let token = "warm-\(UInt64.random(in: 0...UInt64.max))"
        let keys = Dictionary(
            uniqueKeysWithValues: ids.map { ($0, CachedKey(epoch: epoch, kind: table.name, id: Array($0.utf8))) }
        )
        var granted: [String] = []
        for (id, status) in try await each(ids, lease: token, keys) {
            switch status {
            case "granted": granted.append(id)
            case "held": report.held += 1
            default: report.skipped += 1
            }
        }
        guard !granted.isEmpty else { return }
        let taken = granted
        let documents = try await postgres.withTransaction(.readOnly) { session in
            try await session.query("SET LOCAL TIME ZONE 'UTC'")
            return try await session.query(DocumentQueries.documents(of: table), [.textArray(taken)]).rows
        }
        for row in documents {
            guard let id = row["key"].string, let key = keys[id] else { continue }
            let content: VersionedDocument.Content =
                row["sensitivity"].string.map { .present(body: row["body"].bytes ?? [], sensitivity: $0) } ?? .absent
            let document = VersionedDocument(version: Int(row["version"].integer ?? 0), content: content)
            if try await fill(key, document.cacheable, token) { report.filled += 1 } else { report.skipped += 1 }
        }
    }

    private func each(
        _ ids: [String],
        lease token: String,
        _ keys: [String: CachedKey]
    ) async throws -> [(String, String)] {
        try await withThrowingTaskGroup(of: (String, String).self) { group in
            for id in ids {
                guard let key = keys[id] else { continue }
                group.addTask {
                    let reply = try await redis.connection.run(
                        CacheScripts.leaseScript,
                        keys: [.bytes(key.name)],
                        arguments: [
                            .text(token), .integer(Int64(sync.leaseTime.milliseconds * 4)),
                            .integer(Int64(sync.floorTime.milliseconds)),
                        ],
                        timeout: configuration.redisDeadline
                    )
                    return (id, reply.elements?.first?.text ?? "")
                }
            }
            var result: [(String, String)] = []
            for try await reply in group { result.append(reply) }
            return result
        }
    }

    private func fill(_ key: CachedKey, _ document: VersionedDocument, _ token: String) async throws -> Bool {
        let (word, body): (String, [UInt8]) =
            switch document.content {
            case .present(let body, let sensitivity): (sensitivity, body)
            case .absent: ("-", [])
            }
        let reply = try await redis.connection.run(
            CacheScripts.fillScript,
            keys: [.bytes(key.name)],
            arguments: [
                .text(token), .integer(Int64(document.version)), .text(word),
                .integer(Int64(sync.documentTime.milliseconds)), .bytes(body),
            ],
            timeout: configuration.redisDeadline
        )
        return reply.elements?.first?.text == "filled"
    }
}

extension CacheScripts {
    static let leaseScript = RedisScript(lease)
    static let fillScript = RedisScript(fill)
}
