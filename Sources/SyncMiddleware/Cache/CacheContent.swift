/// What a private Redis key holds: a first line, and for a document its body.
///
/// - `V <version> <sensitivity> <filled_ms>` and the body: the row.
/// - `N <version> <filled_ms>`: the row does not exist.
/// - `T <floor> <lease_until_ms> <token or ->`: nothing is cached, nothing below the floor may be.
///
/// Numbers are decimal without leading zeros and below 2^53, because Lua counts in doubles.
enum CacheContent: Sendable, Equatable {
    case document(VersionedDocument, filledAt: Int)
    case tombstone(floor: Int, leaseUntil: Int, token: String?)

    /// One more than the greatest number that Lua keeps exactly.
    static let numberLimit = 1 << 53

    /// Reads stored bytes; nil for anything that the scripts would not have written.
    init?(bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = bytes[..<end].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard let letter = words.first, letter.count == 1 else { return nil }
        switch (letter.first, words.count) {
        case (UInt8(ascii: "V"), 4):
            guard let version = Self.number(words[1]), let word = Self.word(words[2]),
                let filledAt = Self.number(words[3])
            else { return nil }
            let body = Array(bytes[(end + 1)...])
            let content = VersionedDocument.Content.present(body: body, sensitivity: word)
            self = .document(VersionedDocument(version: version, content: content), filledAt: filledAt)
        case (UInt8(ascii: "N"), 3):
            guard end + 1 == bytes.count, let version = Self.number(words[1]), let filledAt = Self.number(words[2])
            else { return nil }
            self = .document(VersionedDocument(version: version, content: .absent), filledAt: filledAt)
        case (UInt8(ascii: "T"), 4):
            guard end + 1 == bytes.count, let floor = Self.number(words[1]), let until = Self.number(words[2]),
                let word = Self.word(words[3])
            else { return nil }
            self = .tombstone(floor: floor, leaseUntil: until, token: word == "-" ? nil : word)
        default:
            return nil
        }
    }

    /// The bytes as the scripts write them.
    var bytes: [UInt8] {
        switch self {
        case .document(let document, let filledAt):
            switch document.content {
            case .present(let body, let sensitivity):
                Array("V \(document.version) \(sensitivity) \(filledAt)\n".utf8) + body
            case .absent:
                Array("N \(document.version) \(filledAt)\n".utf8)
            }
        case .tombstone(let floor, let leaseUntil, let token):
            Array("T \(floor) \(leaseUntil) \(token ?? "-")\n".utf8)
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard let first = digits.first, digits.count <= 16, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            first != 0x30 || digits.count == 1
        else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number < numberLimit ? number : nil
    }

    /// A word of ASCII letters, digits, `_` and `-`.
    private static func word(_ bytes: ArraySlice<UInt8>) -> String? {
        let isWord = bytes.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        return isWord && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
