import DataMigration
import Domain
import Foundation
import Postgres
import SourceTree

/// The rows that the tasks of a file become, encoded for COPY: what a load does to them, without its other tables.
struct TaskRows: Sendable {
    private let file: URL
    private let path: [UInt8]
    private let extractor: RecordExtractor

    /// Rows are handed out in pieces of about this size: smaller ones wake the sender more often, larger ones have left the
    /// caches before they are sent.
    private static let pieceBytes = 512 << 10

    /// The columns that are encoded, in order.
    static let columns = CatalogTable.tasks.mappedColumns.map { "\"\($0.name)\"" } + ["source_record_id"]

    init(file: String, path: String) throws {
        self.file = URL(filePath: file)
        self.path = Array(path.utf8)
        extractor = RecordExtractor(mapping: try .shipped())
    }

    /// Reads, maps and encodes every task and hands the encoded rows out piece by piece; `put` may leave another piece in the
    /// place of one that it keeps, for its memory.
    func encode(_ put: (inout [UInt8]) throws -> Void) throws -> [String: Int] {
        let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        let fileID = DeterministicID(namespace: .file, parts: [path])
        let source = RecordExtractor.Source(path: path, fileID: fileID, size: size)
        var encoder = CopyBinaryEncoder()
        var (rows, piece) = (0, [UInt8]())
        let retract = { throw InvalidFile() }
        _ = try extractor.extract(source, open: { try reader() }, retract: retract) { record in
            guard let row = record.rows.first, row.table == .tasks else { return }
            encoder.startRow(columns: row.packed.count + 1)
            try encoder.values(row.packed)
            encoder.uuid(high: record.recordID.high, low: record.recordID.low)
            rows += 1
            guard encoder.count >= Self.pieceBytes else { return }
            encoder.take(into: &piece)
            try put(&piece)
        }
        encoder.finish()
        encoder.take(into: &piece)
        try put(&piece)
        return ["bytes": size, "rows": rows]
    }

    /// Rows that were sent could not be taken back.
    private struct InvalidFile: Error, CustomStringConvertible {
        let description = "the file is no valid JSON"
    }

    private func reader() throws -> RecordExtractor.ByteReader {
        let handle = try FileHandle(forReadingFrom: file)
        return { buffer in max(0, read(handle.fileDescriptor, buffer.baseAddress, buffer.count)) }
    }
}
