import Domain
import LosslessJSON
import Postgres
import SourceTree

/// Decides what becomes of which bytes: fills the tables of the plan and the lists of the facts.
///
/// Deletions come first, then relations that records imply, then the other rows, so that whatever takes a record away is
/// known before the record is written. Works in the caller's transaction.
final class ExportPlanner {
    let session: PostgresSession
    let extractor: RecordExtractor
    let prefixes: [Int64: String]
    /// The time that new files get, nanoseconds since 1970: later than every file's of the tree.
    let stamp: Int64
    var facts = ExportFacts()
    /// The text that was looked up last: each step of a change asks for it.
    private var lastText: (recordID: String, text: [UInt8]?)?

    init(session: PostgresSession, extractor: RecordExtractor, prefixes: [Int64: String], stamp: Int64) {
        self.session = session
        self.extractor = extractor
        self.prefixes = prefixes
        self.stamp = stamp
    }

    /// Plans everything.
    func plan() async throws {
        try await ExportTables.survey(session)
        let deletions = DeletionPlanner(planner: self)
        try await deletions.plan()
        let changes = ChangePlanner(planner: self)
        for table in Self.order { try await changes.plan(table) }
        try await changes.planElements()
        try await deletions.reportNamedAgents()
    }

    /// Audit rows of programs are no part of a tree, and imported ones never change.
    private static let order: [CatalogTable] =
        [.taskLineage, .assetLineage]
        + CatalogTable.all.filter { ![.taskLineage, .assetLineage, .auditLogs].contains($0) }

    // MARK: Records

    /// The records that a condition chooses.
    func records(where condition: String, _ parameters: [PostgresValue]) async throws -> [ExportRecord] {
        try await session.query("\(ExportRecord.selection) AND \(condition) ORDER BY f.path, r.byte_start", parameters)
            .rows.map(ExportRecord.init)
    }

    /// The exact repeats of a record that is a row of its own.
    func repeats(of record: ExportRecord) async throws -> [ExportRecord] {
        try await records(
            where: "r.record_id IN (SELECT x.record_id FROM export_repeats x WHERE x.superseded_by = $1::uuid)",
            [.text(record.recordID)]
        )
    }

    func record(id: String) async throws -> ExportRecord? {
        try await records(where: "r.record_id = $1::uuid", [.text(id)]).first
    }

    /// The exact text of a record of a plain file; nil where its place does not hold it: it was read through a repair.
    func text(of record: ExportRecord) async throws -> [UInt8]? {
        if let lastText, lastText.recordID == record.recordID { return lastText.text }
        let text = try await checkedText(of: record)
        lastText = (record.recordID, text)
        return text
    }

    private func checkedText(of record: ExportRecord) async throws -> [UInt8]? {
        guard record.isPlain, let content = record.content, record.span.count > 0 else { return nil }
        var text: [UInt8] = []
        for ordinal in record.span.start / TreeReading.chunkBytes...(record.span.end - 1) / TreeReading.chunkBytes {
            let start = max(record.span.start - ordinal * TreeReading.chunkBytes, 0)
            let end = min(record.span.end - ordinal * TreeReading.chunkBytes, TreeReading.chunkBytes)
            let part = try await session.query(
                """
                SELECT substring(bytes FROM $3::int FOR $4::int) AS part FROM source.blob_chunks
                WHERE sha256 = $1 AND ordinal = $2::int
                """,
                [.bytes(content), .integer(Int64(ordinal)), .integer(Int64(start + 1)), .integer(Int64(end - start))]
            ).rows.first?["part"].bytes
            text += part ?? []
        }
        guard text.count == record.span.count else { return nil }
        let place = place(of: record)
        let again = extractor.rebuild(
            text: text[...],
            source: place.source,
            pointer: record.pointer,
            ordinal: record.ordinal,
            byteStart: record.span.start
        )
        return again?.sha256 == record.sha256 && again?.kind == record.kind ? text : nil
    }

    func place(of record: ExportRecord) -> RecordExtractor.Place {
        RecordExtractor.Place(
            source: RecordExtractor.Source(
                path: Array((prefixes[record.importID] ?? "").utf8) + record.path,
                member: record.member,
                fileID: Self.id(record.fileID),
                size: record.size
            ),
            pointer: record.pointer,
            ordinal: record.ordinal,
            byteStart: record.span.start
        )
    }

