import Postgres

/// Applies or undoes one step: its statements, its verification, its row in the ledger and the catalogue that follows from
/// it are one transaction.
struct StepTransaction: Sendable {
    /// Called before each statement; what it throws stops the step there.
    ///
    /// For tests.
    typealias Checkpoint = @Sendable (StatementPlace) async throws -> Void

    let session: PostgresSession
    let catalogue: MigrationCatalogue
    let waitLimit: Duration
    let checkpoint: Checkpoint?

    /// Applies the next step up to this number; nil when there is none.
    func applyNext(upTo limit: Int) async throws -> SchemaChangeReport.Step? {
        try await locked { ledger in
            let current = ledger?.current ?? 0
            guard current < limit, let step = catalogue[current + 1] else { return nil }
            let runner = StepRunner(session: session, step: step, purpose: .apply, checkpoint: checkpoint)
            let clock = ContinuousClock()
            let start = clock.now
            let before = try await ledger == nil ? bootstrap(runner) : runner.snapshot()
            try await runner.run(.up)
            try await runner.verify()
            try await record(before, runner)
            let milliseconds = Int((clock.now - start) / .milliseconds(1))
            try await runner.run(
                """
                INSERT INTO cortex.schema_migrations (number, name, checksum, applied_at, duration_ms)
                VALUES ($1, $2, $3, clock_timestamp(), $4)
                """,
                [.integer(Int64(step.number)), .text(step.name), .text(step.checksum), .integer(Int64(milliseconds))]
            )
            try await runner.finish()
            return .init(number: step.number, name: step.name, milliseconds: milliseconds)
        }
    }

    /// Undoes the last step above this number; nil when there is none.
    func undoLast(downTo limit: Int) async throws -> SchemaChangeReport.Step? {
        try await locked { ledger in
            guard let current = ledger?.current, current > limit, let step = catalogue[current] else { return nil }
            let runner = StepRunner(session: session, step: step, purpose: .undo, checkpoint: checkpoint)
            let clock = ContinuousClock()
            let start = clock.now
            let before = try await runner.snapshot()
            try await runner.run(.down)
            if current == 1 {
                for sql in Bootstrap.removal { try await runner.run(sql) }
            } else {
                try await record(before, runner)
                try await runner.run(
                    "DELETE FROM cortex.schema_migrations WHERE number = $1",
                    [.integer(Int64(current))]
                )
            }
            try await runner.finish()
            let milliseconds = Int((clock.now - start) / .milliseconds(1))
            return .init(number: step.number, name: step.name, milliseconds: milliseconds)
        }
    }

    // MARK: Private parts

    private func locked<R>(_ body: (Ledger?) async throws -> R) async throws -> R {
        let lock = SchemaLock(session: session, limit: waitLimit)
        var isLocked = false
        do {
            return try await session.withTransaction {
                try await lock.take()
                isLocked = true
                let ledger = try await Ledger.read(session)
                try ledger?.check(catalogue)
                return try await body(ledger)
            }
        } catch let error as PostgresError {
            guard !isLocked, error.sqlState == "55P03" else { throw SchemaError.unfinished(error) }
            throw SchemaError.locked(by: try await lock.holder(), after: waitLimit, cause: error)
        }
    }

    /// Makes the ledger and records what there is as the state before the first step.
    private func bootstrap(_ runner: StepRunner) async throws -> CatalogueSnapshot {
        for sql in Bootstrap.statements { try await runner.run(sql) }
        let snapshot = try await runner.snapshot()
        try await runner.record(CatalogueSnapshot([:]).changes(to: snapshot))
        return snapshot
    }

    /// Records what the step changed, and only that: what others changed before stays visible as drift.
    private func record(_ before: CatalogueSnapshot, _ runner: StepRunner) async throws {
        let after = try await runner.snapshot()
        try await runner.record(before.changes(to: after))
    }
}
