import Domain
import Postgres

/// Secondary indexes of tables that are empty and about to be filled: dropped before, made again after, in the
/// same transaction. Building an index over loaded rows is several times faster than maintaining it row by row.
struct IndexRebuild: Sendable {
    private let definitions: [String]

    /// Fewer staged rows than this are loaded with the indexes in place.
    static let worthwhileRows: Int64 = 20_000

    /// Drops the secondary indexes of those of the empty tables that many rows are staged for.
    static func begin(tables: [CatalogTable], session: PostgresSession) async throws -> IndexRebuild {
        var definitions: [String] = []
        for table in tables {
            let staged = try await session.query("SELECT count(*) AS n FROM staging.\(table.name)").rows[0]["n"].integer
            guard let staged, staged >= worthwhileRows else { continue }
            let indexes = try await session.query(
                """
                SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
                FROM pg_index i WHERE i.indrelid = ('public.' || $1)::regclass AND NOT i.indisunique
                AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
                ORDER BY 1
                """,
                [.text(table.name)]
            )
            for row in indexes.rows {
                guard let name = row["name"].string, let definition = row["definition"].string else { continue }
                try await session.query("DROP INDEX \(name)")
                definitions.append(definition)
            }
        }
        return IndexRebuild(definitions: definitions)
    }

    /// Makes the indexes again.
    func finish(session: PostgresSession) async throws {
        for definition in definitions { try await session.query(definition) }
    }
}
