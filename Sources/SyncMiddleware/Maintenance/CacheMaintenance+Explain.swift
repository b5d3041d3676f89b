import Domain
import Postgres
import RESP
import Redis

extension CacheMaintenance {
    /// Says what a key holds, what PostgreSQL has, and why a read is a hit, a miss or stale.
    ///
    /// `name` is a key as Redis has it, or `<kind>/<id>` for the cached document of a row.
    public func explain(_ name: String) async throws -> CacheExplanation {
        let epoch = try await view.office().epoch
        if let key = CachedKey(Array(name.utf8)) { return try await explain(key, epoch) }
        let bytes = Array(name.utf8)
        if ViewKeys.isPublished(bytes) { return try await explainPublished(name) }
        if let slash = name.firstIndex(of: "/"), CatalogTable.named(String(name[..<slash])) != nil {
            let id = Array(name[name.index(after: slash)...].utf8)
            return try await explain(CachedKey(epoch: epoch, kind: String(name[..<slash]), id: id), epoch)
        }
        return CacheExplanation(
            key: name,
            verdict: .foreign,
            reasons: ["The name is that of no cached document (<kind>/<id>) and of no published key."],
            redis: try await stored(name, nil),
            history: []
        )
    }

    // MARK: Cached documents

    private func explain(_ key: CachedKey, _ epoch: Int) async throws -> CacheExplanation {
        let name = String(decoding: key.name, as: UTF8.self)
        let checker = DocumentChecker(
            postgres: postgres,
            redis: redis,
            configuration: configuration,
            epoch: epoch,
            limit: 1
        )
        let found = try await checker.read([key]).first
        let row = try await row(key)
        var result = CacheExplanation(
            key: name,
            kind: key.kind,
            id: key.text,
            verdict: .miss,
            reasons: [],
            redis: try await stored(name, found?.content),
            postgres: row,
            history: []
        )
        judge(&result, found?.content, row)
        if key.epoch != epoch {
            result.verdict = .miss
            result.reasons = ["The key belongs to epoch \(key.epoch), the epoch is \(epoch): nobody reads it any more."]
        } else if let bypass = try await bypass() {
            result.verdict = .bypass
            result.reasons.insert(bypass, at: 0)
        }
        if let id = key.text {
            result.history = try await KeyHistory(postgres: postgres, view: view).changes(kind: key.kind, id: id)
        }
        return result
    }

    private func judge(
        _ result: inout CacheExplanation,
        _ content: DocumentChecker.Found.Content?,
        _ row: CacheExplanation.Row?
    ) {
        let version = row?.version ?? 0
        switch content {
        case nil:
            result.reasons = [
                "Nothing is cached: never read, expired, or evicted. The next read fills it under a lease."
            ]
        case .garbage, .otherType:
            result.reasons = [
                "The key holds nothing that the scripts write. The next read deletes it and reads PostgreSQL."
            ]
        case .tombstone:
            result.reasons = [
                "A tombstone: the row was changed, and nothing below version \(result.redis.version ?? 0) may be cached."
            ]
        case .document(let document) where document.isSecretMark:
            result.reasons = ["The document is secret: Redis holds a mark without a body, PostgreSQL is read."]
        case .document(let document) where document.version < version:
            result.verdict = .stale
            result.reasons = ["Cached is version \(document.version), PostgreSQL has \(version)."]
        case .document(let document) where document.version > version:
            result.verdict = .stale
            result.reasons = [
                "Cached is version \(document.version), which is above PostgreSQL's \(version): a restore?"
            ]
        case .document(let document):
            result.verdict = .hit
            result.reasons = ["Version \(document.version) is cached, and it is the row's."]
        }
    }

    private func row(_ key: CachedKey) async throws -> CacheExplanation.Row? {
        guard let table = CatalogTable.named(key.kind), let id = key.text else { return nil }
        let sql = DocumentQueries.document(of: table)
        guard let row = try await postgres.query(sql, [.text(id)]).first else { return nil }
        return CacheExplanation.Row(
            exists: !row["sensitivity"].isNull,
            version: Int(row["version"].integer ?? 0),
            sensitivity: row["sensitivity"].string,
            bytes: row["body"].raw?.count ?? 0
        )
    }

