import Diagnostics
public import Postgres

/// Brings the schema of one database to the version of this program, and tells how it stands.
///
/// Every step is one transaction with its verification and its row in the ledger `cortex.schema_migrations`: whatever
/// ends a run, the steps before stay whole and nothing of the one under way remains. Runners take turns by an advisory
/// lock. All methods throw `SchemaError`, and `PostgresError` where the server fails them outside of a step.
public struct SchemaMigrator: Sendable {
    private let session: PostgresSession
    private let catalogue: MigrationCatalogue
    private let waitLimit: Duration
    private let checkpoint: StepTransaction.Checkpoint?

    /// A migrator on a session without an open transaction.
    ///
    /// `waitLimit` is how long a step waits for another runner, and for any lock that one of its statements needs; by
    /// default 60 s.
    public init(
        session: PostgresSession,
        migrations: MigrationCatalogue = .shipped,
        waitLimit: Duration = .seconds(60)
    ) {
        self.init(session: session, migrations: migrations, waitLimit: waitLimit, checkpoint: nil)
    }

    init(
        session: PostgresSession,
        migrations: MigrationCatalogue,
        waitLimit: Duration = .seconds(60),
        checkpoint: StepTransaction.Checkpoint?
    ) {
        self.session = session
        catalogue = migrations
        self.waitLimit = waitLimit
        self.checkpoint = checkpoint
    }

    /// Applies what is missing and nothing else; for a database that is current it costs one query.
    ///
    /// Throws `schema.newer` when the database has migrations that this program does not know.
    @discardableResult
    public static func ensureCurrent(_ session: PostgresSession) async throws -> SchemaChangeReport {
        try await SchemaMigrator(session: session).up()
    }

    // MARK: Looking

    /// How the database stands; throws only what the server does.
    public func status() async throws -> SchemaStatus {
        (try await Ledger.read(session) ?? Ledger([])).status(catalogue)
    }

    /// Runs the verification of every applied step and rolls back what it did; of those that compare all grants only the newest's.
    ///
    /// Throws `schema.outdated` when nothing was applied, and what `up` throws for a ledger that does not fit.
    public func verify() async throws -> [SchemaVerification] {
        guard let ledger = try await Ledger.read(session), ledger.current > 0 else { throw SchemaError.absent }
        try ledger.check(catalogue)
        var verifications: [SchemaVerification] = []
        for step in catalogue.stepsToVerify(at: ledger.current) {
            verifications.append(try await verification(of: step))
        }
        return verifications
    }

    /// What differs between the database and what was recorded when the migrations were applied, sorted by object.
    ///
    /// Compares the schemas `source`, `public` and `cortex`: tables, columns, constraints, indexes, functions, triggers,
    /// views, policies, types, owners and grants; and whether our roles and extensions exist. Works whatever version the
    /// database has. A newer major version of PostgreSQL may word a definition differently.
    /// Throws `schema.outdated` when nothing was applied.
    public func drift() async throws -> [SchemaDrift] {
        try await session.withTransaction(.readOnly) {
            guard let ledger = try await Ledger.read(session), ledger.current > 0 else { throw SchemaError.absent }
            let expected = try await CatalogueSnapshot.recorded(session)
            return expected.differences(in: try await .live(session))
        }
    }

    // MARK: Changing

    /// Applies the steps that are missing up to a number, by default all.
    ///
    /// Throws `schema.newer`, `schema.checksum`, `schema.ledger`, `schema.migration_failed` with file, line and
    /// SQLSTATE, or `run.locked` naming the other runner.
    @discardableResult
    public func up(to limit: Int? = nil) async throws -> SchemaChangeReport {
        let limit = try checked(limit ?? catalogue.latest)
        return try await repeating(while: { $0 < limit }) { transaction in
            try await transaction.applyNext(upTo: limit)
        }
    }

    /// Undoes the steps above a number, the last first; with 0 the ledger goes, too.
    ///
    /// The data in them is lost. Throws as `up` does.
    @discardableResult
    public func down(to limit: Int) async throws -> SchemaChangeReport {
        let limit = try checked(limit)
        return try await repeating(while: { $0 > limit }) { transaction in
            try await transaction.undoLast(downTo: limit)
        }
    }

    // MARK: Private parts

    private func checked(_ number: Int) throws(SchemaError) -> Int {
        guard (0...catalogue.latest).contains(number) else {
            throw SchemaError(.usage, "there is no migration \(number): they go from 1 to \(catalogue.latest)")
        }
        return number
    }

    private func repeating(
        while isNeeded: (Int) -> Bool,
        _ next: (StepTransaction) async throws -> SchemaChangeReport.Step?
    ) async throws -> SchemaChangeReport {
        let status = try await status()
        if let problem = status.problem { throw problem }
        let transaction = StepTransaction(
            session: session,
            catalogue: catalogue,
            waitLimit: waitLimit,
            checkpoint: checkpoint
        )
        var steps: [SchemaChangeReport.Step] = []
        guard isNeeded(status.current) else {
            return SchemaChangeReport(from: status.current, to: status.current, steps: [])
        }
        while let step = try await next(transaction) { steps.append(step) }
        return SchemaChangeReport(from: status.current, to: try await self.status().current, steps: steps)
    }

    private func verification(of step: SchemaStep) async throws -> SchemaVerification {
        let runner = StepRunner(session: session, step: step, purpose: .check, checkpoint: checkpoint)
        do throws(any Error) {
            try await session.withTransaction { try await runner.verify() }
            return SchemaVerification(number: step.number, name: step.name, failure: nil)
        } catch let error as SchemaError where error.code == .schemaMigrationFailed {
            return SchemaVerification(number: step.number, name: step.name, failure: error)
        }
    }
}
