/// Where bytes come from: fills the front of the buffer and returns how many bytes it wrote; 0 only at the end.
public typealias ByteReader = (UnsafeMutableRawBufferPointer) throws -> Int

/// Where bytes go to: takes all of the buffer or throws.
public typealias ByteSink = (UnsafeRawBufferPointer) throws -> Void

/// Ready-made ends of byte streams.
public enum ByteStream: Sendable {
    /// A reader over bytes in memory.
    public static func reader(_ bytes: [UInt8]) -> ByteReader {
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

    /// Everything that a reader has left, up to `limit` bytes; throws `compression.invalid` when there is more.
    ///
    /// For members that are known to be small: the whole result is in memory.
    public static func collect(_ reader: ByteReader, limit: Int = 64 << 20) throws -> [UInt8] {
        var result: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try reader(buffer)
            if count == 0 { return result }
            guard result.count + count <= limit else {
                throw CompressionError(
                    .tooLarge,
                    "The data has more than the \(limit) bytes that may be held in memory"
                )
            }
            result.append(contentsOf: buffer[..<count])
        }
    }
}

/// Reads until the buffer is full or the stream ends; returns how many bytes there were.
func readFully(_ reader: ByteReader, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
        let count = try reader(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        if count == 0 { break }
        filled += count
    }
    return filled
}
