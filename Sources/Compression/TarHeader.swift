/// One 512-byte header block, decoded field by field (POSIX.1-1988 ustar, with GNU's base-256 numbers).
struct TarHeader {
    static let blockSize = 512

    let path: [UInt8]
    let mode: UInt32
    let size: Int
    let mtime: Int64
    let typeFlag: UInt8
    let linkTarget: [UInt8]

    /// Decodes a block that is not all zero; `offset` is its place for errors.
    init(block: [UInt8], offset: Int) throws(CompressionError) {
        guard Self.checksumMatches(block) else {
            throw offset == 0
                ? CompressionError(.notTar, "The data does not start as a tar archive", offset: 0)
                : CompressionError(.damaged, "The checksum of a tar header is wrong", offset: offset)
        }
        typeFlag = block[156]
        var name = Self.text(block[0..<100])
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? Self.text(block[345..<500]) : []
        if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        path = name
        linkTarget = Self.text(block[157..<257])
        mode = UInt32(truncatingIfNeeded: (Self.number(block[100..<108]) ?? 0) & 0o7777)
        mtime = Self.number(block[136..<148]) ?? 0
        guard let size = Self.number(block[124..<136]), size >= 0, size <= Int64.max - 1024 else {
            throw CompressionError(.damaged, "The size in a tar header is no number", offset: offset)
        }
        self.size = Int(size)
    }

    /// A field up to its first NUL.
    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
        Array(field.prefix { $0 != 0 })
    }

    /// An octal number in ASCII, or a big-endian two's complement one marked by the highest bit.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 { return base256(field, isNegative: first & 0x40 != 0) }
        var value: Int64 = 0
        let digits = field.drop { $0 == UInt8(ascii: " ") }
        for byte in digits {
            if byte == 0 || byte == UInt8(ascii: " ") { break }
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte), value <= Int64.max >> 3 else { return nil }
            value = value << 3 | Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private static func base256(_ field: ArraySlice<UInt8>, isNegative: Bool) -> Int64? {
        var bytes = Array(field)
        // The marker bit is no part of the number; the bit behind it is the sign.
        bytes[0] = isNegative ? bytes[0] | 0x80 : bytes[0] & 0x7f
        let filler: UInt8 = isNegative ? 0xff : 0
        let excess = bytes.count - 8
        guard bytes.prefix(excess).allSatisfy({ $0 == filler }) else { return nil }
        let value = Int64(bitPattern: bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        return (value < 0) == isNegative ? value : nil
    }

    /// Whether the sum over the block, the checksum field read as blanks, is the stored one.
    ///
    /// Some old writers summed signed bytes; both sums are accepted, as POSIX recommends.
    private static func checksumMatches(_ block: [UInt8]) -> Bool {
        guard let stored = number(block[148..<156]) else { return false }
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            unsigned += Int64(value)
            signed += Int64(Int8(bitPattern: value))
        }
        return stored == unsigned || stored == signed
    }
}
