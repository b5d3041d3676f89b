import Crypto
import Domain
public import Postgres
public import SourceTree

/// Writes the stored tree to a new directory: as it was imported, or as the database has it now.
public struct TreeExport: Sendable {
    private let session: PostgresSession

    /// An export of the database that the session, without an open transaction, is connected to.
    public init(session: PostgresSession) {
        self.session = session
    }

    /// Every current entry with its bytes as they were imported.
    ///
    /// The directory must not exist or be empty. Each file is hashed while it is written: bytes that are not those
    /// that were imported stop the export with `verification.failed`. Throws `file.cannot_write` and `disk.full`.
    public func writeOriginalBytes(to directory: String) async throws -> ExportFacts {
        let writer = try TreeWriter(creating: directory)
        var facts = ExportFacts()
        try await session.withTransaction(.readOnly) {
            try await writeEntries(.original, with: writer, facts: &facts) { entry, content, _ in
                try await writeStored(entry, content: content, with: writer)
            }
        }
        return try finish(writer, facts)
    }

    /// The tree as the database has it now.
    ///
    /// Files none of whose rows changed have their imported bytes; in the others the bytes of what changed are others, and
    /// rows that no file holds get files of their own, see `docs/export.md`. `extractor` must have the mapping that the
    /// tree was imported with. With `changedOnly` no file is written that is as it was imported. All is one snapshot of the
    /// database, which is not changed. The directory must not exist or be empty. Throws as `writeOriginalBytes` does.
    public func writePresentState(
        to directory: String,
        extractor: RecordExtractor,
        changedOnly: Bool = false
    ) async throws -> ExportFacts {
        let writer = try TreeWriter(creating: directory)
        try await ExportTables.make(session)
        let facts = try await session.withTransaction(.readOnly) {
            let planner = ExportPlanner(
                session: session,
                extractor: extractor,
                prefixes: try await StoredRoots.prefixes(session),
                stamp: try await stamp()
            )
            try await planner.plan()
            var facts = planner.facts
            try await write(with: writer, facts: &facts, changedOnly: changedOnly, stamp: planner.stamp)
            return facts
        }
        try await ExportTables.drop(session)
        return try finish(writer, facts)
    }

    /// A time later than that of any file of the tree, the same for the same tree.
    private func stamp() async throws -> Int64 {
        let latest = try await session.query(
            "SELECT max(mtime_ns) AS latest FROM source.files WHERE retired_by IS NULL AND container_file_id IS NULL"
        ).rows[0]["latest"].integer
        return (latest ?? 0) + 1_000_000_000
    }

    private func write(
        with writer: TreeWriter,
        facts: inout ExportFacts,
        changedOnly: Bool,
        stamp: Int64
    ) async throws {
        var patched: [String] = []
        try await writeEntries(.present, changedOnly: changedOnly, with: writer, facts: &facts) { entry, content, row in
            guard row["is_patched"].boolean == true else {
                return try await writeStored(entry, content: content, with: writer)
            }
            patched.append(entry.pathText)
            let patching = FilePatching(
                session: session,
                fileID: row["file_id"].string ?? "",
                pathText: entry.pathText,
                content: content
            )
            try await writer.withFile(
                entry.path,
                mode: entry.permissions,
                mtimeNanoseconds: entry.mtimeNanoseconds
            ) { try await patching.write(to: $0) }
        }
        facts.patched = patched
        facts.removed.sort()
        try await writeCreated(with: writer, facts: &facts, stamp: stamp)
    }

