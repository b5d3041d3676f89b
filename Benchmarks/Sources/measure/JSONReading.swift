import Foundation
import LosslessJSON

/// The tolerant reader alone: the records of a file, each read into a document that knows where every value stands.
struct JSONReading {
    private let bytes: [UInt8]
    private let selector: RecordSelector

    /// Holds the file in memory, so that the disk is not measured.
    init(file: String, selector: String) throws {
        bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        self.selector = try RecordSelector(pointer: selector)
    }

    /// Reads every record; gives how many there are, and their values.
    func run() throws -> [String: Int] {
        var scanner = JSONRecordScanner(reader: bytes.reader(), selectors: [selector], readsRecords: true)
        var (records, spanned) = (0, 0)
        while let item = try scanner.next() {
            guard case .record(_, _, _, let span, let text?, _, let read) = item else { continue }
            let document = try read ?? JSONDocument(tolerant: text, base: span.start)
            records += 1
            spanned += document.root.span.count
        }
        return ["bytes": bytes.count, "records": records, "record_bytes": spanned]
    }
}

extension [UInt8] {
    /// Hands the bytes out from the first to the last.
    func reader() -> (UnsafeMutableRawBufferPointer) -> Int {
        var position = 0
        return { buffer in
            let count = Swift.min(buffer.count, self.count - position)
            self.withUnsafeBytes { bytes in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
            }
            position += count
            return count
        }
    }
}
