import Crypto
import Diagnostics
import LosslessJSON
import Postgres
import SourceTree

/// Writes one stored file with the plan's changes, piece by piece: neither the file nor the texts of the changes are held.
struct FilePatching {
    let session: PostgresSession
    let fileID: String
    let pathText: String
    let content: [UInt8]

    /// Writes the file.
    ///
    /// Throws `verification.failed` when the stored bytes are not those that were imported.
    func write(to sink: TreeFileSink) async throws {
        var queue = PatchQueue(session: session, fileID: fileID, removals: try await removals())
        var hash = SHA256()
        var start = 0
        /// How many bytes of the next piece a patch that began before it replaces.
        var skipped = 0
        var ordinal: Int64 = 0
        while let bytes = try await piece(ordinal) {
            hash.update(data: bytes)
            var index = min(skipped, bytes.count)
            skipped -= index
            while let patch = try await queue.next(before: start + bytes.count) {
                let place = max(index, patch.offset - start)
                try sink.write(Array(bytes[index..<place]))
                try sink.write(patch.replacement)
                index = min(place + patch.length, bytes.count)
                skipped = place + patch.length - index
            }
            try sink.write(Array(bytes[index...]))
            start += bytes.count
            ordinal += 1
        }
        guard Array(hash.finalize()) == content else { throw DataMigrationError.storedBytesDamaged(pathText) }
    }

    private func piece(_ ordinal: Int64) async throws -> [UInt8]? {
        try await session.query(
            "SELECT bytes FROM source.blob_chunks WHERE sha256 = $1 AND ordinal = $2::int",
            [.bytes(content), .integer(ordinal)]
        ).rows.first?["bytes"].bytes
    }

    /// The patches that take values out, each with what goes along; the file is read once for them.
    private func removals() async throws -> [BytePatch] {
        var removals: [JSONRemoval] = []
        try await session.forEachRow(
            """
            SELECT json_pointer, byte_start, byte_end FROM export_actions
            WHERE file_id = $1::uuid AND is_removal ORDER BY byte_start
            """,
            [.text(fileID)]
        ) { row in
            let span = ByteSpan(
                start: Int(row["byte_start"].integer ?? 0),
                end: Int(row["byte_end"].integer ?? 0)
            )
            removals.append(JSONRemoval(span: span, isTopLevel: row["json_pointer"].string?.isEmpty ?? true))
        }
        guard !removals.isEmpty else { return [] }
        var scanner = JSONRemovalScanner(removals)
        try await session.forEachRow(
            "SELECT bytes FROM source.blob_chunks WHERE sha256 = $1 ORDER BY ordinal",
            [.bytes(content)]
        ) { scanner.feed($0["bytes"].bytes ?? []) }
        guard let patches = scanner.finish() else { throw DataMigrationError.storedBytesDamaged(pathText) }
        return patches
    }
}

/// The changes of one file in the order of their places; replacements come from the database page by page.
private struct PatchQueue {
    let session: PostgresSession
    let fileID: String
    private var removals: ArraySlice<BytePatch>
    private var replacements: ArraySlice<BytePatch> = []
    private var lastStart: Int64 = -1
    private var isAtEnd = false

    private static let pageSize = 20

    init(session: PostgresSession, fileID: String, removals: [BytePatch]) {
        self.session = session
        self.fileID = fileID
        self.removals = removals[...]
    }

    /// The next patch, if it begins before this byte.
    mutating func next(before end: Int) async throws -> BytePatch? {
        if replacements.isEmpty && !isAtEnd { try await fill() }
        let isRemovalNext = removals.first.map { removal in
            replacements.first.map { removal.offset < $0.offset } ?? true
        }
        if isRemovalNext ?? false {
            guard let first = removals.first, first.offset < end else { return nil }
            return removals.removeFirst()
        }
        guard let first = replacements.first, first.offset < end else { return nil }
        return replacements.removeFirst()
    }

    private mutating func fill() async throws {
        let rows = try await session.query(
            """
            SELECT byte_start, byte_end, replacement FROM export_actions
            WHERE file_id = $1::uuid AND NOT is_removal AND byte_start > $2::bigint ORDER BY byte_start LIMIT \(Self.pageSize)
            """,
            [.text(fileID), .integer(lastStart)]
        ).rows
        isAtEnd = rows.count < Self.pageSize
        replacements =
            rows.map { row in
                let start = row["byte_start"].integer ?? 0
                return BytePatch(
                    offset: Int(start),
                    length: Int((row["byte_end"].integer ?? 0) - start),
                    replacement: row["replacement"].bytes ?? []
                )
            }[...]
        lastStart = rows.last?["byte_start"].integer ?? lastStart
    }
}

extension DataMigrationError {
    /// What is stored of a file is not what was imported.
    static func storedBytesDamaged(_ path: String) -> DataMigrationError {
        DataMigrationError(
            .verificationFailed,
            "the stored bytes of \(path) are not those that were imported",
            hint: "run `cortex verify`, then restore the database from a backup"
        )
    }
}
