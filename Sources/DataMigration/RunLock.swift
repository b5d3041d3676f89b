import Diagnostics
import Postgres

/// The advisory lock that lets one run at a time work on a database; held by the session, given up when the session ends.
enum RunLock {
    /// "cortexrn" as a number: the key of the lock, the same in every version.
    static let key: Int64 = 0x636F_7274_6578_726E

    /// Takes the lock, or says who holds it when it is not free within `patience`: the session of a run that was killed
    /// lives on until the server notices.
    static func acquire(_ session: PostgresSession, patience: Duration) async throws {
        let end = ContinuousClock.now + patience
        while true {
            let rows = try await session.query("SELECT pg_try_advisory_lock($1::bigint) AS taken", [.integer(key)]).rows
            if rows[0]["taken"].boolean == true { return }
            if ContinuousClock.now >= end { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let holder = try await session.query(
            """
            SELECT a.pid, a.application_name, a.backend_start::text AS since FROM pg_locks l
            JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'
            AND (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint AND l.granted LIMIT 1
            """,
            [.integer(key)]
        ).rows.first
        let who =
            holder.map { "backend \($0["pid"].integer ?? 0) since \($0["since"].string ?? "?")" } ?? "another session"
        throw DataMigrationError(
            .runLocked,
            "another run is working on this database: \(who)",
            hint: "wait for it, or end it and start again; what it has read is kept"
        )
    }
}
