import Postgres
import SourceTree

/// What the roots of the stored imports were: the tree itself may be gone.
enum StoredRoots {
    /// What to put before a stored path to match a mapping's globs, by import.
    static func prefixes(_ session: PostgresSession) async throws -> [Int64: String] {
        let marks = SourceRoot.marks.map { "convert_to('\($0)', 'UTF8')" }.joined(separator: ", ")
        let rows = try await session.query(
            """
            SELECT i.import_id, i.root,
                EXISTS (SELECT FROM source.files f JOIN source.imports o USING (import_id) WHERE o.root = i.root
                    AND f.path = convert_to('\(SourceRoot.folderName)', 'UTF8') AND f.entry_type = 'dir'
                    AND f.container_file_id IS NULL AND f.retired_by IS NULL) AS holds_folder,
                EXISTS (SELECT FROM source.files f JOIN source.imports o USING (import_id) WHERE o.root = i.root
                    AND f.path IN (\(marks)) AND f.container_file_id IS NULL AND f.retired_by IS NULL) AS holds_mark
            FROM source.imports i ORDER BY i.import_id
            """
        ).rows
        var prefixes: [Int64: String] = [:]
        for row in rows {
            let layout = SourceRoot.layout(
                path: row["root"].string ?? "",
                holdsFolder: row["holds_folder"].boolean ?? false,
                holdsMark: row["holds_mark"].boolean ?? false
            )
            prefixes[row["import_id"].integer ?? 0] = layout.pathPrefix
        }
        return prefixes
    }
}
