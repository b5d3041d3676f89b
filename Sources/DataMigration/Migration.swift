import Crypto
import Diagnostics
public import Domain
import LosslessJSON
public import Postgres
public import SourceTree

/// Moves a tree into a database: read, resolve, verify, cut over. Each step is a method, so that whatever runs the
/// plan calls the same code.
///
/// A run that is killed at any instant goes on when it is started again; a run over an unchanged tree writes nothing.
public struct Migration: Sendable {
    let source: SourceRoot
    let mapping: Mapping
    let options: MigrationOptions
    let report: @Sendable (ProgressEvent) -> Void

    /// A migration of a checked source through a mapping; `progress` hears of everything that happens.
    public init(
        source: SourceRoot,
        mapping: Mapping,
        options: MigrationOptions = MigrationOptions(),
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) {
        self.source = source
        self.mapping = mapping
        self.options = options
        self.report = progress
    }

    /// Runs every step on one session and returns the facts.
    ///
    /// The schema must be up to date. Differences and an exceeded quarantine are results (`facts.verification`,
    /// `facts.status`), everything else that goes wrong is thrown; what was read is kept then.
    public func run(session: PostgresSession, facts initial: RunFacts) async throws -> RunFacts {
        do {
            guard options.dryRun else { return try await perform(session: session, facts: initial) }
            return try await rehearse(session: session, facts: initial)
        } catch is CancellationError {
            throw DataMigrationError.interrupted
        } catch let error as PostgresError where error.code == .postgresCancelled {
            throw DataMigrationError.interrupted
        }
    }

    /// The real path in one transaction that is rolled back.
    private func rehearse(session: PostgresSession, facts: RunFacts) async throws -> RunFacts {
        struct Rehearsed: Error {
            let facts: RunFacts
        }
        do {
            return try await session.withTransaction {
                throw Rehearsed(facts: try await perform(session: session, facts: facts))
            }
        } catch let rehearsed as Rehearsed {
            return rehearsed.facts
        }
    }

    private func perform(session: PostgresSession, facts initial: RunFacts) async throws -> RunFacts {
        var facts = initial
        let clock = PhaseClock(report: report)
        try await RunLock.acquire(session)
        do {
            try await perform(session: session, facts: &facts, clock: clock)
            facts.timings = clock.timings
            facts.durationSeconds = clock.elapsed
            return facts
        } catch {
            await ImportRow.close(session: session, error: error, inTransaction: options.dryRun)
            throw error
        }
    }

    private func perform(session: PostgresSession, facts: inout RunFacts, clock: PhaseClock) async throws {
        let mode = try await ModeSwitch.current(session)
        facts.mode = mode
        clock.begin("read")
        let importRow = try await ImportRow.open(
            session: session,
            source: source,
            extraction: extractionKey,
            toolVersion: options.toolVersion
        )
        let reading = TreeImport(
            session: session,
            reader: reader(importID: importRow.importID),
            layout: StagingLayout(purpose: .load),
            commitsChunks: !options.dryRun,
            clock: clock
        )
        let isResolved = importRow.continuesResolved
        let outcome = try await reading.read()
        facts.rowsChanged = outcome.rowsChanged
        clock.end(records: outcome.progress.records, bytes: outcome.progress.bytes)

        let collector = FactsCollector(session: session)
        clock.begin("resolve")
        let resolver = Resolver(
            session: session,
            importID: importRow.importID,
            root: source.label,
            protectsChanges: mode == .postgres && !options.overwriteChanged,
            aliases: mapping.aliases.map { ($0.alias, $0.agentID) }
        )
        let isExceeded = try await resolve(
            with: resolver,
            isStale: !isResolved || outcome.rowsChanged > 0,
            facts: &facts,
            session: session
        )
        clock.end(records: outcome.progress.records, bytes: 0)
        if isExceeded {
            facts.status = .quarantineExceeded
            try await collector.collect(into: &facts)
            try await importRow.finish(session: session, facts: facts)
            return
        }

        clock.begin("verify")
        facts.verification = try await verify(
            session: session,
            clock: clock,
            toleratesChanges: mode == .postgres && !options.overwriteChanged
        )
        clock.end(records: outcome.progress.records, bytes: 0)
        try await conclude(session: session, facts: &facts, mode: mode, importRow: importRow)
    }

    /// Stage 2 in one transaction. Returns whether the quarantine is larger than allowed; then nothing of it is kept.
    private func resolve(
        with resolver: Resolver,
        isStale: Bool,
        facts: inout RunFacts,
        session: PostgresSession
    ) async throws -> Bool {
        struct Exceeded: Error {}
        do {
            facts.rowsChanged += try await inTransaction(session) {
                var changed = try await resolver.updateFiles()
                guard isStale || changed > 0 else { return 0 }
                try await Restaging(session: session, migration: self).restage()
                if let limit = options.maximumQuarantined {
                    let quarantined = try await FactsCollector(session: session).ledger().total.quarantined
                    if quarantined > limit { throw Exceeded() }
                }
                changed += try await resolver.resolve()
                return changed
            }
            return false
        } catch is Exceeded {
            return true
        }
    }

    private func inTransaction<Result>(
        _ session: PostgresSession,
        _ body: () async throws -> Result
    ) async throws -> Result {
        guard options.dryRun else { return try await session.withTransaction { try await body() } }
        return try await session.withSavepoint { try await body() }
    }

