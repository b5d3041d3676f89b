/// The value of an `Authorization` header that presents a key.
enum BearerHeader {
    /// Calls the body with the key's id and text; nil when the header is no `Bearer` with a key of Cortex.
    ///
    /// Nothing is allocated for a header whose text is contiguous UTF-8.
    static func withKey<R>(_ header: String, _ body: (APIKeyID, UnsafeRawBufferPointer) -> R) -> R? {
        var header = header
        return header.withUTF8 { bytes -> R? in
            let scheme = "Bearer ".utf8
            guard bytes.count > scheme.count,
                // ASCII letters differ from their other case in one bit; the blank has it set already.
                zip(bytes, scheme).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
            else { return nil }
            var text = UnsafeRawBufferPointer(bytes)[scheme.count...]
            while text.first == UInt8(ascii: " ") { text = text.dropFirst() }
            let key = UnsafeRawBufferPointer(rebasing: text)
            guard let id = APIKey.id(of: key) else { return nil }
            return body(id, key)
        }
    }
}

/// Comparison that takes the same time wherever the first difference is.
enum ConstantTime {
    static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<left.count { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { areEqual(left, $0) } }
    }
}
