import Postgres
import RESP
import Redis

/// What is still known about what happened to a key: the change feed, the view's memory, Redis.
struct KeyHistory: Sendable {
    let postgres: PostgresClient
    let view: PublishedView

    /// The last changes of a row by the change feed, oldest first.
    func changes(kind: String, id: String) async throws -> [String] {
        let sql = """
            SELECT f.id, f.op, f.version, to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
                coalesce(pg_visible_in_snapshot(f.xid, (SELECT p.position FROM cortex.relay_progress p)), false) AS passed
            FROM cortex.change_feed f WHERE f.kind = $1 AND (f.key = $2 OR f.key = '') ORDER BY f.id DESC LIMIT 5
            """
        return try await postgres.query(sql, [.text(kind), .text(id)]).rows.reversed().map { row in
            let relay = row["passed"].boolean == true ? "the relay has passed it" : "the relay has not passed it"
            return "\(row["at"].string ?? "") \(row["op"].string ?? "") to version \(row["version"].integer ?? 0), "
                + "feed row \(row["id"].integer ?? 0); \(relay)"
        }
    }

    /// What the published view remembers of a row.
    func memory(_ kind: ViewKind, _ id: String) async throws -> String {
        guard try await view.store.send("TYPE", [.text(kind.book)]).text == "hash",
            let value = try await view.store.send("HGET", [.text(kind.book), .text(id)]).bytes
        else { return "the view remembers no such row" }
        let head = String(decoding: value.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self).split(separator: " ")
        guard head.count == 5 else { return "what the view remembers of the row is damaged" }
        let shown = head[4] == "1" ? "published" : "hidden"
        return "the view has version \(head[3]), \(shown), read in epoch \(head[0]) at transaction \(head[1])"
    }

    /// What Redis tells about a key of its own.
    func redis(_ key: String) async throws -> String {
        let ttl = try await view.store.send("PTTL", [.text(key)]).int ?? -2
        switch ttl {
        case -2: return "Redis has no such key"
        case -1: return "the key does not expire"
        default: return "the key expires in \(ttl) ms"
        }
    }

    /// All of it for a mismatch.
    func lines(_ mismatch: CacheMismatch) async throws -> [String] {
        var result: [String] = []
        if let kind = mismatch.kind, let id = mismatch.id, !id.utf8.contains(0) {
            result += try await changes(kind: kind, id: id)
            if CachedKey(Array(mismatch.key.utf8)) == nil, let shown = ViewKind(rawValue: kind) {
                result.append(try await memory(shown, id))
            }
        }
        result.append(try await redis(mismatch.key))
        return result
    }
}
