import Postgres

/// The advisory lock that lets one migrator at a time work on a database.
///
/// It belongs to the transaction of one step, so that it can neither be left behind nor be lost halfway.
struct SchemaLock: Sendable {
    /// "cortexsc" as a number.
    static let key: Int64 = 0x636F_7274_6578_7363

    let session: PostgresSession
    /// How long to wait for it, and for the locks that the statements of a migration need.
    let limit: Duration

    /// Takes it until the end of the transaction.
    ///
    /// Throws `postgres.statement` with SQLSTATE 55P03 at the limit.
    func take() async throws(PostgresError) {
        let milliseconds = limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000
        try await session.query(
            "SELECT set_config('lock_timeout', $1, true)",
            [.text("\(max(1, milliseconds))ms")]
        )
        try await session.query("SELECT pg_advisory_xact_lock($1::bigint)", [.integer(Self.key)])
    }

    /// Who holds it, such as `process 4711, role cortex, application cortex, at 10.0.0.7, since 12:00:00Z`.
    func holder() async throws(PostgresError) -> String? {
        let result = try await session.query(
            """
            SELECT concat_ws(', ', 'process ' || l.pid, 'role ' || a.usename, 'application ' || nullif(a.application_name, ''),
                'at ' || host(a.client_addr), 'since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS"Z"'))
            FROM pg_locks l
            LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (l.classid::bigint << 32) + l.objid::bigint = $1::bigint
            LIMIT 1
            """,
            [.integer(Self.key)]
        )
        return result.first?[0].string
    }
}
