import Domain
import Postgres

/// Secondary indexes of tables that are empty and about to be filled: dropped before, made again after.
///
/// Building an index over loaded rows is several times faster than maintaining it row by row. They are made in the
/// transaction that writes the rows or, where nobody reads the tables yet, right after it: another session sees the rows
/// then, so that two indexes are made at a time. What is still to be made stands in a table, which is written with the rows
/// and survives whatever ends the run.
struct IndexRebuild: Sendable {
    private let indexes: [Index]

    private struct Index: Sendable {
        let name: String
        let definition: String
        /// Inverted indexes take as long as all others, and only one core.
        let isSlow: Bool
    }

    /// Drops the secondary indexes of those of the empty tables that at least so many rows are staged for.
    static func begin(
        tables: [CatalogTable],
        worthwhileRows: Int64,
        session: PostgresSession
    ) async throws -> IndexRebuild {
        var dropped: [Index] = []
        for table in tables {
            let staged = try await session.query("SELECT count(*) AS n FROM staging.\(table.name)").rows[0]["n"].integer
            guard let staged, staged >= worthwhileRows else { continue }
            let indexes = try await session.query(
                """
                SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition,
                    m.amname = 'gin' AS is_slow
                FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                WHERE i.indrelid = ('public.' || $1)::regclass AND NOT i.indisunique
                AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
                ORDER BY 1
                """,
                [.text(table.name)]
            )
            for row in indexes.rows {
                guard let name = row["name"].string, let definition = row["definition"].string else { continue }
                try await session.query("DROP INDEX \(name)")
                dropped.append(Index(name: name, definition: definition, isSlow: row["is_slow"].boolean ?? false))
            }
        }
        return IndexRebuild(indexes: dropped)
    }

    /// Makes the indexes again, here and now.
    func finish(session: PostgresSession) async throws {
        for index in indexes { try await session.query(index.definition) }
    }

    /// Notes the indexes for `complete`, in the transaction of the rows.
    func postpone(session: PostgresSession) async throws {
        guard !indexes.isEmpty else { return }
        try await session.query(
            """
            CREATE TABLE IF NOT EXISTS \(Self.pending) (index_name text PRIMARY KEY, definition text NOT NULL, is_slow boolean NOT NULL)
            """
        )
        for index in indexes {
            try await session.query(
                "INSERT INTO \(Self.pending) VALUES ($1, $2, $3)",
                [.text(index.name), .text(index.definition), .boolean(index.isSlow)]
            )
        }
    }

    // MARK: Postponed indexes

    /// Logged, unlike the other tables of a load: rows that are there have their indexes to come, also after a crash.
    private static let pending = "staging.pending_indexes"

    /// Makes what was postponed, by this run or one that was killed; with a second session two at a time.
    static func complete(session: PostgresSession, secondSession: MigrationOptions.SecondSession?) async throws {
        guard try await isPending(session) else { return }
        async let assistance: Void = assist(secondSession)
        while try await makeNext(session, waits: false) {}
        await assistance
        // What the other one, or what is left of a killed run, had in hand and did not finish.
        while try await makeNext(session, waits: true) {}
        try await session.query("DROP TABLE \(pending)")
    }

    private static func isPending(_ session: PostgresSession) async throws -> Bool {
        let row = try await session.query("SELECT to_regclass($1) IS NOT NULL AS pending", [.text(pending)]).rows[0]
        return row["pending"].boolean == true
    }

    /// Helps as long as it can: what it leaves the other session makes, and says what is wrong with it.
    private static func assist(_ secondSession: MigrationOptions.SecondSession?) async {
        do {
            try await secondSession? { session in
                try await BulkSettings.apply(to: session)
                while try await makeNext(session, waits: false) {}
            }
        } catch {
            return
        }
    }

    /// Makes one index in a transaction of its own, slow ones first; false when there is none left.
    private static func makeNext(_ session: PostgresSession, waits: Bool) async throws -> Bool {
        try await session.withTransaction {
            let taken = try await session.query(
                """
                DELETE FROM \(pending) WHERE index_name = (SELECT index_name FROM \(pending)
                    ORDER BY is_slow DESC, index_name LIMIT 1 FOR UPDATE \(waits ? "" : "SKIP LOCKED"))
                RETURNING definition
                """
            )
            guard let definition = taken.rows.first?["definition"].string else { return false }
            try await session.query(definition)
            return true
        }
    }
}
