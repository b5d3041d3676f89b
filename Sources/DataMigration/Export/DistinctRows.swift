import Domain
import Postgres
import SourceTree

/// Rows of kinds of which exact repeats are one row: two rows that say the same are one after a new import.
struct DistinctRows {
    let planner: ExportPlanner

    /// Notes what a written record says, and lists the row if another record says the same.
    ///
    /// `stored` is the record that it was, nil for a new one.
    func note(
        _ record: ExtractedRecord,
        of stored: ExportRecord?,
        row: ChangePlanner.Row,
        path: String
    ) async throws {
        guard record.resolution == .eachDistinct, let sha256 = record.sha256 else { return }
        let parameters: [PostgresValue] = [
            .text(record.kind), .optional(record.naturalID), .bytes(sha256), .optional(stored?.recordID),
        ]
        // Of records that were not written the files still say what they said.
        let isRepeat = try await planner.session.query(
            """
            SELECT EXISTS (SELECT FROM export_written w WHERE w.kind = $1 AND w.natural_id IS NOT DISTINCT FROM $2
                AND w.sha256 = $3 AND (w.record_id IS NULL OR w.record_id IS DISTINCT FROM $4::uuid))
                OR EXISTS (SELECT FROM (
                    SELECT r.record_id FROM source.records r JOIN source.files f USING (file_id)
                    WHERE r.kind = $1 AND r.natural_id = $2 AND r.sha256 = $3 AND r.outcome = 'resolved'
                    AND f.retired_by IS NULL
                    UNION ALL SELECT u.record_id FROM export_unnamed u WHERE $2::text IS NULL AND u.kind = $1 AND u.sha256 = $3
                ) r WHERE r.record_id IS DISTINCT FROM $4::uuid
                    AND NOT EXISTS (SELECT FROM export_actions a WHERE a.record_id = r.record_id)
                    AND NOT EXISTS (SELECT FROM export_removed_records x WHERE x.record_id = r.record_id)) AS found
            """,
            parameters
        ).rows[0]["found"].boolean
        if isRepeat == true {
            planner.facts.notExported.append(
                ExportFacts.NotExported(
                    path: path,
                    table: row.table.name,
                    key: row.key,
                    column: nil,
                    reason: "another row of the table says exactly the same: a new import makes one row of both"
                )
            )
        }
        try await planner.session.query("INSERT INTO export_written VALUES ($1, $2, $3, $4::uuid)", parameters)
    }
}
