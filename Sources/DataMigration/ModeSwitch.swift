public import Domain
public import Postgres

/// The row that says where the truth lives; every change has a new epoch.
public enum ModeSwitch: Sendable {
    /// The current mode.
    public static func current(_ session: PostgresSession) async throws -> SystemMode {
        let row = try await session.query("SELECT mode FROM cortex.system_mode").rows.first
        return row?["mode"].string.flatMap(SystemMode.init(rawValue:)) ?? .json
    }

    /// Makes PostgreSQL the truth, in one transaction that no write can straddle: writers hold the shared lock.
    static func cutOver(_ session: PostgresSession, by who: String) async throws {
        try await session.withTransaction {
            try await session.query("SELECT pg_advisory_xact_lock($1::bigint)", [.integer(modeKey)])
            try await session.query(
                """
                UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1, changed_at = now(), changed_by = $1
                WHERE mode <> 'postgres'
                """,
                [.text(who)]
            )
        }
    }

    /// "cortexmd" as a number: the advisory lock of the mode.
    static let modeKey: Int64 = 0x636F_7274_6578_6D64
}
