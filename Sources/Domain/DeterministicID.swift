import Crypto

/// A 128-bit identifier as its 16 bytes, printed in the usual 8-4-4-4-12 form.
public struct DeterministicID: Sendable, Hashable, CustomStringConvertible {
    /// The 16 bytes, first byte highest.
    public let high: UInt64
    /// The lower 8 bytes.
    public let low: UInt64

    /// An id of these halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Name-based UUID, version 5 (RFC 9562 section 5.5): SHA-1 over a namespace and length-prefixed parts.
    ///
    /// Parts are prefixed with their length so that ("ab", "c") and ("a", "bc") differ.
    public init(namespace: Namespace, parts: [[UInt8]]) {
        self.init(namespace: namespace) { list in
            for part in parts { list.append(part) }
        }
    }

    /// The same of parts that are appended one by one: there is an id for every record and many rows.
    public init(namespace: Namespace, appending append: (inout Parts) -> Void) {
        var parts = Parts(namespace)
        append(&parts)
        var hash = Insecure.SHA1()
        // In one piece: each update of a hash has its price.
        parts.text.withUnsafeBytes { hash.update(bufferPointer: $0) }
        let halves = hash.finalize().withUnsafeBytes { hash in
            (hash.loadUnaligned(as: UInt64.self), hash.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        high = UInt64(bigEndian: halves.0) & ~0xF000 | 0x5000
        low = UInt64(bigEndian: halves.1) & ~0xC000_0000_0000_0000 | 0x8000_0000_0000_0000
    }

    /// The parts of a name, each behind its length.
    public struct Parts: Sendable {
        fileprivate var text: [UInt8] = []

        fileprivate init(_ namespace: Namespace) {
            text.reserveCapacity(160)
            text.append(contentsOf: Namespace.base)
            text.append(namespace.rawValue)
        }

        /// Bytes.
        public mutating func append(_ part: [UInt8]) {
            appendBigEndian(part.count)
            text.append(contentsOf: part)
        }

        /// A text, as UTF-8.
        public mutating func append(_ part: String) {
            appendBigEndian(part.utf8.count)
            text.append(contentsOf: part.utf8)
        }

        /// An id, as its 16 bytes.
        public mutating func append(_ part: DeterministicID) {
            appendBigEndian(16)
            withUnsafeBytes(of: (part.high.bigEndian, part.low.bigEndian)) { text.append(contentsOf: $0) }
        }

        /// A number, as eight bytes, highest first.
        public mutating func append(_ part: Int) {
            appendBigEndian(8)
            appendBigEndian(part)
        }

        private mutating func appendBigEndian(_ number: Int) {
            withUnsafeBytes(of: number.bigEndian) { text.append(contentsOf: $0) }
        }
    }

    /// The 16 bytes in order.
    public var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }

    /// Lower-case hexadecimal with hyphens.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What an id is made for; each has a namespace of its own.
    public enum Namespace: UInt8, Sendable {
        /// Files: path bytes, member path, SHA-256.
        case file = 1
        /// Records: file id, JSON pointer, ordinal, first byte.
        case record = 2
        /// Rows with surrogate keys: table, record id, role.
        case row = 3

        /// A fixed random base; the case is the last of the 16 bytes.
        fileprivate static let base: [UInt8] = [
            0x8e, 0x5a, 0x0c, 0x6d, 0x37, 0x1f, 0x4b, 0x92, 0xa4, 0x5e, 0xc0, 0x7e, 0x43, 0x6f, 0x72,
        ]
    }
}