    /// Reads the tree again and compares it with the database, five ways.
    ///
    /// With `toleratesChanges` rows that programs changed or deleted since the cutover are no differences.
    public func verify(session: PostgresSession, toleratesChanges: Bool = false) async throws -> VerificationReport {
        let clock = PhaseClock(report: report)
        do {
            clock.begin("verify")
            let report = try await verify(session: session, clock: clock, toleratesChanges: toleratesChanges)
            clock.end(records: report.checks.first { $0.name == "records" }?.compared ?? 0, bytes: 0)
            return report
        } catch is CancellationError {
            throw DataMigrationError.interrupted
        } catch let error as PostgresError where error.code == .postgresCancelled {
            throw DataMigrationError.interrupted
        }
    }

    private func verify(
        session: PostgresSession,
        clock: PhaseClock,
        toleratesChanges: Bool
    ) async throws -> VerificationReport {
        let layout = StagingLayout(purpose: .verify)
        let reading = TreeImport(
            session: session,
            reader: reader(importID: 0),
            layout: layout,
            commitsChunks: false,
            clock: clock
        )
        _ = try await reading.read()
        let report = try await Verifier(session: session, root: source.label, toleratesChanges: toleratesChanges)
            .verify()
        for statement in layout.removal { try await session.query(statement) }
        return report
    }

    private func conclude(
        session: PostgresSession,
        facts: inout RunFacts,
        mode: SystemMode,
        importRow: ImportRow
    ) async throws {
        try await FactsCollector(session: session).collect(into: &facts)
        guard facts.ledger.isBalanced else {
            throw DataMigrationError(
                .ledgerUnbalanced,
                "the ledger does not balance: \(facts.ledger.total.read) records were read and fewer ended somewhere",
                hint: "this is a defect of Cortex; keep the database and the report, the mode is unchanged"
            )
        }
        facts.notes += try await changedSinceCutover(session: session, mode: mode)
        let passed = facts.verification?.passed == true
        facts.status = options.dryRun ? .dryRun : passed ? .completed : .failed
        if facts.rowsChanged == 0 {
            facts.notes.append("Nothing has changed since the last import; nothing was written.")
        }
        if passed && !options.noCutover && !options.dryRun && mode != .postgres {
            try await ModeSwitch.cutOver(session, by: "cortex migrate \(facts.runID)")
            facts.mode = .postgres
        }
        if options.dryRun { try await estimate(session: session, facts: &facts) }
        if facts.rowsChanged > 0 && !options.dryRun {
            try await audit(session: session, facts: facts)
            try await vacuum(session: session)
        }
        try await importRow.finish(session: session, facts: facts)
        if facts.mode == .postgres && !options.dryRun {
            for statement in StagingLayout(purpose: .load).removal { try await session.query(statement) }
        }
    }

    /// Statistics for the planner, and search indexes without pending entries: a bulk load leaves neither.
    private func vacuum(session: PostgresSession) async throws {
        let tables =
            CatalogTable.all.map { "public.\($0.name)" } + ["source.files", "source.records", "source.findings"]
        try await session.query("VACUUM (ANALYZE) \(tables.joined(separator: ", "))")
    }

    /// The run's own event in the audit log.
    private func audit(session: PostgresSession, facts: RunFacts) async throws {
        try await session.query(
            """
            INSERT INTO public.audit_logs (event_type, summary, details, severity, occurred_at)
            VALUES ('migration.' || $1, $2, json_build_object('run_id', $3::text, 'source', $4::text,
                'records', $5::bigint, 'rows_changed', $6::bigint), 'info', now())
            """,
            [
                .text(facts.status.rawValue), .text("Migration run \(facts.runID) ended: \(facts.status.rawValue)"),
                .text(facts.runID), .text(facts.source), .integer(Int64(facts.ledger.total.read)),
                .integer(Int64(facts.rowsChanged)),
            ]
        )
    }

    /// Rows that programs changed after the cutover: listed, never touched.
    private func changedSinceCutover(session: PostgresSession, mode: SystemMode) async throws -> [String] {
        guard mode == .postgres && !options.overwriteChanged else { return [] }
        var notes: [String] = []
        for table in CatalogTable.all {
            let rows = try await session.query(
                """
                SELECT concat_ws('/', \(table.key.map { "t.\(quoted($0))::text" }.joined(separator: ", "))) AS key, count(*) OVER () AS total
                FROM public.\(table.name) t WHERE imported_version IS NOT NULL AND version > imported_version ORDER BY 1 LIMIT 1000
                """
            ).rows
            guard let total = rows.first?["total"].integer else { continue }
            let keys = rows.compactMap { $0["key"].string }.joined(separator: ", ")
            notes.append("Changed since cutover and left alone in \(table.name): \(total) (\(keys)).")
        }
        return notes
    }

    private func estimate(session: PostgresSession, facts: inout RunFacts) async throws {
        let size = try await session.query(
            """
            SELECT sum(pg_total_relation_size(c.oid)) AS n FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace IN ('source'::regnamespace, 'public'::regnamespace)
            """
        ).rows[0]["n"]
        facts.estimatedBytes = size.string.flatMap(Int.init)
    }

    // MARK: Parts

    private func reader(importID: Int64) -> TreeReader {
        TreeReader(source: source, extractor: extractor, options: options, importID: importID)
    }

    var extractor: RecordExtractor {
        var limits = ExtractionLimits()
        limits.json.maximumRecordBytes = options.maximumRecordBytes
        return RecordExtractor(mapping: mapping, limits: limits)
    }

    /// What the records of unchanged files depend on beside the files: another value and they are read anew.
    private var extractionKey: String {
        let text = "\(mapping.sha256)|\(options.acceptRepairs)|\(options.maximumRecordBytes)"
        return SHA256.hash(data: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
