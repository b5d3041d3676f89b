import Domain
import LosslessJSON
import Postgres
import SourceTree

/// A stored record with the file that it is in.
struct ExportRecord {
    let recordID: String
    let fileID: String
    let kind: String
    let naturalID: String?
    let pointer: String
    let ordinal: Int
    let span: ByteSpan
    let sha256: [UInt8]?
    let rank: Int
    let isByNaturalID: Bool
    /// Microseconds since 1970.
    let newestTime: Int64?
    let path: [UInt8]
    let pathText: String
    let member: [UInt8]?
    let content: [UInt8]?
    let size: Int
    let mtime: Int64
    let isWholeFile: Bool
    /// Whether the file is the one of its path that an export writes: of two imported roots the later one is.
    let isVisible: Bool
    let importID: Int64
    /// Whether it is inside of another record, and of one that stands for a row.
    let isInside: Bool
    let isInsideRow: Bool
    /// Whether other records are inside of it.
    let hasInner: Bool

    init(_ row: PostgresRow) {
        recordID = row["record_id"].string ?? ""
        fileID = row["file_id"].string ?? ""
        kind = row["kind"].string ?? ""
        naturalID = row["natural_id"].string
        pointer = row["json_pointer"].string ?? ""
        ordinal = Int(row["ordinal"].integer ?? 0)
        span = ByteSpan(start: Int(row["byte_start"].integer ?? 0), end: Int(row["byte_end"].integer ?? 0))
        sha256 = row["sha256"].bytes
        rank = Int(row["source_rank"].integer ?? 0)
        isByNaturalID = row["resolution"].string == "by_natural_id"
        newestTime = row["newest"].integer
        path = row["path"].bytes ?? []
        pathText = row["path_text"].string ?? ""
        member = row["member_path"].bytes
        content = row["content"].bytes
        size = Int(row["size"].integer ?? 0)
        mtime = row["mtime_ns"].integer ?? 0
        isWholeFile = pointer.isEmpty && row["parse_state"].string == "value"
        isVisible = row["is_visible"].boolean ?? false
        importID = row["import_id"].integer ?? 0
        isInside = row["is_inside"].boolean ?? false
        isInsideRow = row["is_inside_row"].boolean ?? false
        hasInner = row["has_inner"].boolean ?? false
    }

    /// Whether it is part of a file of the tree itself, not of an archive's member.
    var isPlain: Bool { member == nil }

    /// Records of the tree as it was imported last, quarantined ones aside; a condition on `r` and `f` is to follow.
    static let selection = """
        SELECT r.record_id, r.file_id, r.kind, r.natural_id, r.json_pointer, r.ordinal, r.byte_start, r.byte_end,
            r.sha256, r.source_rank, r.resolution, f.path, f.path_text, f.member_path, f.sha256 AS content, f.size,
            f.mtime_ns, f.parse_state, f.import_id, n.is_inside, n.is_inside_row, n.has_inner, (extract(epoch FROM r.newest_at) * 1000000)::bigint AS newest,
            NOT EXISTS (SELECT FROM source.files o WHERE o.path = f.path AND o.import_id > f.import_id
                AND o.retired_by IS NULL AND o.container_file_id IS NULL) AS is_visible
        FROM source.records r JOIN source.files f USING (file_id) LEFT JOIN export_nesting n USING (record_id)
        WHERE f.retired_by IS NULL AND r.outcome IN ('resolved', 'superseded')
        """

    /// The order of records by which the best wins, and the same of another place: smaller is better.
    static let order = """
        (r.source_rank, -coalesce((extract(epoch FROM r.newest_at) * 1000000), '-Infinity'), -f.mtime_ns::numeric, f.path,
            coalesce(f.member_path, ''), r.ordinal, r.byte_start)
        """
}
