import Crypto
import Diagnostics
public import Domain
import LosslessJSON
public import Postgres
public import SourceTree

/// Moves a tree into a database: read, resolve, verify, cut over.
///
/// Each step is a method, so that whatever runs the
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
        try await RunLock.acquire(session, patience: options.lockPatience)
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
        let outcome = try await reading.read()
        facts.rowsChanged = outcome.rowsChanged
        clock.end(records: outcome.progress.records, bytes: outcome.progress.bytes)

        let settling = Settling(importRow: importRow, reading: reading, mode: mode, clock: clock)
        let isSettled = try await settle(settling, readRows: outcome.rowsChanged, session: session, facts: &facts)
        guard isSettled else {
            facts.status = .quarantineExceeded
            try await FactsCollector(session: session).collect(into: &facts)
            try await importRow.finish(session: session, facts: facts)
            return
        }
        try await conclude(session: session, facts: &facts, mode: mode, importRow: importRow, clock: clock)
    }

    /// What resolving and verifying a tree that has been read once need.
    private struct Settling {
        let importRow: ImportRow
        let reading: TreeImport
        let mode: SystemMode
        let clock: PhaseClock
    }

    /// So many times a tree that changes meanwhile is resolved and verified again.
    private static let maximumSettlements = 5

    /// Follows the tree, resolves and verifies, until the verification passes or it is not for a moving tree that it
    /// does not.
    ///
    /// Returns false when the quarantine is larger than allowed.
    private func settle(
        _ settling: Settling,
        readRows: Int,
        session: PostgresSession,
        facts: inout RunFacts
    ) async throws -> Bool {
        let protectsChanges = settling.mode == .postgres && !options.overwriteChanged
        let resolver = Resolver(
            session: session,
            importID: settling.importRow.importID,
            root: source.label,
            protectsChanges: protectsChanges,
            aliases: mapping.aliases.map { ($0.alias, $0.agentID) },
            worthwhileRows: options.rebuildsIndexesFrom,
            postponesIndexes: settling.mode == .json && !options.dryRun
        )
        var isStale = !settling.importRow.continuesResolved || readRows > 0 || options.resolvesAgain
        var pass = try await catchUp(settling, facts: &facts)
        for settlement in 1...Self.maximumSettlements {
            isStale = isStale || pass.outcome.rowsChanged > 0
            settling.clock.begin("resolve")
            let isExceeded = try await resolve(with: resolver, isStale: isStale, facts: &facts, session: session)
            settling.clock.end(records: 0, bytes: 0)
            if isExceeded { return false }

            settling.clock.begin("verify")
            let report = try await verify(session: session, clock: settling.clock, toleratesChanges: protectsChanges)
            facts.verification = report
            settling.clock.end(records: report.checks.first { $0.name == "records" }?.compared ?? 0, bytes: 0)
            // What a rehearsal has made temporary tables for lasts until its end.
            guard !report.passed, !options.dryRun, settlement < Self.maximumSettlements else { break }
            pass = try await catchUp(settling, facts: &facts)
            guard !pass.isQuiet else { break }
            isStale = true
        }
        if facts.verification?.passed == false, !pass.isQuiet {
            facts.notes.append(
                "Programs went on writing to the tree while it was verified: run again when they are quiet."
            )
        }
        return true
    }

    private func catchUp(_ settling: Settling, facts: inout RunFacts) async throws -> CatchUp.Pass {
        settling.clock.begin("catchup")
        let pass = try await CatchUp(reading: settling.reading).run()
        facts.rowsChanged += pass.outcome.rowsChanged
        settling.clock.end(records: pass.outcome.progress.records, bytes: pass.outcome.progress.bytes)
        return pass
    }

    /// Stage 2 in one transaction.
    ///
    /// Returns whether the quarantine is larger than allowed; then nothing of it is kept.
    private func resolve(
        with resolver: Resolver,
        isStale: Bool,
        facts: inout RunFacts,
        session: PostgresSession
    ) async throws -> Bool {
        struct Exceeded: Error {}
        do {
            try await completeIndexes(session)
            facts.rowsChanged += try await inTransaction(session) {
                var changed = try await resolver.updateFiles()
                guard isStale || changed > 0 else { return 0 }
                try await Restaging(session: session, migration: self).restage()
                if let limit = options.maximumQuarantined {
                    let quarantined = try await FactsCollector(session: session).ledger().total.quarantined
                    if quarantined > limit { throw Exceeded() }
                }
                changed += try await resolver.resolve()
                // The verification that follows joins these tables: without statistics, row by row.
                try await TableStatistics.collect(session)
                return changed
            }
            try await completeIndexes(session)
            return false
        } catch is Exceeded {
            return true
        }
    }

    /// Makes the indexes that this run or a killed one has postponed.
    private func completeIndexes(_ session: PostgresSession) async throws {
        guard !options.dryRun else { return }
        try await IndexRebuild.complete(session: session, secondSession: options.secondSession)
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

    /// Verifies, brings back from the tree what differs, and verifies again.
    ///
    /// Rows that programs changed or deleted since the cutover stay as they are, unless the options say
    /// `overwriteChanged`. Of `RunFacts` the verification is the one after the repair. Throws as `run` does, and
    /// `usage` for a dry run.
    public func repair(session: PostgresSession, facts initial: RunFacts) async throws -> RepairFacts {
        guard !options.dryRun else {
            throw DataMigrationError(.usage, "a repair cannot be rehearsed", hint: "verify shows what it would repair")
        }
        let mode = try await ModeSwitch.current(session)
        let before = try await verify(
            session: session,
            toleratesChanges: mode == .postgres && !options.overwriteChanged
        )
        guard !before.passed else { return RepairFacts(before: before, after: before) }
        let forgotten = try await Repair(session: session).forgetDifferent()
        var options = options
        options.resolvesAgain = true
        options.noCutover = true
        let facts = try await Migration(source: source, mapping: mapping, options: options, progress: report)
            .run(session: session, facts: initial)
        return RepairFacts(
            before: before,
            after: facts.verification ?? before,
            files: forgotten,
            rowsChanged: facts.rowsChanged
        )
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
        importRow: ImportRow,
        clock: PhaseClock
    ) async throws {
        try await FactsCollector(session: session).collect(into: &facts)
        guard facts.ledger.isBalanced else {
            throw DataMigrationError(
                .ledgerUnbalanced,
                "the ledger does not balance: \(facts.ledger.total.read) records were read and fewer ended somewhere",
                hint: "this is a defect of Cortex; keep the database and the report, the mode is unchanged"
            )
        }
        if mode == .postgres && !options.overwriteChanged {
            facts.changedSinceCutover = try await ChangedRows(session: session).collect()
        }
        let passed = facts.verification?.passed == true
        facts.status = options.dryRun ? .dryRun : passed ? .completed : .failed
        if facts.rowsChanged == 0 {
            facts.notes.append("Nothing has changed since the last import; nothing was written.")
        }
        if passed && !options.noCutover && !options.dryRun && mode != .postgres {
            try await ModeSwitch.cutOver(session, by: "cortex migrate \(facts.runID)")
            facts.mode = .postgres
        }
        if options.dryRun { try await estimate(session: session, facts: &facts, timings: clock.timings) }
        if facts.rowsChanged > 0 && !options.dryRun {
            try await audit(session: session, facts: facts)
            try await vacuum(session: session)
        }
        try await importRow.finish(session: session, facts: facts)
        if facts.mode == .postgres && !options.dryRun {
            for statement in StagingLayout(purpose: .load).removal { try await session.query(statement) }
        }
    }

    /// Search indexes without pending entries and a visibility map: a bulk load leaves neither.
    private func vacuum(session: PostgresSession) async throws {
        try await session.query("VACUUM \(Self.loadedTables.joined(separator: ", "))")
    }

    private static let loadedTables =
        CatalogTable.all.map { "public.\($0.name)" } + ["source.files", "source.records", "source.findings"]

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

    /// What was rehearsed is what the real run does: so its times are the estimate.
    private func estimate(
        session: PostgresSession,
        facts: inout RunFacts,
        timings: [PhaseTiming]
    ) async throws {
        facts.estimatedSeconds = timings.reduce(0) { $0 + $1.seconds }
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
        let read = RecordExtractor.revision
        let text = "\(read)|\(mapping.sha256)|\(options.acceptRepairs)|\(options.maximumRecordBytes)"
        return SHA256.hash(data: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
