import Crypto
import Domain
import LosslessJSON
import Postgres
import SourceTree

/// Plans files for rows that have no place in the imported tree, and sees to it that nothing wins over them.
struct NewFiles {
    let planner: ExportPlanner

    private var session: PostgresSession { planner.session }

    /// What decides between records of one id.
    struct Standing {
        let kind: String
        let naturalID: String?
        let rank: Int
        let newestTime: Int64?
        let mtime: Int64
        let path: [UInt8]
        let ordinal: Int
        let byteStart: Int
        /// The stored record that it is, changed; nil for a new one.
        let recordID: String?

        /// Whether it is better than a stored record.
        func wins(over record: ExportRecord) -> Bool {
            if rank != record.rank { return rank < record.rank }
            let (mine, other) = (newestTime ?? .min, record.newestTime ?? .min)
            if mine != other { return mine > other }
            if mtime != record.mtime { return mtime > record.mtime }
            return path.lexicographicallyPrecedes(record.path)
        }

        init(_ record: ExtractedRecord, mtime: Int64, path: [UInt8], record stored: ExportRecord?) {
            kind = record.kind
            naturalID = record.naturalID
            rank = record.sourceRank
            newestTime = record.newestTime
            self.mtime = mtime
            self.path = path
            ordinal = stored?.ordinal ?? 0
            byteStart = stored?.span.start ?? 0
            recordID = stored?.recordID
        }
    }

    /// Plans the file of a row.
    ///
    /// Returns whether there is one; where not, and unless asked for an exact one, says why.
    @discardableResult
    func create(_ row: ChangePlanner.Row, onlyIfExact: Bool = false) async throws -> Bool {
        if try await isCreated(row) { return true }
        var best: (path: [UInt8], revision: RecordRevision)?
        for path in FilePlacement(table: row.table, key: row.key, values: row.values).paths {
            guard let prefix = planner.prefixes.max(by: { $0.key < $1.key })?.value, path.hasPrefix(prefix) else {
                continue
            }
            let stored = Array(path.utf8.dropFirst(prefix.utf8.count))
            guard TreePath.isSafe(stored), let free = try await freePath(stored, of: row.table) else { continue }
            let source = RecordExtractor.Source(
                path: Array(prefix.utf8) + free,
                fileID: DeterministicID(namespace: .file, parts: [free]),
                size: 0
            )
            guard
                let revision = planner.extractor.compose(
                    row.values,
                    of: row.table,
                    as: source,
                    removing: row.removing
                ), !revision.unmet.contains(where: row.table.key.contains)
            else { continue }
            if best.map({ revision.unmet.count < $0.revision.unmet.count }) ?? true { best = (free, revision) }
            if revision.unmet.isEmpty { break }
        }
        guard let best, !onlyIfExact || best.revision.unmet.isEmpty else {
            if !onlyIfExact { report(row, path: nil, column: nil, "the mapping has no file for such a row") }
            return false
        }
        let path = TreePath.text(best.path)
        for column in best.revision.unmet {
            report(
                row,
                path: path,
                column: column,
                "the mapping reads no such value of the column from a file of its own"
            )
        }
        try await session.query(
            "INSERT INTO export_created_files VALUES ($1, $2, $3::int, $4, $5)",
            [
                .bytes(best.path), .bytes(best.revision.text),
                // What a user signs in with is for nobody else.
                .integer(row.table == .users ? 0o600 : 0o644), .text(row.table.name), .text(row.key),
            ]
        )
        let standing = Standing(best.revision.record, mtime: planner.stamp, path: best.path, record: nil)
        if best.revision.record.resolution == .byNaturalID {
            try await removeBetter(than: standing, row: row)
        } else {
            try await DistinctRows(planner: planner).note(best.revision.record, of: nil, row: row, path: path)
        }
        try await ImpliedAgents(planner: planner).keep(best.revision.record, standing)
        return true
    }

    private func isCreated(_ row: ChangePlanner.Row) async throws -> Bool {
        try await session.query(
            "SELECT EXISTS (SELECT FROM export_created_files WHERE table_name = $1 AND row_key = $2) AS created",
            [.text(row.table.name), .text(row.key)]
        ).rows[0]["created"].boolean ?? false
    }

    private func report(_ row: ChangePlanner.Row, path: String?, column: String?, _ reason: String) {
        planner.facts.notExported.append(
            ExportFacts.NotExported(path: path, table: row.table.name, key: row.key, column: column, reason: reason)
        )
    }

    // MARK: Paths

    /// The path, or one like it, that nothing stands at and whose directories are directories; nil if there is none.
    private func freePath(_ path: [UInt8], of table: CatalogTable) async throws -> [UInt8]? {
        var ancestors: [[UInt8]] = []
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") {
            ancestors.append(Array(path[..<index]))
        }
        for ancestor in ancestors {
            let isBlocked = try await session.query(
                """
                SELECT EXISTS (SELECT FROM source.files WHERE path = $1 AND retired_by IS NULL
                    AND container_file_id IS NULL AND entry_type <> 'dir')
                    OR EXISTS (SELECT FROM export_created_files WHERE path = $1) AS blocked
                """,
                [.bytes(ancestor)]
            ).rows[0]["blocked"].boolean
            if isBlocked == true { return nil }
        }
        if try await isFree(path) { return path }
        // The id of a document is its path: no other will do.
        guard table != .documents, let dot = path.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        for number in 2...100 {
            let other = path[..<dot] + Array("~\(number)".utf8) + path[dot...]
            if try await isFree(Array(other)) { return Array(other) }
        }
        return nil
    }

    private func isFree(_ path: [UInt8]) async throws -> Bool {
        try await session.query(
            """
            SELECT NOT EXISTS (SELECT FROM source.files f WHERE f.path = $1 AND f.retired_by IS NULL
                AND f.container_file_id IS NULL
                AND NOT EXISTS (SELECT FROM export_removed_files x WHERE x.file_id = f.file_id))
                AND NOT EXISTS (SELECT FROM export_created_files WHERE path = $1) AS free
            """,
            [.bytes(path)]
        ).rows[0]["free"].boolean ?? false
    }

    // MARK: Who wins

    /// Removes records of the same id that a new import would prefer to this one.
    func removeBetter(than standing: Standing, row: ChangePlanner.Row) async throws {
        guard let id = standing.naturalID else { return }
        let better = try await planner.records(
            where: """
                r.kind = $1 AND r.natural_id = $2 AND r.record_id IS DISTINCT FROM $3::uuid
                AND NOT EXISTS (SELECT FROM export_removed_records x WHERE x.record_id = r.record_id)
                AND \(ExportRecord.order) < ($4::int, -coalesce($5::numeric, '-Infinity'), -$6::numeric, $7::bytea, ''::bytea,
                    $8::bigint, $9::bigint)
                """,
            [
                .text(standing.kind), .text(id), .optional(standing.recordID), .integer(Int64(standing.rank)),
                standing.newestTime.map { .integer($0) } ?? .null, .integer(standing.mtime), .bytes(standing.path),
                .integer(Int64(standing.ordinal)), .integer(Int64(standing.byteStart)),
            ]
        )
        for record in better {
            let isGone = try await RecordRemoval(planner: planner).remove(
                record,
                of: .init(table: row.table, key: row.key)
            )
            guard isGone else { continue }
            planner.facts.removedCopies.append(
                ExportFacts.Copy(
                    path: record.pathText,
                    jsonPointer: record.pointer,
                    table: row.table.name,
                    key: row.key
                )
            )
        }
    }
}
