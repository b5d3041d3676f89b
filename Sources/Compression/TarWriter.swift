/// Writes a tar archive as a stream, the same bytes for the same calls: owner 0, time 0 unless given.
///
/// Names over 100 bytes, and links to such names, go into extension headers.
/// Not safe for use from several threads at once.
public final class TarWriter {
    /// How names that do not fit into a header are written.
    public enum LongNames: Sendable, Hashable {
        /// As pax extended headers (POSIX.1-2001), the default.
        case pax
        /// As GNU tar's `././@LongLink` members.
        case gnu
    }

    private let sink: ByteSink
    private let longNames: LongNames
    private var isFinished = false

    /// Writes into `sink`.
    public init(longNames: LongNames = .pax, sink: @escaping ByteSink) {
        self.sink = sink
        self.longNames = longNames
    }

    /// Adds a file with these bytes.
    public func addFile(_ path: [UInt8], _ bytes: [UInt8], mode: UInt32 = 0o644, mtime: Int64 = 0) throws {
        try addFile(path, size: bytes.count, mode: mode, mtime: mtime, content: ByteStream.reader(bytes))
    }

    /// Adds a file whose `size` bytes come from `content`; throws when there are fewer, ignores more.
    public func addFile(
        _ path: [UInt8],
        size: Int,
        mode: UInt32 = 0o644,
        mtime: Int64 = 0,
        content: ByteReader
    ) throws {
        try header(path, type: "0", size: size, mode: mode, mtime: mtime)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var rest = size
        while rest > 0 {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(rest, buffer.count)])
            let count = try content(part)
            guard count > 0 else {
                throw CompressionError(.misuse, "A member of the tar archive got \(rest) bytes less than announced")
            }
            try sink(UnsafeRawBufferPointer(rebasing: part[..<count]))
            rest -= count
        }
        try pad(size)
    }

    /// Adds a directory; a slash is appended to its name where there is none.
    public func addDirectory(_ path: [UInt8], mode: UInt32 = 0o755, mtime: Int64 = 0) throws {
        let name = path.last == UInt8(ascii: "/") ? path : path + [UInt8(ascii: "/")]
        try header(name, type: "5", mode: mode, mtime: mtime)
    }

    /// Adds a symbolic link.
    public func addSymbolicLink(_ path: [UInt8], target: [UInt8], mtime: Int64 = 0) throws {
        try header(path, type: "2", mode: 0o777, mtime: mtime, linkTarget: target)
    }

    /// Writes the two zero blocks that end an archive; a second call does nothing.
    public func finish() throws {
        guard !isFinished else { return }
        isFinished = true
        try [UInt8](repeating: 0, count: 2 * TarHeader.blockSize).withUnsafeBytes { try sink($0) }
    }
}

@available(*, unavailable)
extension TarWriter: Sendable {}

// MARK: - Blocks

extension TarWriter {
    private static let nameField = 100

    private func header(
        _ path: [UInt8],
        type: Unicode.Scalar,
        size: Int = 0,
        mode: UInt32,
        mtime: Int64,
        linkTarget: [UInt8] = []
    ) throws {
        guard !isFinished else { throw CompressionError(.misuse, "A member was added behind the end of a tar archive") }
        try writeExtensions(path: path, linkTarget: linkTarget)
        try block(path, type: type, size: size, mode: mode, mtime: mtime, linkTarget: linkTarget)
    }

    private func writeExtensions(path: [UInt8], linkTarget: [UInt8]) throws {
        let needsPath = path.count > Self.nameField
        let needsLink = linkTarget.count > Self.nameField
        switch longNames {
        case .gnu:
            if needsLink { try longName(linkTarget, type: "K") }
            if needsPath { try longName(path, type: "L") }
        case .pax:
            var records: [UInt8] = []
            if needsPath { records += Self.paxRecord("path", path) }
            if needsLink { records += Self.paxRecord("linkpath", linkTarget) }
            guard !records.isEmpty else { return }
            try block(Array("PaxHeader".utf8), type: "x", size: records.count, mode: 0o644, mtime: 0, linkTarget: [])
            try content(records)
        }
    }

    private func longName(_ name: [UInt8], type: Unicode.Scalar) throws {
        let bytes = name + [0]
        try block(Array("././@LongLink".utf8), type: type, size: bytes.count, mode: 0o644, mtime: 0, linkTarget: [])
        try content(bytes)
    }

    /// Eleven octal digits.
    private static let largestOctalSize = 0o777_7777_7777

    private func block(
        _ path: [UInt8],
        type: Unicode.Scalar,
        size: Int,
        mode: UInt32,
        mtime: Int64,
        linkTarget: [UInt8]
    ) throws {
        var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        put(path.prefix(Self.nameField), at: 0)
        put(Self.octal(Int64(mode & 0o7777), digits: 7), at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        put(size <= Self.largestOctalSize ? Self.octal(Int64(size), digits: 11) : Self.base256(size), at: 124)
        put(Self.octal(max(0, min(mtime, Int64(Self.largestOctalSize))), digits: 11), at: 136)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        block[156] = UInt8(ascii: type)
        put(linkTarget.prefix(Self.nameField), at: 157)
        put("ustar\u{0}00".utf8, at: 257)
        put(Self.octal(Int64(block.reduce(0) { $0 + Int($1) }), digits: 6), at: 148)
        block[154] = 0
        try block.withUnsafeBytes { try sink($0) }
    }

    private func content(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try sink($0) }
        try pad(bytes.count)
    }

    private func pad(_ size: Int) throws {
        let count = (TarHeader.blockSize - size % TarHeader.blockSize) % TarHeader.blockSize
        guard count > 0 else { return }
        try [UInt8](repeating: 0, count: count).withUnsafeBytes { try sink($0) }
    }

    private static func octal(_ value: Int64, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
    }

    /// Twelve bytes, big-endian, marked by the highest bit: GNU's way, which pax readers know too.
    private static func base256(_ value: Int) -> [UInt8] {
        [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }

    /// `<length> <key>=<value>\n`, where the length counts its own digits.
    private static func paxRecord(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let fixed = key.utf8.count + value.count + 3
        var length = fixed + 1
        while length != fixed + String(length).utf8.count { length = fixed + String(length).utf8.count }
        return Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    }
}
