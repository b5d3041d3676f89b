import SourceTree

/// Bytes in memory as readers, and readers into memory.
enum ByteSlices {
    /// Reads the bytes from the first to the last.
    static func reader(_ bytes: [UInt8]) -> RecordExtractor.ByteReader {
        var position = 0
        return { buffer in
            let count = min(buffer.count, bytes.count - position)
            bytes.withUnsafeBytes { source in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
            }
            position += count
            return count
        }
    }

    /// Fills the buffer as far as the reader gives; returns the number of bytes, less than its size only at the end.
    static func fill(_ buffer: inout [UInt8], from reader: RecordExtractor.ByteReader) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                try reader(UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}
