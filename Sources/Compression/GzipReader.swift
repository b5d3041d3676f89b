import CZlib

/// Expands gzip data (RFC 1952) as a stream: one or more members, checksums verified, expansion limited.
///
/// Memory is the 32 KiB window of the format plus one input buffer of 64 KiB, whatever the data's size.
/// Bytes behind the last member that start no further one end the data; `trailingGarbage` tells where they are.
/// Not safe for use from several threads at once.
public final class GzipReader {
    /// Bytes behind the last member that are no gzip data.
    public struct TrailingGarbage: Sendable, Hashable {
        /// Where they start in the compressed data.
        public let offset: Int
        /// How many there are.
        public let count: Int
        /// Whether all of them are zero, as padding of tapes and some tools is.
        public let isZeroPadding: Bool
    }

    private enum State {
        /// Before the header of a member; the first one must be there.
        case beforeMember
        case insideMember
        case ended
        case failed(CompressionError)
    }

    /// How many members were expanded to their end.
    public private(set) var memberCount = 0
    /// How many bytes were expanded so far, over all members.
    public private(set) var expandedBytes = 0
    /// What stood behind the last member; nil while reading and when there was nothing.
    public private(set) var trailingGarbage: TrailingGarbage?
    /// Where in the compressed data the next byte will be taken from.
    public var compressedOffset: Int { fetchedBytes - (inputEnd - inputStart) }

    private let source: ByteReader
    private let limit: ExpansionLimit
    private let compressedSize: Int?
    // On the heap at a fixed address: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var inputStart = 0
    private var inputEnd = 0
    private var fetchedBytes = 0
    private var sourceEnded = false
    private var state = State.beforeMember

    /// Expands what `source` gives.
    ///
    /// `compressedSize`, where it is known, makes the ratio a judgement of the whole file rather than of each
    /// beginning of it, so a file whose first part shrinks very well is not refused for that alone.
    public init(limit: ExpansionLimit = .standard, compressedSize: Int? = nil, source: @escaping ByteReader) {
        self.source = source
        self.limit = limit
        self.compressedSize = compressedSize
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 64 << 10, alignment: 16)
        // 15 bits of window, +16: gzip header and trailer, checked by zlib.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory or another version than its header")
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
        input.deallocate()
    }

    /// This reader as a closure; the closure keeps it alive.
    public var byteReader: ByteReader { { try self.read(into: $0) } }

    /// Expands the next bytes into the buffer and returns their number; 0 only at the end of the data.
    ///
    /// Throws `CompressionError` with the place for damaged, truncated or excessive data, again on every later
    /// call; errors of the source pass through.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while true {
            switch state {
            case .failed(let error): throw error
            case .ended: return 0
            case .beforeMember:
                try startMember()
            case .insideMember:
                let count = try expand(into: buffer)
                if count > 0 { return count }
            }
        }
    }
}

@available(*, unavailable)
extension GzipReader: Sendable {}

// MARK: - Members

extension GzipReader {
    /// Decides from the next two bytes whether a member starts, the data ends or garbage follows.
    private func startMember() throws {
        try fetch(atLeast: 2)
        let available = inputEnd - inputStart
        if memberCount == 0 {
            guard available >= 2, input[inputStart] == 0x1f, input[inputStart + 1] == 0x8b else {
                throw fail(.notGzip, available == 0 ? "The gzip file is empty" : "The data does not start as gzip")
            }
        } else if available == 0 {
            state = .ended
            return
        } else if available < 2 || input[inputStart] != 0x1f || input[inputStart + 1] != 0x8b {
            try measureGarbage()
            state = .ended
            return
        }
        inflateReset(stream)
        state = .insideMember
    }

    private func expand(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if inputStart == inputEnd { try fetch(atLeast: 1) }
        let output = min(buffer.count, 1 << 30)
        stream.pointee.next_in = input.baseAddress?.advanced(by: inputStart).assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_in = uInt(inputEnd - inputStart)
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = uInt(output)
        let status = inflate(stream, Z_NO_FLUSH)
        inputStart = inputEnd - Int(stream.pointee.avail_in)
        let count = output - Int(stream.pointee.avail_out)
        expandedBytes += count
        do {
            try limit.check(
                expanded: expandedBytes,
                compressed: max(compressedOffset, compressedSize ?? 0),
                offset: compressedOffset
            )
        } catch {
            state = .failed(error)
            throw error
        }
        try judge(status, count: count)
        return count
    }

    private func judge(_ status: Int32, count: Int) throws {
        switch status {
        case Z_STREAM_END:
            memberCount += 1
            state = .beforeMember
        case Z_OK:
            break
        case Z_BUF_ERROR:
            // No progress was possible: only for want of input.
            if sourceEnded, inputStart == inputEnd {
                throw fail(.truncated, "The gzip data ends in the middle of member \(memberCount + 1)")
            }
        default:
            let text = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
            let isCheck = text == "incorrect data check" || text == "incorrect length check"
            throw fail(
                isCheck ? .checksumMismatch : .damaged,
                "The gzip data of member \(memberCount + 1) is damaged (\(text))"
            )
        }
    }

    private func fail(_ reason: CompressionError.Reason, _ summary: String) -> CompressionError {
        let error = CompressionError(reason, summary, offset: compressedOffset, expandedOffset: expandedBytes)
        state = .failed(error)
        return error
    }
}

// MARK: - Input

extension GzipReader {
    /// Fills the input buffer until it holds `count` bytes or the source ends.
    private func fetch(atLeast count: Int) throws {
        if inputStart > 0 {
            input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd]))
            inputEnd -= inputStart
            inputStart = 0
        }
        while inputEnd < count, !sourceEnded {
            let read = try source(UnsafeMutableRawBufferPointer(rebasing: input[inputEnd...]))
            if read == 0 { sourceEnded = true }
            inputEnd += read
            fetchedBytes += read
        }
    }

    /// Reads the rest of the source to know how much garbage there is.
    private func measureGarbage() throws {
        let offset = compressedOffset
        var count = 0
        var isZeroPadding = true
        while inputEnd > inputStart {
            isZeroPadding = isZeroPadding && input[inputStart..<inputEnd].allSatisfy { $0 == 0 }
            count += inputEnd - inputStart
            inputStart = inputEnd
            try fetch(atLeast: 1)
        }
        trailingGarbage = TrailingGarbage(offset: offset, count: count, isZeroPadding: isZeroPadding)
    }
}
