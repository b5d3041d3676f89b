import Diagnostics
import Domain
import LosslessJSON
public import Postgres

/// All records of an id, which one won and why: what `cortex explain` prints.
public struct Explanation: Sendable, Encodable {
    /// The id that was asked for.
    public let id: String
    /// The kind of its records; several kinds are joined with a comma.
    public let kind: String
    /// The public rows, as JSON text by table.
    public let resolved: [ResolvedRow]
    /// Every record of the id, the winner first.
    public let records: [RecordVersion]

    /// A public row of the id.
    public struct ResolvedRow: Sendable {
        /// The table.
        public let table: String
        /// The row as a JSON object.
        public let document: String
    }

    /// One record of the id.
    public struct RecordVersion: Sendable {
        /// The record.
        public let recordID: String
        /// Its kind.
        public let kind: String
        /// The file it is in.
        public let path: String
        /// Where in the file.
        public let jsonPointer: String
        /// First byte in the file.
        public let byteStart: Int64
        /// One past the last byte.
        public let byteEnd: Int64
        /// What became of it.
        public let outcome: String?
        /// Why.
        public let reason: String?
        /// Whether its file is still in the tree.
        public let isCurrent: Bool
        /// Top-level fields whose value differs from the winner's.
        public let differsIn: [String]
        /// The record as JSON text; nil where `jsonb` cannot hold it.
        public let document: String?
    }

    /// Looks an id up among natural ids of all kinds.
    ///
    /// Throws `not_found` when no record carries the id.
    public static func of(_ id: String, session: PostgresSession) async throws -> Explanation {
        let rows = try await session.query(
            """
            SELECT r.record_id, r.kind, f.path_text, r.json_pointer, r.byte_start, r.byte_end, r.outcome, r.reason,
                r.doc::text AS doc, f.retired_by IS NULL AS is_current
            FROM source.records r JOIN source.files f USING (file_id)
            WHERE r.natural_id = $1
            ORDER BY f.retired_by IS NULL DESC, r.kind, (r.outcome = 'resolved') DESC, r.source_rank,
                r.newest_at DESC NULLS LAST, f.path, f.member_path NULLS FIRST, r.ordinal, r.byte_start
            """,
            [.text(id)]
        ).rows
        guard !rows.isEmpty else {
            throw DataMigrationError(
                .notFound,
                "no record has the id '\(id)'",
                hint:
                    "ids are compared exactly; look for it in the tree, or list ids with: SELECT DISTINCT kind, natural_id FROM source.records"
            )
        }
        var winners: [String: PostgresRow] = [:]
        for row in rows where row["outcome"].string == "resolved" {
            winners[row["kind"].string ?? ""] = winners[row["kind"].string ?? ""] ?? row
        }
        let kinds = Set(rows.compactMap { $0["kind"].string }).sorted()
        return Explanation(
            id: id,
            kind: kinds.joined(separator: ","),
            resolved: try await resolvedRows(of: rows, session: session),
            records: try rows.map { try version($0, winner: winners[$0["kind"].string ?? ""]) }
        )
    }

    private static func resolvedRows(of rows: [PostgresRow], session: PostgresSession) async throws -> [ResolvedRow] {
        let ids = rows.compactMap { $0["record_id"].string }.joined(separator: ",")
        var resolved: [ResolvedRow] = []
        for table in CatalogTable.all {
            resolved += try await session.query(
                """
                SELECT row_to_json(t)::text AS document FROM public.\(table.name) t
                WHERE t.source_record_id = ANY ($1::uuid[]) ORDER BY t.source_record_id
                """,
                [.text("{\(ids)}")]
            ).rows.compactMap { row in row["document"].string.map { ResolvedRow(table: table.name, document: $0) } }
        }
        return resolved
    }

    private static func version(_ row: PostgresRow, winner: PostgresRow?) throws -> RecordVersion {
        RecordVersion(
            recordID: row["record_id"].string ?? "",
            kind: row["kind"].string ?? "",
            path: row["path_text"].string ?? "",
            jsonPointer: row["json_pointer"].string ?? "",
            byteStart: row["byte_start"].integer ?? 0,
            byteEnd: row["byte_end"].integer ?? 0,
            outcome: row["outcome"].string,
            reason: row["reason"].string,
            isCurrent: row["is_current"].boolean ?? false,
            differsIn: try differences(row["doc"].string, winner?["doc"].string),
            document: row["doc"].string
        )
    }

    /// Names of top-level fields whose canonical forms differ, or that only one of the two has.
    private static func differences(_ document: String?, _ winner: String?) throws -> [String] {
        guard let document, let winner, ExactText(document) != ExactText(winner) else { return [] }
        let left = try fields(document)
        let right = try fields(winner)
        return Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }.sorted().map(\.text)
    }

    private static func fields(_ document: String) throws -> [ExactText: [UInt8]] {
        let root = try JSONDocument(strict: Array(document.utf8)).root
        guard root.kind == .object else { return [:] }
        var fields: [ExactText: [UInt8]] = [:]
        for member in root.members {
            var canonical: [UInt8] = []
            member.value.appendCanonical(to: &canonical)
            fields[ExactText(String(decoding: member.key.unescaped, as: UTF8.self))] = canonical
        }
        return fields
    }

    // MARK: JSON

    private enum CodingKeys: String, CodingKey {
        case id, kind, resolved, records
    }

    private enum RecordKeys: String, CodingKey {
        case path, outcome, reason, doc, kind
        case recordID = "record_id"
        case jsonPointer = "json_pointer"
        case byteStart = "byte_start"
        case byteEnd = "byte_end"
        case isCurrent = "current"
        case differsIn = "differs_in"
    }

    /// Writes `{"id","kind","resolved":{table:[row]},"records":[…]}`.
    ///
    /// Documents are written as JSON values; one that this encoder cannot hold exactly stays in its text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(
            Dictionary(grouping: resolved, by: \.table).mapValues { $0.map { JSONText($0.document) } },
            forKey: .resolved
        )
        var list = container.nestedUnkeyedContainer(forKey: .records)
        for record in records {
            var item = list.nestedContainer(keyedBy: RecordKeys.self)
            try item.encode(record.recordID, forKey: .recordID)
            try item.encode(record.kind, forKey: .kind)
            try item.encode(record.path, forKey: .path)
            try item.encode(record.jsonPointer, forKey: .jsonPointer)
            try item.encode(record.byteStart, forKey: .byteStart)
            try item.encode(record.byteEnd, forKey: .byteEnd)
            try item.encode(record.outcome, forKey: .outcome)
            try item.encode(record.reason, forKey: .reason)
            try item.encode(record.isCurrent, forKey: .isCurrent)
            try item.encode(record.differsIn, forKey: .differsIn)
            try item.encode(record.document.map(JSONText.init), forKey: .doc)
        }
    }
}
