public import Diagnostics
import Postgres

/// Everything that can go wrong with schema migrations; what PostgreSQL said is the cause.
public struct SchemaError: CortexError {
    /// One of the `schema.…` codes, `run.locked`, or the code of the cause when the server was lost or the task cancelled.
    public let code: ErrorCode
    /// What happened and where, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// What PostgreSQL said.
    public let cause: (any Error)?
    /// Those that are known of `migration`, `file`, `line`, `sqlstate`, `holder`.
    public let details: [String: String]

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        details: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.details = details
    }
}

extension SchemaError {
    /// A migration that cannot be run at all.
    static func badStep(_ message: String, hint: String? = nil, file: String? = nil, line: Int? = nil) -> SchemaError {
        var details: [String: String] = [:]
        details["file"] = file
        details["line"] = line.map(String.init)
        return SchemaError(.schemaMigrationFailed, message, hint: hint, details: details)
    }

    /// A statement of a migration that failed.
    ///
    /// A server that is gone and a cancelled task keep their own codes: the migration is not to blame.
    static func failed(_ place: StatementPlace, _ cause: PostgresError) -> SchemaError {
        let line = place.line(at: cause.position)
        var details = place.details(line: line)
        details["sqlstate"] = cause.sqlState
        return SchemaError(
            cause.code == .postgresStatement ? .schemaMigrationFailed : cause.code,
            "\(place.describe(line: line)) failed\(place.consequence)",
            hint: hint(for: cause),
            cause: cause,
            details: details
        )
    }

    /// A statement of a verification that gave false.
    static func doesNotHold(_ place: StatementPlace) -> SchemaError {
        let line = place.line(at: nil)
        return SchemaError(
            .schemaMigrationFailed,
            "\(place.describe(line: line)) does not hold\(place.consequence)",
            hint: "compare the database with the migration: `cortex schema drift`",
            details: place.details(line: line)
        )
    }

    /// A transaction of the migrator that failed at its BEGIN, in the ledger, or at its COMMIT.
    static func unfinished(_ cause: PostgresError) -> SchemaError {
        SchemaError(
            cause.code == .postgresStatement ? .schemaMigrationFailed : cause.code,
            cause.isCommitUnknown
                ? "the connection was lost while a migration was committed: it is there as a whole or not at all"
                : "the schema could not be changed; nothing of the migration under way was kept",
            hint: cause.isCommitUnknown ? "look with `cortex schema status`" : hint(for: cause),
            cause: cause,
            details: cause.sqlState.map { ["sqlstate": $0] } ?? [:]
        )
    }

    /// Another session holds the migrator's lock.
    static func locked(by holder: String?, after limit: Duration, cause: PostgresError) -> SchemaError {
        SchemaError(
            .runLocked,
            "another session is changing the schema and did not finish within \(limit): \(holder ?? "it just ended")",
            hint: "wait for it, or end it with pg_terminate_backend, then try again: half a migration never remains",
            cause: cause,
            details: holder.map { ["holder": $0] } ?? [:]
        )
    }

    /// The database is ahead of this program.
    static func newer(current: Int, latest: Int) -> SchemaError {
        SchemaError(
            .schemaNewer,
            "the database is at migration \(current) and this program knows \(latest)",
            hint: "use the newer version of cortex that made these migrations"
        )
    }

    /// The database has no schema of ours.
    static var absent: SchemaError {
        SchemaError(
            .schemaOutdated,
            "the database has no Cortex schema",
            hint: "make it with `cortex schema up`"
        )
    }

    private static func hint(for cause: PostgresError) -> String {
        switch cause.sqlState {
        case "42501":
            return "run the migrations as the role that owns the database, or as a superuser"
        case "55P03":
            return "another session holds a lock on the object: try again when it is done"
        case "58P01", "0A000":
            return cause.hint ?? "the server lacks an extension: install its contrib package"
        default:
            return cause.hint ?? "earlier migrations stay applied: remove what is in the way, then try again"
        }
    }
}
