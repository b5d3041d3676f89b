/// Hashes of short texts, such as names of members.
enum NameHash {
    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The 64-bit FNV-1a hash (Fowler, Noll, Vo), a byte at a time.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// Another hash, eight bytes at a time: each is folded in by a multiplication to 128 bits.
    @inline(__always)
    static func words(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(text)
        var hash = start ^ UInt64(bytes.count)
        guard bytes.count >= 8 else { return folded(hash ^ shortWord(bytes)) }
        var position = 0
        while position + 8 < bytes.count {
            hash = folded(hash ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        // The last eight bytes, some of them a second time.
        return folded(hash ^ bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
    }

    /// Fewer than eight bytes as a number.
    private static func shortWord(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        if bytes.count >= 4 {
            let first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)
            let last = bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)
            return UInt64(first) | UInt64(last) << 32
        }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    @inline(__always)
    private static func folded(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low
    }
}
