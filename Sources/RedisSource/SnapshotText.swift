import Foundation

/// The JSON of sets, sorted sets and lists.
///
/// A text is a JSON string where it is UTF-8, else `{"base64":"…"}`. Sets are sorted by their bytes, sorted sets by score
/// and then by bytes, so that the same content is always the same text.
enum SnapshotText {
    /// A set: `type` and its `members`.
    static func set(_ members: Set<[UInt8]>) -> [UInt8] {
        object("set", "members", members.sorted { $0.lexicographicallyPrecedes($1) }.map(value))
    }

    /// A list: `type` and its `elements` in order.
    static func list(_ elements: [[UInt8]]) -> [UInt8] {
        object("list", "elements", elements.map(value))
    }

    /// A sorted set: `type` and its `members`, each with `member` and `score`, the latter as Redis writes it.
    static func sortedSet(_ scores: [[UInt8]: [UInt8]]) -> [UInt8] {
        let rows = scores.map { member, score in
            (member: member, score: score, number: Double(String(decoding: score, as: UTF8.self)) ?? 0)
        }
        let sorted = rows.sorted {
            $0.number == $1.number ? $0.member.lexicographicallyPrecedes($1.member) : $0.number < $1.number
        }
        return object(
            "zset",
            "members",
            sorted.map {
                Array("{\"member\":".utf8) + value($0.member) + Array(",\"score\":".utf8) + value($0.score) + [0x7D]
            }
        )
    }

    /// When a key ends: `expires_at_ms`, since 1970.
    static func expiry(_ milliseconds: Int64) -> [UInt8] {
        Array("{\"expires_at_ms\":\(milliseconds)}\n".utf8)
    }

    private static func object(_ type: String, _ name: String, _ values: [[UInt8]]) -> [UInt8] {
        var text = Array("{\"type\":\"\(type)\",\"\(name)\":[".utf8)
        for (index, value) in values.enumerated() {
            text += Array((index == 0 ? "\n" : ",\n").utf8)
            text += value
        }
        return text + Array("\n]}\n".utf8)
    }

    private static func value(_ bytes: [UInt8]) -> [UInt8] {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return Array("{\"base64\":\"\(Data(bytes).base64EncodedString())\"}".utf8)
        }
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                text += Array("\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
        return text
    }
}
