import Diagnostics
import Domain
import Postgres
import SourceTree

/// The row of `source.imports` that a run works under.
struct ImportRow: Sendable {
    let importID: Int64
    /// Whether every import of this root so far was resolved, so that an unchanged tree needs no work.
    let continuesResolved: Bool

    /// Opens the row: an interrupted import of the same root goes on under its number.
    ///
    /// When the mapping or an option that decides what records are has changed, what was extracted under the old one
    /// is forgotten here; the stored bytes stay.
    static func open(
        session: PostgresSession,
        source: SourceRoot,
        extraction: String,
        toolVersion: String
    ) async throws -> ImportRow {
        let last = try await session.query(
            """
            SELECT import_id, status, totals ->> 'extraction' AS extraction FROM source.imports WHERE root = $1
            ORDER BY import_id DESC LIMIT 1
            """,
            [.text(source.label)]
        ).rows.first
        let isSameExtraction = last == nil || last?["extraction"].string == extraction
        if !isSameExtraction { try await forget(root: source.label, session: session) }
        let isResolved = last?["status"].string == "completed" && isSameExtraction
        let id: Int64
        if let last, let open = last["import_id"].integer, !isResolved, isSameExtraction {
            id = open
            try await session.query(
                "UPDATE source.imports SET status = 'running', finished_at = NULL WHERE import_id = $1",
                [.integer(id)]
            )
        } else {
            id =
                try await session.query(
                    """
                    INSERT INTO source.imports (import_id, root, started_at, tool_version, status, totals)
                    SELECT coalesce(max(import_id), 0) + 1, $1, now(), $2, 'running', jsonb_build_object('extraction', $3::text)
                    FROM source.imports RETURNING import_id
                    """,
                    [.text(source.label), .text(toolVersion), .text(extraction)]
                ).rows[0]["import_id"].integer ?? 0
        }
        return ImportRow(importID: id, continuesResolved: isResolved)
    }

    private static func forget(root: String, session: PostgresSession) async throws {
        let files = """
            file_id IN (SELECT file_id FROM source.files JOIN source.imports USING (import_id)
            WHERE root = $1 AND retired_by IS NULL)
            """
        for table in ["findings", "records", "files"] {
            try await session.query("DELETE FROM source.\(table) WHERE \(files)", [.text(root)])
        }
        for statement in StagingLayout(purpose: .load).removal { try await session.query(statement) }
    }

    /// Closes the row with what the run came to.
    func finish(session: PostgresSession, facts: RunFacts) async throws {
        try await session.query(
            """
            UPDATE source.imports SET status = $2, finished_at = now(), totals = totals || jsonb_build_object(
                'files', $3::bigint, 'records', $4::bigint, 'rows_changed', $5::bigint) WHERE import_id = $1
            """,
            [
                .integer(importID), .text(facts.status == .failed ? "completed" : facts.status.rawValue),
                .integer(Int64(facts.files.total)), .integer(Int64(facts.ledger.total.read)),
                .integer(Int64(facts.rowsChanged)),
            ]
        )
    }

    /// Notes on the open row how the run ended; a failure to do so does not hide the first error.
    static func close(session: PostgresSession, error: any Error, inTransaction: Bool) async {
        guard !inTransaction else { return }
        let status = error is CancellationError ? "interrupted" : "failed"
        // Cleanup: the connection may be what failed.
        _ = try? await session.query(
            "UPDATE source.imports SET status = $1, finished_at = now() WHERE status = 'running'",
            [.text(status)]
        )
    }
}
