import Domain
import LosslessJSON
import Postgres
import SourceTree

/// Takes records out of the tree: a row is gone, or stands somewhere else now.
struct RecordRemoval {
    let planner: ExportPlanner

    /// Whose row it was.
    struct Row {
        let table: CatalogTable
        let key: String
    }

    /// Plans the removal of a record.
    ///
    /// What cannot be removed is listed as resurfacing; false then.
    @discardableResult
    func remove(_ record: ExportRecord, of row: Row) async throws -> Bool {
        if try await planner.isRemoved(record) { return true }
        guard record.isVisible else {
            try await planner.markRemoved(record)
            return true
        }
        guard record.isPlain else {
            return resurfaces(record, row, "it is in the archive \(TreePath.text(record.path)), which is kept as it is")
        }
        guard let text = try await planner.text(of: record) else {
            return resurfaces(record, row, "it is read through a repair of the file, when repairs are accepted")
        }
        if try await planner.isCovered(record) {
            // Removed along with what it is in; a patched surrounding was written before this was known.
            guard try await isInsideRemoval(record) else {
                return resurfaces(record, row, "it is a part of another record that was written anew")
            }
            try await planner.markRemoved(record)
            return true
        }
        try await planner.markRemoved(record)
        try await place(record, text: text)
        return true
    }

    private func resurfaces(_ record: ExportRecord, _ row: Row, _ reason: String) -> Bool {
        planner.facts.resurfacing.append(
            ExportFacts.NotExported(
                path: record.pathText,
                table: row.table.name,
                key: row.key,
                column: nil,
                reason: reason
            )
        )
        return false
    }

    private func isInsideRemoval(_ record: ExportRecord) async throws -> Bool {
        try await planner.session.query(
            """
            SELECT NOT EXISTS (SELECT FROM export_actions a WHERE a.file_id = $1::uuid AND NOT a.is_removal
                AND a.byte_start <= $2::bigint AND a.byte_end >= $3::bigint) AS inside
            """,
            [.text(record.fileID), .integer(Int64(record.span.start)), .integer(Int64(record.span.end))]
        ).rows[0]["inside"].boolean ?? false
    }

    private func place(_ record: ExportRecord, text: [UInt8]) async throws {
        let place = planner.place(of: record)
        let inner = try await innerRecords(of: record)
        if !inner.isEmpty, let stripped = try await stripped(record, text, place) {
            return try await planner.put(record, replacement: stripped)
        }
        for other in inner { try await planner.markRemoved(other) }
        _ = try await planner.takeInnerRemovals(of: record)
        if planner.extractor.countsPlaces(at: place, kind: record.kind) {
            // Its neighbours keep their numbers.
            try await planner.put(record, replacement: Array("null".utf8))
        } else if record.isWholeFile, planner.extractor.plan(for: place.source.path)?.format == .json {
            try await planner.session.query(
                "INSERT INTO export_removed_files VALUES ($1::uuid) ON CONFLICT DO NOTHING",
                [.text(record.fileID)]
            )
            planner.facts.removed.append(record.pathText)
        } else {
            try await planner.put(record, replacement: nil)
        }
    }

    /// Records inside of this one that stand for rows and stay.
    private func innerRecords(of record: ExportRecord) async throws -> [ExportRecord] {
        guard record.hasInner else { return [] }
        return try await planner.records(
            where: """
                r.file_id = $1::uuid AND r.record_id <> $2::uuid AND r.ordinal = $3::bigint AND r.byte_start >= $4::bigint
                AND r.byte_end <= $5::bigint AND r.outcome = 'resolved'
                AND NOT EXISTS (SELECT FROM export_removed_records x WHERE x.record_id = r.record_id)
                """,
            [
                .text(record.fileID), .text(record.recordID), .integer(Int64(record.ordinal)),
                .integer(Int64(record.span.start)), .integer(Int64(record.span.end)),
            ]
        )
    }

    /// The record without its id and without the records in it that go.
    private func stripped(
        _ record: ExportRecord,
        _ text: [UInt8],
        _ place: RecordExtractor.Place
    ) async throws -> [UInt8]? {
        guard planner.extractor.withoutID(text[...], at: place) != nil,
            let row = planner.rows(of: record, text: text).first
        else { return nil }
        let removals = try await planner.takeInnerRemovals(of: record)
        let cut = planner.extractor.revise(text[...], at: place, to: row.values, removing: removals)?.text ?? text
        return planner.extractor.withoutID(cut[...], at: place)
    }
}
