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
        var line = Line(bytes: bytes)
        switch line.word() {
        case "V":
            guard let version = line.number(), let word = line.word(), let filledAt = line.number(), line.isOver else {
                return nil
            }
            let body = Array(bytes[line.place...])
            let content = VersionedDocument.Content.present(body: body, sensitivity: word)
            self = .document(VersionedDocument(version: version, content: content), filledAt: filledAt)
        case "N":
            guard let version = line.number(), let filledAt = line.number(), line.isOver, line.place == bytes.count
            else { return nil }
            self = .document(VersionedDocument(version: version, content: .absent), filledAt: filledAt)
        case "T":
            guard let floor = line.number(), let until = line.number(), let word = line.word(), line.isOver,
                line.place == bytes.count
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
}

/// The first line of stored bytes: words with one blank between them.
private struct Line {
    let bytes: [UInt8]
    /// The byte that comes next.
    private(set) var place = 0
    /// Whether the last word ended the line.
    private(set) var isOver = false

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A word of ASCII letters, digits, `_` and `-`, and what ends it; nil for anything else.
    mutating func word() -> String? {
        let start = place
        while place < bytes.count, !isOver {
            let byte = bytes[place]
            place += 1
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"): continue
            case 0x20, 0x0a:
                isOver = byte == 0x0a
                return place - 1 > start ? String(decoding: bytes[start..<place - 1], as: UTF8.self) : nil
            default: return nil
            }
        }
        return nil
    }

    /// A number as the scripts write it, and what ends it; nil for anything else.
    mutating func number() -> Int? {
        let start = place
        var number = 0
        while place < bytes.count, !isOver {
            let byte = bytes[place]
            place += 1
            switch byte {
            case 0x30...0x39 where place - start <= 16 && (number > 0 || place - start == 1):
                number = number * 10 + Int(byte - 0x30)
            case 0x20, 0x0a:
                isOver = byte == 0x0a
                return place - 1 > start && number < CacheContent.numberLimit ? number : nil
            default: return nil
            }
        }
        return nil
    }
}
