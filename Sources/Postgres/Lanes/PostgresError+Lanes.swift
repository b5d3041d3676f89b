import Diagnostics

extension PostgresError {
    /// The lane's queue is full.
    static func laneFull(_ name: String, _ maximum: Int) -> PostgresError {
        PostgresError(
            .postgresUnavailable,
            "\(maximum) requests wait in the PostgreSQL \(name) lane already",
            hint: "the database is overloaded: try again later"
        )
    }

    /// A statement that a lane does not take.
    static var notForLanes: PostgresError {
        misuse(
            "a lane takes one SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES or TABLE statement",
            hint: "use PostgresClient for transactions, settings, COPY and everything else"
        )
    }

    /// A request whose deadline passed while it waited; `outage` is why there is no connection.
    static func lateInQueue(outage: PostgresError?) -> PostgresError {
        guard let outage else {
            return PostgresError(
                .postgresDeadline,
                "a request was not sent to PostgreSQL before its deadline",
                hint: "the lane is busy: look for slow statements and locks, or allow more time"
            )
        }
        return PostgresError(
            outage.code,
            "a request was not sent before its deadline: \(outage.message)",
            hint: outage.hint,
            cause: outage,
            server: outage.server,
            sqlState: outage.sqlState
        )
    }

    /// A request whose caller stopped waiting after it was sent.
    static func leftUnanswered(_ reason: Interruption, isWrite: Bool) -> PostgresError {
        let suffix = isWrite ? "; whether it takes effect is unknown" : ""
        let hint = isWrite ? "look at what it should have changed before you repeat it" : nil
        switch reason {
        case .deadline:
            return PostgresError(
                .postgresDeadline,
                "PostgreSQL did not answer a request before its deadline" + suffix,
                hint: hint ?? "look for locks in pg_stat_activity, or allow more time",
                isCommitUnknown: isWrite
            )
        case .cancelled, .abandoned:
            return PostgresError(
                .postgresCancelled,
                "a request was cancelled after it was sent" + suffix,
                hint: hint,
                cause: CancellationError(),
                isCommitUnknown: isWrite
            )
        }
    }

    /// Why a connection of a lane was closed that went silent.
    static func silent(for silence: Duration) -> PostgresError {
        PostgresError(
            .postgresConnectionLost,
            "the connection to PostgreSQL was closed: it had said nothing for \(silence)",
            hint: "see in pg_stat_activity what the server does, or whether the network to it is stuck"
        )
    }
}
