import SourceTree

/// Readers into memory.
enum ByteSlices {
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
