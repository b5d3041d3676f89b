import Domain
import Postgres

/// Reads what a report needs from the database: only what is there, nothing remembered.
struct FactsCollector: Sendable {
    let session: PostgresSession

    /// Lists in the facts are cut at this many entries; the counts beside them are complete.
    static let listed = 1_000

    /// Fills in everything that follows from the tables.
    func collect(into facts: inout RunFacts) async throws {
        facts.files = try await files()
        facts.ledger = try await ledger()
        facts.findings = try await findings()
        (facts.conflicts, facts.conflictCount) = try await conflicts()
        facts.quarantined = try await quarantined()
        facts.unmapped = try await unmapped()
        for table in CatalogTable.all {
            facts.tables[table.name] = try await count("SELECT count(*) FROM public.\(table.name)")
        }
    }

    /// Files on disk by state; members of containers are not files on disk.
    func files() async throws -> FileCounts {
        var counts = FileCounts()
        let rows = try await session.query(
            """
            SELECT coalesce(parse_state, 'not_json') AS state, count(*) AS n FROM source.files
            WHERE retired_by IS NULL AND container_file_id IS NULL AND entry_type IN ('file', 'unreadable')
            GROUP BY 1
            """
        ).rows
        for row in rows {
            guard let state = row["state"].string.flatMap(ParseState.init(rawValue:)) else { continue }
            counts.add(state, count: Int(row["n"].integer ?? 0))
        }
        return counts
    }

    /// The ledger of the current files.
    func ledger() async throws -> Ledger {
        let rows = try await session.query(
            """
            SELECT kind, count(*) AS read,
                count(*) FILTER (WHERE outcome = 'resolved') AS resolved,
                count(*) FILTER (WHERE outcome = 'superseded') AS superseded,
                count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
                count(*) FILTER (WHERE outcome = 'not_a_record') AS not_a_record
            FROM source.records r JOIN source.files f USING (file_id) WHERE f.retired_by IS NULL GROUP BY kind
            """
        ).rows
        return Ledger(
            lines: rows.map { row in
                LedgerLine(
                    kind: row["kind"].string ?? "",
                    read: Int(row["read"].integer ?? 0),
                    resolved: Int(row["resolved"].integer ?? 0),
                    superseded: Int(row["superseded"].integer ?? 0),
                    quarantined: Int(row["quarantined"].integer ?? 0),
                    notARecord: Int(row["not_a_record"].integer ?? 0)
                )
            }
        )
    }

    private func findings() async throws -> [FindingCount] {
        try await session.query(
            """
            SELECT g.rule, g.severity, count(*) AS n FROM source.findings g JOIN source.files f USING (file_id)
            WHERE f.retired_by IS NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1
            """
        ).rows.map { row in
            FindingCount(
                rule: row["rule"].string ?? "",
                severity: row["severity"].string ?? "",
                count: Int(row["n"].integer ?? 0)
            )
        }
    }

    private func conflicts() async throws -> ([ConflictFact], Int) {
        let rows = try await session.query(
            """
            SELECT kind, natural_id, count(*) AS records, count(DISTINCT r.sha256) AS contents,
                min(f.path_text) FILTER (WHERE r.outcome = 'resolved') AS winner, count(*) OVER () AS total
            FROM source.records r JOIN source.files f USING (file_id)
            WHERE f.retired_by IS NULL AND resolution = 'by_natural_id' AND outcome IN ('resolved', 'superseded')
            -- Where there are several records all but one are superseded: most have nothing to count.
            AND (kind, natural_id) IN (SELECT kind, natural_id FROM source.records WHERE outcome = 'superseded')
            GROUP BY kind, natural_id HAVING count(DISTINCT r.sha256) > 1
            ORDER BY kind, natural_id LIMIT \(Self.listed)
            """
        ).rows
        let facts = rows.map { row in
            ConflictFact(
                kind: row["kind"].string ?? "",
                naturalID: row["natural_id"].string ?? "",
                records: Int(row["records"].integer ?? 0),
                contents: Int(row["contents"].integer ?? 0),
                winnerPath: row["winner"].string ?? ""
            )
        }
        return (facts, Int(rows.first?["total"].integer ?? 0))
    }

    private func quarantined() async throws -> [RecordPlace] {
        try await session.query(
            """
            SELECT f.path_text, r.json_pointer, r.byte_start, r.byte_end, r.kind, r.natural_id, r.reason
            FROM source.records r JOIN source.files f USING (file_id)
            WHERE f.retired_by IS NULL AND r.outcome = 'quarantined'
            ORDER BY f.path, f.member_path NULLS FIRST, r.byte_start, r.json_pointer LIMIT \(Self.listed)
            """
        ).rows.map { row in
            RecordPlace(
                path: row["path_text"].string ?? "",
                pointer: row["json_pointer"].string ?? "",
                byteStart: Int(row["byte_start"].integer ?? 0),
                byteEnd: Int(row["byte_end"].integer ?? 0),
                kind: row["kind"].string ?? "",
                naturalID: row["natural_id"].string,
                reason: row["reason"].string ?? ""
            )
        }
    }

    private func unmapped() async throws -> [String] {
        try await session.query(
            """
            SELECT DISTINCT f.path_text, f.path FROM source.files f JOIN source.findings g USING (file_id)
            WHERE f.retired_by IS NULL AND g.rule = 'unmapped_file' ORDER BY f.path LIMIT \(Self.listed)
            """
        ).rows.compactMap { $0["path_text"].string }
    }

    private func count(_ sql: String) async throws -> Int {
        Int(try await session.query(sql).rows[0][0].integer ?? 0)
    }
}
