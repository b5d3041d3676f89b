import Crypto
import Diagnostics
import Domain
public import Postgres
import SourceTree

/// What an export wrote.
public struct ExportFacts: Sendable, Encodable {
    /// Regular files.
    public let files: Int
    /// All entries, directories and links included.
    public let entries: Int
    /// Bytes of the files.
    public let bytes: Int64
    /// Entries that could not be made.
    public let omitted: [Omission]

    /// An entry that was not made.
    public struct Omission: Sendable, Encodable {
        /// Its path as text.
        public let path: String
        /// Why.
        public let reason: String
    }
}

/// Writes the stored tree to a new directory.
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
        var entries = 0
        try await session.withTransaction(.readOnly) {
            // Bytewise order: a directory comes before what it holds. Of two imported roots the later one wins.
            try await session.query(
                """
                DECLARE entries NO SCROLL CURSOR FOR
                SELECT DISTINCT ON (path) path, entry_type, link_target, sha256, size, mtime_ns, mode FROM source.files
                WHERE retired_by IS NULL AND container_file_id IS NULL ORDER BY path, import_id DESC
                """
            )
            while true {
                let page = try await session.query("FETCH 1000 FROM entries").rows
                if page.isEmpty { break }
                for row in page { try await write(row, with: writer, session: session) }
                entries += page.count
            }
        }
        let report = try writer.finish()
        return ExportFacts(
            files: report.files,
            entries: entries,
            bytes: report.bytes,
            omitted: report.notRecreated.map {
                ExportFacts.Omission(path: TreePath.text($0.path), reason: "a \($0.type.rawValue) cannot be made")
            }
        )
    }

    private func write(_ row: PostgresRow, with writer: TreeWriter, session: PostgresSession) async throws {
        guard let path = row["path"].bytes, let type = row["entry_type"].string.flatMap(EntryType.init(rawValue:))
        else {
            return
        }
        let entry = TreeEntry(
            path: path,
            type: type,
            size: row["size"].integer ?? 0,
            mtimeNanoseconds: row["mtime_ns"].integer ?? 0,
            mode: UInt32(bitPattern: Int32(row["mode"].integer ?? 0)),
            linkTarget: row["link_target"].bytes
        )
        guard type == .file, let sha256 = row["sha256"].bytes else {
            try writer.add(entry, contents: { _ in 0 })
            return
        }
        try await writer.withFile(path, mode: entry.permissions, mtimeNanoseconds: entry.mtimeNanoseconds) { sink in
            var hash = SHA256()
            try await session.forEachRow(
                "SELECT bytes FROM source.blob_chunks WHERE sha256 = $1 ORDER BY ordinal",
                [.bytes(sha256)]
            ) { chunk in
                let bytes = chunk["bytes"].bytes ?? []
                hash.update(data: bytes)
                try sink.write(bytes)
            }
            guard Array(hash.finalize()) == sha256 else {
                throw DataMigrationError(
                    .verificationFailed,
                    "the stored bytes of \(entry.pathText) are not those that were imported",
                    hint: "run `cortex verify`, then restore the database from a backup"
                )
            }
        }
    }
}
