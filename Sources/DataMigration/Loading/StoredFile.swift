import Diagnostics
import Domain
import Foundation
import Postgres
import SourceTree

/// A stored content that can be read from its start as often as needed: in memory, or spooled to a file that has no
/// name and goes with this value.
final class StoredFile: @unchecked Sendable {
    // @unchecked: the fields never change, and the file behind a spool's handle is read by one thread at a time, the
    // one that the value was handed to.
    private enum Place {
        case memory([UInt8])
        case spool(FileHandle)
    }

    private let place: Place
    private let size: Int64

    private init(place: Place, size: Int64) {
        self.place = place
        self.size = size
    }

    /// Fetches a content from the database.
    static func open(
        sha256: [UInt8],
        size: Int64,
        heldBytes: Int64,
        session: PostgresSession
    ) async throws -> StoredFile {
        let sql = "SELECT bytes FROM source.blob_chunks WHERE sha256 = $1 ORDER BY ordinal"
        if size <= heldBytes {
            var bytes: [UInt8] = []
            try await session.forEachRow(sql, [.bytes(sha256)]) { bytes += $0["bytes"].bytes ?? [] }
            return StoredFile(place: .memory(bytes), size: size)
        }
        let spool = try unnamedFile()
        try await session.forEachRow(sql, [.bytes(sha256)]) { row in
            try spool.write(contentsOf: row["bytes"].bytes ?? [])
        }
        return StoredFile(place: .spool(spool), size: size)
    }

    private static func unnamedFile() throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("cortex-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: path.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else {
            throw DataMigrationError(
                .cannotWrite,
                "cannot write a temporary file in \(FileManager.default.temporaryDirectory.path)",
                hint: "set TMPDIR to a directory with room for the largest file of the tree"
            )
        }
        let handle = try FileHandle(forUpdating: path)
        try FileManager.default.removeItem(at: path)
        return handle
    }

    /// The bytes of the file at this path, or of its member, from the first on.
    func reader(path: [UInt8], member: [UInt8]?) throws -> RecordExtractor.ByteReader {
        let bytes = try whole()
        guard let member else { return bytes }
        guard let container = Container(path: path) else { return bytes }
        var index: Int?
        try container.forEachMember(size: size, source: bytes) { position, candidate, _ in
            if candidate.path == member && index == nil { index = position }
        }
        return try container.reader(ofMember: index ?? 0, size: size, source: try whole())
    }

    private func whole() throws -> RecordExtractor.ByteReader {
        switch place {
        case .memory(let bytes): return RecordExtractor.reader(of: bytes)
        case .spool(let handle):
            try handle.seek(toOffset: 0)
            return { buffer in
                let data = try handle.read(upToCount: buffer.count) ?? Data()
                data.copyBytes(to: buffer)
                return data.count
            }
        }
    }
}
