import Diagnostics
import Postgres

/// The rows of `cortex.schema_migrations`, in order.
struct Ledger: Sendable {
    let rows: [AppliedStep]

    /// The highest number; 0 without rows.
    var current: Int { rows.last?.number ?? 0 }

    init(_ rows: [AppliedStep]) {
        self.rows = rows.sorted { $0.number < $1.number }
    }

    /// Reads the table; nil when there is none.
    ///
    /// Looks for it by a query: `to_regclass` answers from a cache that may not have seen what another runner committed
    /// while this one waited for the lock.
    static func read(_ session: PostgresSession) async throws(PostgresError) -> Ledger? {
        let table = try await session.query(
            """
            SELECT FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'cortex' AND c.relname = 'schema_migrations'
            """
        )
        guard !table.rows.isEmpty else { return nil }
        let result = try await session.query(
            """
            SELECT number, name, checksum, applied_by, duration_ms,
                to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
            FROM cortex.schema_migrations
            """
        )
        return Ledger(
            result.rows.map { row in
                AppliedStep(
                    number: Int(row["number"].integer ?? 0),
                    name: row["name"].string ?? "",
                    checksum: row["checksum"].string ?? "",
                    appliedAt: row["applied_at"].string ?? "",
                    appliedBy: row["applied_by"].string ?? "",
                    milliseconds: Int(row["duration_ms"].integer ?? 0)
                )
            }
        )
    }

    // MARK: Against a catalogue

    /// Where a database with this ledger stands.
    func status(_ catalogue: MigrationCatalogue) -> SchemaStatus {
        let state: SchemaStatus.State =
            if current == 0 {
                .absent
            } else if current > catalogue.latest {
                .newer
            } else {
                current == catalogue.latest ? .current : .outdated
            }
        return SchemaStatus(
            state: state,
            current: current,
            latest: catalogue.latest,
            applied: rows,
            pending: catalogue.steps.dropFirst(current).map { .init(number: $0.number, name: $0.name) },
            problem: problem(catalogue)
        )
    }

    /// Throws the first reason not to touch the schema.
    func check(_ catalogue: MigrationCatalogue) throws(SchemaError) {
        if let problem = problem(catalogue) { throw problem }
    }

    private func problem(_ catalogue: MigrationCatalogue) -> SchemaError? {
        if current > catalogue.latest { return .newer(current: current, latest: catalogue.latest) }
        for (index, row) in rows.enumerated() {
            guard row.number == index + 1, let step = catalogue[row.number] else {
                return SchemaError(
                    .schemaLedger,
                    "the ledger cortex.schema_migrations has migration \(row.number) but not \(index + 1)",
                    hint: "rows were deleted or added by hand: restore them from a backup"
                )
            }
            guard row.name == step.name, row.checksum == step.checksum else {
                return SchemaError(
                    .schemaChecksum,
                    "migration \(row.label) was applied in another form than this program ships as \(step.label)",
                    hint: "use the program that applied it; an applied migration must never be edited",
                    details: ["migration": step.label]
                )
            }
        }
        return nil
    }
}
