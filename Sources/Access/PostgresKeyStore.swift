import Diagnostics
import Domain
public import Postgres

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Keys in the table `api_keys`; what is done to them is audited by its triggers.
///
/// A database whose schema is not there yet has no keys.
public struct PostgresKeyStore: KeyStore {
    private let client: PostgresClient
    private let lanes: PostgresLanes?

    /// The store of this database, as `cortex_api` or the owner.
    ///
    /// With lanes keys are looked up in the read lane, with a deadline of 500 ms; give them where requests depend on it.
    public init(_ client: PostgresClient, lanes: PostgresLanes? = nil) {
        self.client = client
        self.lanes = lanes
    }

    /// The records of these keys; a database that does not answer leaves all unanswered.
    public func find(_ ids: Set<APIKeyID>) async -> KeyLookup {
        var lookup = KeyLookup()
        do {
            let sql = Self.select + " WHERE k.key_id = ANY ($1::text[])"
            let parameters: [PostgresValue] = [.textArray(ids.map(\.description))]
            let result =
                if let lanes {
                    try await lanes.read(sql, parameters, deadline: .now + .milliseconds(500))
                } else {
                    try await client.query(sql, parameters)
                }
            for row in result.rows {
                let record = try Self.record(row)
                lookup.records[record.id] = record
            }
        } catch let error as PostgresError where error.sqlState == Self.noTable {
            return lookup
        } catch {
            lookup.unanswered = ids
            lookup.cause = error
        }
        return lookup
    }

    /// All records of the table.
    public func list() async throws -> [APIKeyRecord] {
        do {
            return try await client.query(Self.select + " ORDER BY k.created_at, k.key_id").rows.map(Self.record)
        } catch let error as PostgresError where error.sqlState == Self.noTable {
            return []
        }
    }

    /// Adds a record.
    public func add(_ record: APIKeyRecord) async throws {
        let insert = """
            INSERT INTO public.api_keys
                (key_id, user_id, sha256, label, scopes, clearance, created_at, created_by, expires_at)
            VALUES ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9)
            ON CONFLICT (key_id) DO NOTHING
            """
        try await client.withTransaction { session in
            try await session.actAs(record.createdBy ?? "cortex")
            do {
                try await session.query(
                    insert,
                    [
                        .text(record.id.description), .optional(record.userID), .bytes(record.sha256),
                        .optional(record.label), .textArray(record.scopes.names),
                        .optional(record.clearance?.rawValue), .instant(record.createdAt),
                        .optional(record.createdBy), record.expiresAt.map(PostgresValue.instant) ?? .null,
                    ]
                )
                try await session.query("SET CONSTRAINTS ALL IMMEDIATE")
            } catch let error as PostgresError where error.sqlState == Self.noUser {
                throw AccessError(
                    .notFound,
                    "there is no such user",
                    hint: "cortex users list shows them",
                    cause: error
                )
            }
            let kept = try await session.query(
                "SELECT sha256 FROM public.api_keys WHERE key_id = $1",
                [.text(record.id.description)]
            )
            guard kept.first?["sha256"].bytes == record.sha256 else { throw AccessError.idTaken(record.id) }
        }
    }

    /// Marks a key as revoked.
    public func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool {
        do {
            return try await client.withTransaction { session in
                try await session.actAs(principal)
                try await session.query(
                    "UPDATE public.api_keys SET revoked_at = $2, revoked_by = $3 WHERE key_id = $1 AND revoked_at IS NULL",
                    [.text(id.description), .instant(now), .text(principal)]
                )
                let known = try await session.query(
                    "SELECT FROM public.api_keys WHERE key_id = $1",
                    [.text(id.description)]
                )
                return known.first != nil
            }
        } catch let error as PostgresError where error.sqlState == Self.noTable {
            return false
        }
    }

    /// `undefined_table`: the schema is not there yet.
    private static let noTable = "42P01"
    /// `foreign_key_violation`.
    private static let noUser = "23503"

    private static let select = """
        SELECT k.key_id, k.user_id, k.sha256, k.label, k.scopes, k.clearance, k.created_by, k.revoked_by,
            extract(epoch FROM k.created_at) AS created, extract(epoch FROM k.expires_at) AS expires,
            extract(epoch FROM k.revoked_at) AS revoked,
            k.user_id IS NULL OR coalesce(u.is_active, true) AS active
        FROM public.api_keys k LEFT JOIN public.users u USING (user_id)
        """

    private static func record(_ row: PostgresRow) throws -> APIKeyRecord {
        guard let text = row["key_id"].string, let id = APIKeyID(text), let sha256 = row["sha256"].bytes,
            let names = row["scopes"].textArray, let scopes = AccessScopes(names: names),
            let created = row["created"].date, let isActive = row["active"].boolean
        else {
            throw AccessError(
                .internal,
                "a row of api_keys is not as Cortex writes them",
                hint: "cortex keys list and psql show it; revoke what does not belong there"
            )
        }
        var record = APIKeyRecord(id: id, sha256: sha256, scopes: scopes, createdAt: created)
        record.userID = row["user_id"].string
        record.label = row["label"].string
        record.clearance = row["clearance"].string.flatMap(Sensitivity.init)
        record.createdBy = row["created_by"].string
        record.expiresAt = row["expires"].date
        record.revokedAt = row["revoked"].date
        record.revokedBy = row["revoked_by"].string
        record.isUserActive = isActive
        return record
    }
}

extension PostgresSession {
    /// Names the principal to the audit triggers for the rest of the transaction.
    func actAs(_ principal: String) async throws {
        try await query("SELECT set_config('cortex.principal', $1, true)", [.text(principal)])
    }
}

extension PostgresValue {
    /// `timestamptz` to the microsecond.
    static func instant(_ date: Date) -> PostgresValue {
        .instant(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }
}

extension PostgresCell {
    /// The time that a number of seconds since 1970 is; nil for NULL.
    var date: Date? { double.map { Date(timeIntervalSince1970: $0) } }
}
