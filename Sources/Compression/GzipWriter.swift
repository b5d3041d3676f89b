import CZlib

/// Compresses bytes into one gzip member as a stream, the same bytes every time: no name, time 0.
///
/// The compressed form depends on the version of zlib; what it expands to does not.
/// Not safe for use from several threads at once.
public final class GzipWriter {
    private let sink: ByteSink
    // On the heap at a fixed address: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer
    private var isFinished = false

    /// Compresses into `sink`; `level` from 0 (stored) to 9 (smallest), default 6.
    public init(level: Int = 6, sink: @escaping ByteSink) {
        self.sink = sink
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: 64 << 10, alignment: 16)
        // 15 bits of window, +16: gzip header and trailer; memory level 8 is zlib's default.
        let status = deflateInit2_(
            stream,
            Int32(min(max(level, 0), 9)),
            Z_DEFLATED,
            15 + 16,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib has no memory or another version than its header")
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
        output.deallocate()
    }

    /// Compresses more bytes; errors of the sink pass through, `internal` after `finish()`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard !isFinished else { throw CompressionError(.misuse, "Bytes were written behind the end of a gzip stream") }
        var rest = bytes
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            try deflate(part, flush: Z_NO_FLUSH)
            rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
        }
    }

    /// Compresses more bytes.
    public func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Writes what is pending and the trailer; a second call does nothing.
    public func finish() throws {
        guard !isFinished else { return }
        isFinished = true
        try deflate(UnsafeRawBufferPointer(start: nil, count: 0), flush: Z_FINISH)
    }

    /// One gzip member with these bytes.
    public static func compress(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
        var result: [UInt8] = []
        let writer = GzipWriter(level: level) { result.append(contentsOf: $0) }
        try writer.write(bytes)
        try writer.finish()
        return result
    }

    private func deflate(_ bytes: UnsafeRawBufferPointer, flush: Int32) throws {
        // zlib does not write through next_in; its type only lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: Bytef.self)
        )
        stream.pointee.avail_in = uInt(bytes.count)
        var status = Z_OK
        repeat {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_out = uInt(output.count)
            status = CZlib.deflate(stream, flush)
            let count = output.count - Int(stream.pointee.avail_out)
            if count > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[..<count])) }
        } while stream.pointee.avail_out == 0 && status != Z_STREAM_END
    }
}

@available(*, unavailable)
extension GzipWriter: Sendable {}