    /// The rows that a record becomes.
    func rows(of record: ExportRecord, text: [UInt8]) -> [MappedRow] {
        let place = place(of: record)
        return extractor.rebuild(
            text: text[...],
            source: place.source,
            pointer: record.pointer,
            ordinal: record.ordinal,
            byteStart: record.span.start
        )?.rows ?? []
    }

    static func id(_ text: String) -> DeterministicID {
        let digits = text.replacing("-", with: "")
        return DeterministicID(
            high: UInt64(digits.prefix(16), radix: 16) ?? 0,
            low: UInt64(digits.suffix(16), radix: 16) ?? 0
        )
    }

    /// The derived key of a row.
    static func derivedKey(_ row: MappedRow, of record: ExportRecord) -> String {
        DeterministicID(
            namespace: .row,
            parts: [Array(row.table.name.utf8), id(record.recordID).bytes, Array(row.role.utf8)]
        ).description
    }

    // MARK: Actions

    func put(_ record: ExportRecord, replacement: [UInt8]?) async throws {
        try await session.query(
            """
            INSERT INTO export_actions VALUES ($1::uuid, $2::uuid, $3, $4::bigint, $5::bigint, $6::boolean, $7)
            ON CONFLICT (record_id) DO UPDATE SET is_removal = excluded.is_removal, replacement = excluded.replacement
            """,
            [
                .text(record.fileID), .text(record.recordID), .text(record.pointer), .integer(Int64(record.span.start)),
                .integer(Int64(record.span.end)), .boolean(replacement == nil),
                replacement.map { .bytes($0) } ?? .null,
            ]
        )
    }

    /// Takes the removals inside of a record out of the plan and returns them as pointers relative to the record.
    func takeInnerRemovals(of record: ExportRecord) async throws -> [String] {
        let rows =
            !record.hasInner
            ? []
            : try await session.query(
                """
                DELETE FROM export_actions WHERE file_id = $1::uuid AND is_removal AND record_id <> $2::uuid
                AND byte_start BETWEEN $3::bigint AND $4::bigint AND byte_end <= $4::bigint RETURNING json_pointer
                """,
                [
                    .text(record.fileID), .text(record.recordID), .integer(Int64(record.span.start)),
                    .integer(Int64(record.span.end)),
                ]
            ).rows
        let elements = try await session.query(
            "DELETE FROM export_elements WHERE record_id = $1::uuid RETURNING json_pointer",
            [.text(record.recordID)]
        ).rows
        // By bytes: a character of the record's pointer can reach into what is behind it.
        let length = record.pointer.utf8.count
        let inner = rows.compactMap { row in
            row["json_pointer"].string.map { String(decoding: $0.utf8.dropFirst(length), as: UTF8.self) }
        }
        return inner + elements.compactMap { $0["json_pointer"].string }
    }

    /// Whether a span of a file already gets another text, or goes, with everything in it.
    func isCovered(_ record: ExportRecord) async throws -> Bool {
        guard record.isInside else { return false }
        return try await session.query(
            """
            SELECT EXISTS (SELECT FROM export_actions a WHERE a.file_id = $1::uuid AND a.record_id <> $2::uuid
                AND a.byte_start <= $3::bigint AND a.byte_end >= $4::bigint)
                OR EXISTS (SELECT FROM export_removed_files f WHERE f.file_id = $1::uuid) AS covered
            """,
            [
                .text(record.fileID), .text(record.recordID), .integer(Int64(record.span.start)),
                .integer(Int64(record.span.end)),
            ]
        ).rows[0]["covered"].boolean ?? false
    }

    func isRemoved(_ record: ExportRecord) async throws -> Bool {
        try await session.query(
            "SELECT EXISTS (SELECT FROM export_removed_records WHERE record_id = $1::uuid) AS removed",
            [.text(record.recordID)]
        ).rows[0]["removed"].boolean ?? false
    }

    func markRemoved(_ record: ExportRecord) async throws {
        try await session.query(
            "INSERT INTO export_removed_records VALUES ($1::uuid) ON CONFLICT DO NOTHING",
            [.text(record.recordID)]
        )
    }
}
