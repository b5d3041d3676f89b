import Diagnostics

extension PostgresSession {
    /// Runs the body in a transaction: COMMIT when it returns, ROLLBACK when it throws.
    ///
    /// Transactions do not nest; see `withSavepoint`. COMMIT and ROLLBACK run also in a cancelled task. When the reply to
    /// COMMIT is lost, the error's `isCommitUnknown` is true. When a statement failed and the body returned nevertheless,
    /// nothing is committed and `postgres.statement` with SQLSTATE 25P02 is thrown.
    @discardableResult
    public func withTransaction<R>(
        _ mode: TransactionMode = .readWrite,
        _ body: () async throws -> R
    ) async throws -> R {
        try await withTransaction(mode, opening: []) { _ in try await body() }
    }

    /// The same with first statements that share a round trip with BEGIN: the body gets the result of each.
    ///
    /// When one of them fails the body does not run. `timeout` is for all of them, as for `query`.
    @discardableResult
    public func withTransaction<R>(
        _ mode: TransactionMode = .readWrite,
        opening: [PostgresStatement],
        timeout: Duration? = nil,
        _ body: ([PostgresResult]) async throws -> R
    ) async throws -> R {
        try checkOpen()
        guard !isInTransaction else {
            throw PostgresError.misuse("transactions do not nest", hint: "use withSavepoint inside of one")
        }
        let result: R
        do {
            let begin = [PostgresStatement(mode.begin)]
            let results = try await pipeline(begin + opening, effect: .insideTransaction, deadline: deadline(timeout))
            result = try await body(Array(results.dropFirst()))
        } catch {
            guard isInTransaction else { throw error }
            throw await undone("ROLLBACK", after: error)
        }
        try await commit()
        return result
    }

    /// Runs the body inside of a savepoint of the open transaction: what it did is undone when it throws, and the
    /// transaction goes on.
    @discardableResult
    public func withSavepoint<R>(_ body: () async throws -> R) async throws -> R {
        guard isInTransaction else {
            throw PostgresError.misuse("a savepoint needs an open transaction", hint: "use withTransaction")
        }
        try await query("SAVEPOINT cortex")
        do {
            let result = try await body()
            try await query("RELEASE SAVEPOINT cortex")
            return result
        } catch {
            throw await undone("ROLLBACK TO SAVEPOINT cortex; RELEASE SAVEPOINT cortex", after: error)
        }
    }

    private func commit() async throws(PostgresError) {
        let (_, answer) = try await connection.perform(
            "COMMIT",
            .parameterised([]),
            effect: .commits,
            deadline: .now + commitTimeout,
            isShielded: true
        )
        // A failed transaction answers COMMIT with ROLLBACK, without an error.
        guard case .results(let results) = answer, results.last?.commandTag == "COMMIT" else {
            throw PostgresError(
                .postgresStatement,
                "the transaction was rolled back: a statement in it had failed before",
                hint: "let the statement's error leave the transaction's body",
                sqlState: "25P02"
            )
        }
    }

    /// Undoes, and gives the error that led there: it is never replaced by one of the undoing.
    private func undone(_ sql: String, after error: any Error) async -> any Error {
        guard isUsable else { return error }
        do throws(PostgresError) {
            _ = try await connection.perform(
                sql,
                .script,
                effect: .insideTransaction,
                deadline: .now + Self.cleanupTimeout,
                isShielded: true
            )
            return error
        } catch let failure {
            // The session's end sees the open transaction and closes the connection, which rolls back.
            return (error as? PostgresError)?.adding(consequence: "\(sql): \(failure.message)") ?? error
        }
    }
}
