import Domain
import Postgres
import RESP
import Redis

/// Compares cached documents with PostgreSQL: version, sensitivity, and the body byte for byte.
struct DocumentChecker: Sendable {
    let postgres: PostgresClient
    let redis: RedisClient
    let configuration: ViewConfiguration
    let epoch: Int
    let limit: Int
    /// The share of the time that it works.
    var share = 1.0

    /// A key and what it held when it was looked at.
    struct Found: Sendable {
        let key: CachedKey
        let content: Content

        enum Content: Sendable {
            case document(VersionedDocument)
            case tombstone
            case garbage
            case otherType
        }
    }

    /// A row as PostgreSQL has it.
    private struct Row {
        let version: Int
        let sensitivity: String?
        let body: [UInt8]
    }

    /// Compares all keys of the epoch, or about so many of them by chance; differences that are gone after the settle
    /// time were changes on their way.
    func check(sample: Int?) async throws -> CacheCheckReport {
        var report = CacheCheckReport()
        var suspects: [CachedKey] = []
        var pace = WorkPace(share: share)
        try await forEachPage(sample: sample) { names in
            let found = try await read(names.compactMap(CachedKey.init))
            report.checked += found.filter { if case .tombstone = $0.content { false } else { true } }.count
            suspects += try await faults(found).map(\.key)
            try await pace.rest()
        }
        guard !suspects.isEmpty else {
            report.nines = CacheCheckReport.nines(checked: report.checked, mismatches: 0)
            return report
        }
        try await Task.sleep(for: configuration.settleTime)
        for keys in suspects.pages(of: configuration.pageRows) {
            let faults = try await faults(try await read(keys))
            report.mismatches += faults.count
            report.settled += keys.count - faults.count
            report.keys += faults.map(\.mismatch).prefix(limit - report.keys.count)
        }
        report.nines = CacheCheckReport.nines(checked: report.checked, mismatches: report.mismatches)
        return report
    }

    // MARK: Redis

    private func forEachPage(sample: Int?, _ body: ([[UInt8]]) async throws -> Void) async throws {
        let prefix = Array("cortex:\(epoch):".utf8)
        // Who asks for more than there is gets all, in one walk.
        if let sample, sample < (try await send("DBSIZE", []).int ?? 0) {
            // RANDOMKEY names keys of every kind; where few are ours, few are found.
            var names: Set<[UInt8]> = []
            for _ in 0..<sample {
                guard let name = try await send("RANDOMKEY", []).bytes else { break }
                if name.starts(with: prefix) { names.insert(name) }
            }
            for page in Array(names).pages(of: configuration.pageRows) { try await body(page) }
            return
        }
        var cursor = "0"
        repeat {
            let arguments: [RESPArgument] = [.text(cursor), "MATCH", .text("cortex:\(epoch):*"), "COUNT", 500]
            let reply = try await send("SCAN", arguments).elements ?? []
            cursor = reply.first?.text ?? "0"
            let names = reply.dropFirst().first?.elements?.compactMap(\.bytes) ?? []
            if !names.isEmpty { try await body(names) }
        } while cursor != "0"
    }

    /// Reads keys; what is gone meanwhile is left out.
    func read(_ keys: [CachedKey]) async throws -> [Found] {
        guard !keys.isEmpty else { return [] }
        let values = try await send("MGET", keys.map { .bytes($0.name) }).elements ?? []
        var result: [Found] = []
        for (key, value) in zip(keys, values) {
            guard let bytes = value.bytes else {
                if try await send("TYPE", [.bytes(key.name)]).text != "none" {
                    result.append(Found(key: key, content: .otherType))
                }
                continue
            }
            switch CacheContent(bytes: bytes) {
            case .document(let document, _): result.append(Found(key: key, content: .document(document)))
            case .tombstone: result.append(Found(key: key, content: .tombstone))
            case nil: result.append(Found(key: key, content: .garbage))
            }
        }
        return result
    }

    private func send(_ name: String, _ arguments: [RESPArgument]) async throws -> RESPValue {
        try await redis.send(RESPCommand(name, arguments), timeout: configuration.redisDeadline)
    }

    // MARK: Comparing

    private struct Fault {
        let key: CachedKey
        let mismatch: CacheMismatch
    }

    private func faults(_ found: [Found]) async throws -> [Fault] {
        var result: [Fault] = []
        for (kind, group) in Dictionary(grouping: found, by: \.key.kind).sorted(by: { $0.key < $1.key }) {
            var rows: [ExactText: Row] = [:]
            if let table = CatalogTable.named(kind) { rows = try await self.rows(table, group.compactMap(\.key.text)) }
            for entry in group {
                // A key of no table, or with an id that no row can have, has nothing that it could equal.
                let row = entry.key.text.flatMap { rows[ExactText($0)] }
                guard let reason = Self.reason(entry.content, row) else { continue }
                result.append(Fault(key: entry.key, mismatch: mismatch(entry, row, reason)))
            }
        }
        return result
    }

    private func rows(_ table: CatalogTable, _ keys: [String]) async throws -> [ExactText: Row] {
        try await postgres.withTransaction(.readOnly) { session in
            try await session.query(DocumentQueries.settings)
            var result: [ExactText: Row] = [:]
            try await session.forEachRow(DocumentQueries.documents(of: table), [.textArray(keys)]) { row in
                result[ExactText(row["key"].string ?? "")] = Row(
                    version: Int(row["version"].integer ?? 0),
                    sensitivity: row["sensitivity"].string,
                    body: row["body"].bytes ?? []
                )
            }
            return result
        }
    }

    private static func reason(_ content: Found.Content, _ row: Row?) -> CacheMismatch.Reason? {
        switch content {
        case .tombstone: return nil
        case .garbage: return .garbage
        case .otherType: return .wrongType
        case .document(let document):
            guard let row else { return .unexpected }
            if case .present(let body, VersionedDocument.secret) = document.content, !body.isEmpty { return .secret }
            if row.sensitivity == VersionedDocument.secret, case .present(let body, _) = document.content, !body.isEmpty
            {
                return .secret
            }
            if document.version != row.version { return document.version < row.version ? .older : .newer }
            switch (document.content, row.sensitivity) {
            case (.absent, nil): return nil
            case (.absent, _?): return .missing
            case (.present, nil): return .unexpected
            case (.present(let body, let word), let sensitivity?):
                if word != sensitivity { return .different }
                return document.isSecretMark || body == row.body ? nil : .different
            }
        }
    }

    private func mismatch(_ entry: Found, _ row: Row?, _ reason: CacheMismatch.Reason) -> CacheMismatch {
        let version: Int? = if case .document(let document) = entry.content { document.version } else { nil }
        return CacheMismatch(
            key: entry.key.name,
            reason: reason,
            kind: entry.key.kind,
            id: String(decoding: entry.key.id, as: UTF8.self),
            expectedVersion: row?.version,
            actualVersion: version
        )
    }
}