    private func stored(
        _ name: String,
        _ content: DocumentChecker.Found.Content?
    ) async throws -> CacheExplanation.Stored {
        let ttl = try await redis.send("PTTL", .text(name), timeout: configuration.redisDeadline).int ?? -2
        let type = try await redis.send("TYPE", .text(name), timeout: configuration.redisDeadline).text ?? "none"
        var result = CacheExplanation.Stored(holds: type == "none" ? "nothing" : type)
        result.expiresInMilliseconds = ttl >= 0 ? Int(ttl) : nil
        switch content {
        case .document(let document):
            result.version = document.version
            switch document.content {
            case .present(let body, let sensitivity):
                (result.holds, result.sensitivity, result.bytes) = ("document", sensitivity, body.count)
            case .absent: result.holds = "absent"
            }
        case .tombstone:
            result.holds = "tombstone"
            let text = try await redis.get(.text(name), timeout: configuration.redisDeadline)
            if let text, case .tombstone(let floor, _, _)? = CacheContent(bytes: text) { result.version = floor }
        case .garbage: result.holds = "garbage"
        case .otherType, nil: break
        }
        return result
    }

    /// Why nobody may ask Redis just now; nil when they may.
    private func bypass() async throws -> String? {
        let sql =
            "SELECT suspended, redis_run_id, drained_at < now() - interval '1 s' AS is_late FROM cortex.cache_state"
        guard let state = try await postgres.query(sql).first else { return nil }
        if state["suspended"].boolean == true {
            return "The relay cannot reach Redis, so nobody reads it (suspended)."
        }
        let info = try await redis.send("INFO", "server", timeout: configuration.redisDeadline).text ?? ""
        let run = RedisInfo(info)["run_id"]
        if let known = state["redis_run_id"].string, let run, known != run {
            return
                "This Redis is not the server that the epoch belongs to: it was restarted, or another took its place."
        }
        if state["is_late"].boolean != false {
            return
                "The relay has not passed the change feed within the last second: reads without a version ask PostgreSQL."
        }
        return nil
    }

    // MARK: Published keys

    private func explainPublished(_ name: String) async throws -> CacheExplanation {
        let office = try await view.office()
        let state = try await viewState(office)
        let family = ViewFamily(Array(name.utf8))
        var result = CacheExplanation(
            key: name,
            verdict: .current,
            reasons: [],
            redis: try await stored(name, nil),
            history: []
        )
        if let family, family.type == "string", let kind = family.place([]).kind {
            result.kind = kind.rawValue
            result.id = String(decoding: family.place([]).id, as: UTF8.self)
            let history = KeyHistory(postgres: postgres, view: view)
            result.history = try await history.changes(kind: kind.rawValue, id: result.id ?? "")
            result.history.append(try await history.memory(kind, result.id ?? ""))
            result.postgres = try await row(CachedKey(epoch: 0, kind: kind.rawValue, id: Array((result.id ?? "").utf8)))
        }
        guard state == .current || state == .behind else {
            result.verdict = .foreign
            result.reasons = ["A key of the published view, which is \(state.rawValue): cortex cache rebuild makes it."]
            return result
        }
        let report = try await ViewChecker(view: view, limit: 10_000).check()
        let wrong = report.keys.filter { $0.key == name }
        result.verdict = wrong.isEmpty ? .current : .stale
        result.reasons =
            wrong.isEmpty
            ? ["A key of the published view, and it holds what PostgreSQL says."]
            : wrong.prefix(10).map { "\($0.reason.rawValue): \($0.member ?? name)" }
        if wrong.isEmpty, result.redis.holds == "nothing" {
            result.reasons = ["Nothing is published there, because no row has it, or the document has expired."]
        }
        return result
    }
}

/// What INFO says, line by line.
struct RedisInfo: Sendable {
    private let fields: [String: String]

    init(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        fields = Dictionary(lines, uniquingKeysWith: { first, _ in first })
    }

    subscript(_ name: String) -> String? { fields[name] }
}
