import Diagnostics

// How an exchange ends for its caller: which error it is.

extension ExchangeRun {
    /// The outcome of an exchange that the server has finished.
    func makeOutcome(interruption: Interruption?, statementTimeout: Duration?) -> Result<Completion, PostgresError> {
        if let localError { return .failure(localError) }
        if let serverError {
            return .failure(error(for: serverError, interruption: interruption, statementTimeout: statementTimeout))
        }
        // Stopped in time to lose rows, or before it was sent, but without an error from the server.
        let hasLostRows = statement.shape == .rows || statement.shape == .copyOut || !isSent
        if let interruption, hasLostRows { return .failure(.stopped(interruption, server: nil)) }
        let last = results.last
        return .success(Completion(affected: last?.affected ?? 0, commandTag: last?.commandTag ?? ""))
    }

    private func error(
        for server: PostgresServerMessage,
        interruption: Interruption?,
        statementTimeout: Duration?
    ) -> PostgresError {
        guard server.sqlState == "57014" else { return .statement(server) }
        if let interruption { return .stopped(interruption, server: server) }
        if isSuspected {
            return .misuse("COPY was ended because the server sent something unexpected", hint: "run the COPY again")
        }
        // The server cancelled on its own: by statement_timeout, or because somebody asked it to.
        if server.message.contains("statement timeout") { return .stopped(.deadline, server: server) }
        if let statementTimeout, startedAt.duration(to: .now) >= statementTimeout {
            return .stopped(.deadline, server: server)
        }
        return .stopped(.cancelled, server: server)
    }
}

extension PostgresError {
    /// A statement that was stopped; the transaction it was in, if any, can only be rolled back.
    static func stopped(_ reason: Interruption, server: PostgresServerMessage?) -> PostgresError {
        switch reason {
        case .deadline:
            PostgresError(
                .postgresDeadline,
                "a statement ran past its deadline and was cancelled",
                hint: "look for locks in pg_stat_activity, or allow more time",
                server: server,
                sqlState: "57014"
            )
        case .cancelled, .abandoned:
            PostgresError(
                .postgresCancelled,
                "a statement was cancelled",
                cause: CancellationError(),
                server: server,
                sqlState: "57014"
            )
        }
    }

    /// Why a connection is gone.
    static func connectionLost(lastWords: PostgresServerMessage?, libpq: PostgresError?) -> PostgresError {
        let reason = lastWords?.safeMessage ?? libpq?.message ?? "the server closed it"
        return PostgresError(
            .postgresConnectionLost,
            "the connection to PostgreSQL was lost: \(reason)",
            hint: "see whether the server runs, and its log",
            server: lastWords
        )
    }

    /// Why a connection was closed whose statement was stopped and went on.
    static func didNotStop(within grace: Duration) -> PostgresError {
        PostgresError(
            .postgresConnectionLost,
            "the connection to PostgreSQL was closed: a stopped statement had not ended after \(grace)",
            hint: "see in pg_stat_activity what the server does, or whether the network to it is stuck"
        )
    }

    /// What becomes of a statement whose connection is gone.
    static func exchangeLost(
        _ reason: PostgresError,
        interruption: Interruption?,
        isCommitUnknown: Bool
    ) -> PostgresError {
        let suffix = isCommitUnknown ? "; whether the statement took effect is unknown" : ""
        let hint = isCommitUnknown ? "look at what it should have changed before you repeat it" : reason.hint
        let (code, message): (ErrorCode, String) =
            switch interruption {
            case nil, .abandoned: (reason.code, reason.message)
            case .deadline: (.postgresDeadline, "a statement ran past its deadline, and its connection was closed")
            case .cancelled: (.postgresCancelled, "a statement was cancelled, and its connection was closed")
            }
        return PostgresError(
            code,
            message + suffix,
            hint: hint,
            cause: interruption == nil ? reason.cause : reason,
            server: reason.server,
            sqlState: reason.sqlState,
            isCommitUnknown: isCommitUnknown
        )
    }

    /// A statement for a connection that was gone before.
    static func notSent(_ reason: PostgresError?) -> PostgresError {
        guard let reason else { return .misuse("nothing of this kind runs on this session") }
        return PostgresError(
            reason.code,
            "the statement was not sent: \(reason.message)",
            hint: reason.hint,
            cause: reason.cause,
            server: reason.server,
            sqlState: reason.sqlState
        )
    }

    /// An error that libpq made.
    static func libpq(_ text: String) -> PostgresError {
        let firstLine = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "libpq gave no reason"
        return PostgresError(.postgresProtocol, firstLine)
    }
}
