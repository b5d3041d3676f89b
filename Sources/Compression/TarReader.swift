/// Reads a tar archive as a stream of members: ustar, GNU long names, pax `path`, `linkpath`, `size` and `mtime`.
///
/// Memory is a buffer of 64 KiB plus the current names, whatever the archive's size. For a `.tar.gz` the source is
/// a `GzipReader`'s `byteReader`, whose limit on expansion then holds for the archive as a whole.
/// Not safe for use from several threads at once.
public final class TarReader {
    /// How many bytes other than zero stood behind the end of the archive; 0 while reading.
    public private(set) var trailingGarbageBytes = 0
    /// Where in the archive the next byte will be taken from.
    public private(set) var offset = 0

    private let source: ByteReader
    private let scratch: UnsafeMutableRawBufferPointer
    private var remainingContent = 0
    private var remainingPadding = 0
    private var globals = TarExtension()
    private var hasEnded = false
    private var failure: CompressionError?

    /// Reads what `source` gives.
    public init(source: @escaping ByteReader) {
        self.source = source
        scratch = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        scratch.deallocate()
    }

    /// The next member, whatever was left of the previous one skipped; nil behind the last.
    ///
    /// At the end of the archive the source is read to its own end, so that the checksum of compressed data is
    /// verified too. Throws `CompressionError` with the place, again on every later call; errors of the source pass
    /// through.
    public func next() throws -> TarMember? {
        if let failure { throw failure }
        guard !hasEnded else { return nil }
        do {
            return try advance()
        } catch let error as CompressionError {
            failure = error
            throw error
        }
    }

    /// Reads the current member's content into the buffer and returns how many bytes; 0 only at its end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let failure { throw failure }
        let wanted = min(buffer.count, remainingContent)
        guard wanted > 0 else { return 0 }
        let count = try source(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        offset += count
        remainingContent -= count
        if count == 0 {
            let error = CompressionError(
                .truncated,
                "The tar archive ends \(remainingContent) bytes before the end of a member",
                offset: offset
            )
            failure = error
            throw error
        }
        return count
    }

    /// The current member's content as a closure; valid until the next call of `next()`.
    public var memberReader: ByteReader { { try self.read(into: $0) } }
}

@available(*, unavailable)
extension TarReader: Sendable {}

// MARK: - Headers

extension TarReader {
    private func advance() throws -> TarMember? {
        var extensions = globals
        while true {
            try skipContent()
            let headerOffset = offset
            guard let header = try nextHeader() else {
                try drain()
                hasEnded = true
                return nil
            }
            switch header.typeFlag {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                try extensions.apply(pax: extensionContent(header, headerOffset), offset: headerOffset)
            case UInt8(ascii: "g"):
                try globals.apply(pax: extensionContent(header, headerOffset), offset: headerOffset)
                extensions = globals
            case UInt8(ascii: "L"):
                extensions.path = TarExtension.longName(try extensionContent(header, headerOffset))
            case UInt8(ascii: "K"):
                extensions.linkTarget = TarExtension.longName(try extensionContent(header, headerOffset))
            default:
                return try member(header, extensions, headerOffset)
            }
        }
    }

    /// The next header; nil at the end mark (a zero block) or where the data ends between members.
    private func nextHeader() throws -> TarHeader? {
        let headerOffset = offset
        let block = UnsafeMutableRawBufferPointer(rebasing: scratch[..<TarHeader.blockSize])
        let count = try readFully(source, into: block)
        offset += count
        if count == 0 {
            guard headerOffset > 0 else { throw CompressionError(.notTar, "The tar archive is empty", offset: 0) }
            return nil
        }
        guard count == TarHeader.blockSize else {
            throw headerOffset == 0
                ? CompressionError(.notTar, "The data is too short for a tar archive", offset: 0)
                : CompressionError(.truncated, "The tar archive ends in the middle of a header", offset: offset)
        }
        if block.allSatisfy({ $0 == 0 }) { return nil }
        return try TarHeader(block: Array(block), offset: headerOffset)
    }

    private func member(_ header: TarHeader, _ extensions: TarExtension, _ headerOffset: Int) throws -> TarMember {
        let path = extensions.path ?? header.path
        guard !path.isEmpty else {
            throw CompressionError(.damaged, "A member of the tar archive has no name", offset: headerOffset)
        }
        let kind = try kind(header, path: path, headerOffset)
        var size = extensions.size ?? header.size
        switch kind {
        case .file, .other: break
        // Writers disagree on what the size of these means; none stores content for them.
        case .directory, .symbolicLink, .hardLink, .fifo, .device: size = 0
        }
        enter(size)
        let (wholeTime, overflow) = header.mtime.multipliedReportingOverflow(by: 1_000_000_000)
        return TarMember(
            path: path,
            kind: kind,
            size: size,
            mode: header.mode,
            mtimeNanoseconds: extensions.mtimeNanoseconds ?? (overflow ? 0 : wholeTime),
            linkTarget: extensions.linkTarget ?? header.linkTarget,
            headerOffset: headerOffset,
            dataOffset: offset
        )
    }

    private func kind(_ header: TarHeader, path: [UInt8], _ headerOffset: Int) throws -> TarMember.Kind {
        switch header.typeFlag {
        // Before ustar a directory was a file whose name ends with a slash.
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): path.last == UInt8(ascii: "/") ? .directory : .file
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .symbolicLink
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .device
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        case UInt8(ascii: "S"):
            throw CompressionError(.unsupported, "The tar archive holds a sparse file", offset: headerOffset)
        default: .other(header.typeFlag)
        }
    }
}

// MARK: - Content

extension TarReader {
    /// Sets what has to be read or skipped before the next header.
    private func enter(_ size: Int) {
        remainingContent = size
        remainingPadding = (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize
    }

    private func skipContent() throws {
        while remainingContent > 0 { _ = try read(into: scratch) }
        guard remainingPadding > 0 else { return }
        let padding = UnsafeMutableRawBufferPointer(rebasing: scratch[..<remainingPadding])
        let count = try readFully(source, into: padding)
        offset += count
        guard count == remainingPadding else {
            throw CompressionError(.truncated, "The tar archive ends in the padding of a member", offset: offset)
        }
        remainingPadding = 0
    }

    private func extensionContent(_ header: TarHeader, _ headerOffset: Int) throws -> [UInt8] {
        guard header.size <= TarExtension.maximumBytes else {
            throw CompressionError(
                .damaged,
                "An extension header of the tar archive claims \(header.size) bytes",
                offset: headerOffset
            )
        }
        enter(header.size)
        return try ByteStream.collect(memberReader, limit: TarExtension.maximumBytes)
    }

    /// Reads the source to its end, counting what is no padding.
    private func drain() throws {
        while true {
            let count = try source(scratch)
            if count == 0 { return }
            offset += count
            trailingGarbageBytes += scratch[..<count].count { $0 != 0 }
        }
    }
}