    private func writeCreated(
        with writer: TreeWriter,
        facts: inout ExportFacts,
        stamp: Int64
    ) async throws {
        var created: [String] = []
        var directories: Set<[UInt8]> = []
        try await session.forEachPage(
            "created_files",
            "SELECT path, content, mode FROM export_created_files ORDER BY path",
            size: 20
        ) { row in
            let (path, content) = (row["path"].bytes ?? [], row["content"].bytes ?? [])
            for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") {
                let directory = Array(path[..<index])
                guard directories.insert(directory).inserted, try await isNew(directory) else { continue }
                try writer.addDirectory(directory, mtimeNanoseconds: stamp)
            }
            try await writer.withFile(path, mode: UInt32(row["mode"].integer ?? 0o644), mtimeNanoseconds: stamp) {
                try $0.write(content)
            }
            created.append(TreePath.text(path))
        }
        facts.created = created
        facts.entries += created.count
    }

    private func isNew(_ directory: [UInt8]) async throws -> Bool {
        try await session.query(
            """
            SELECT NOT EXISTS (SELECT FROM source.files WHERE path = $1 AND retired_by IS NULL
                AND container_file_id IS NULL) AS new
            """,
            [.bytes(directory)]
        ).rows[0]["new"].boolean ?? false
    }

    private func finish(_ writer: TreeWriter, _ facts: ExportFacts) throws -> ExportFacts {
        let report = try writer.finish()
        var facts = facts
        facts.files = report.files
        facts.bytes = report.bytes
        facts.omitted = report.notRecreated.map {
            ExportFacts.Omission(path: TreePath.text($0.path), reason: "a \($0.type.rawValue) cannot be made")
        }
        return facts
    }

    // MARK: Entries

    /// Which entries are written, and which of them with changes.
    private enum Selection: String {
        case original = "false AS is_patched"
        case present = """
            EXISTS (SELECT FROM export_actions a WHERE a.file_id = f.file_id) AS is_patched,
            EXISTS (SELECT FROM export_removed_files x WHERE x.file_id = f.file_id) AS is_removed
            """
    }

    /// Hands the bytes of each file to the body and makes every other entry.
    private func writeEntries(
        _ selection: Selection,
        changedOnly: Bool = false,
        with writer: TreeWriter,
        facts: inout ExportFacts,
        _ writeFile: (TreeEntry, [UInt8], PostgresRow) async throws -> Void
    ) async throws {
        let condition =
            switch (selection, changedOnly) {
            case (.original, _): ""
            case (.present, false): "WHERE NOT is_removed"
            case (.present, true): "WHERE is_patched AND NOT is_removed"
            }
        var written = 0
        // Bytewise order: a directory comes before what it holds. Of two imported roots the later one wins.
        try await session.forEachPage(
            "entries",
            """
            SELECT * FROM (
                SELECT DISTINCT ON (path) path, entry_type, link_target, sha256, size, mtime_ns, mode, file_id,
                    \(selection.rawValue)
                FROM source.files f WHERE retired_by IS NULL AND container_file_id IS NULL ORDER BY path, import_id DESC
            ) entries \(condition) ORDER BY path
            """,
            size: 1_000
        ) { row in
            guard let path = row["path"].bytes, let type = row["entry_type"].string.flatMap(EntryType.init(rawValue:))
            else { return }
            written += 1
            let entry = TreeEntry(
                path: path,
                type: type,
                size: row["size"].integer ?? 0,
                mtimeNanoseconds: row["mtime_ns"].integer ?? 0,
                mode: UInt32(bitPattern: Int32(row["mode"].integer ?? 0)),
                linkTarget: row["link_target"].bytes
            )
            guard type == .file, let content = row["sha256"].bytes else {
                try writer.add(entry, contents: { _ in 0 })
                return
            }
            try await writeFile(entry, content, row)
        }
        facts.entries = written
    }

    private func writeStored(_ entry: TreeEntry, content: [UInt8], with writer: TreeWriter) async throws {
        try await writer.withFile(
            entry.path,
            mode: entry.permissions,
            mtimeNanoseconds: entry.mtimeNanoseconds
        ) { sink in
            var hash = SHA256()
            try await session.forEachRow(
                "SELECT bytes FROM source.blob_chunks WHERE sha256 = $1 ORDER BY ordinal",
                [.bytes(content)]
            ) { chunk in
                let bytes = chunk["bytes"].bytes ?? []
                hash.update(data: bytes)
                try sink.write(bytes)
            }
            guard Array(hash.finalize()) == content else { throw DataMigrationError.storedBytesDamaged(entry.pathText) }
        }
    }
}
