/// A JSON value that keeps the order of its members and can hold text that is no JSON at all.
indirect enum ExampleJSON: Hashable {
    case object([Member])
    case array([ExampleJSON])
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case null
    /// Text that is written as it is: numbers in odd spellings, escapes, bare words, holes.
    case raw(String)

    struct Member: Hashable {
        let key: String
        let value: ExampleJSON
    }

    /// How much white space is written.
    enum Style {
        case compact
        /// Two blanks a level, as the scripts that write coordination trees do.
        case pretty
    }

    /// The members with others added, or replaced where the key is there already.
    func with(_ changes: KeyValuePairs<String, ExampleJSON>) -> ExampleJSON {
        guard case .object(var members) = self else { return self }
        for (key, value) in changes {
            if let index = members.firstIndex(where: { $0.key == key }) {
                members[index] = Member(key: key, value: value)
            } else {
                members.append(Member(key: key, value: value))
            }
        }
        return .object(members)
    }

    func text(_ style: Style = .pretty, indent: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, style, indent: indent)
        return bytes
    }

    func append(to bytes: inout [UInt8], _ style: Style, indent: Int = 0) {
        switch self {
        case .object(let members):
            Self.list(members, "{", "}", &bytes, style, indent) { member, bytes in
                Self.quote(member.key, to: &bytes)
                bytes += style == .pretty ? ": ".utf8 : ":".utf8
                member.value.append(to: &bytes, style, indent: indent + 1)
            }
        case .array(let elements):
            Self.list(elements, "[", "]", &bytes, style, indent) { $0.append(to: &$1, style, indent: indent + 1) }
        case .string(let text): Self.quote(text, to: &bytes)
        case .integer(let number): bytes += String(number).utf8
        case .boolean(let value): bytes += (value ? "true" : "false").utf8
        case .null: bytes += "null".utf8
        case .raw(let text): bytes += text.utf8
        }
    }

    private static func list<Item>(
        _ items: [Item],
        _ start: Unicode.Scalar,
        _ end: Unicode.Scalar,
        _ bytes: inout [UInt8],
        _ style: Style,
        _ indent: Int,
        _ append: (Item, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: start))
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if style == .pretty { newLine(indent + 1, &bytes) }
            append(item, &bytes)
        }
        if style == .pretty, !items.isEmpty { newLine(indent, &bytes) }
        bytes.append(UInt8(ascii: end))
    }

    private static func newLine(_ indent: Int, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
    }

    private static func quote(_ text: String, to bytes: inout [UInt8]) {
        let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 >= 0x20 }
        bytes.append(UInt8(ascii: "\""))
        if isPlain { bytes += text.utf8 } else { text.utf8.forEach { escape($0, to: &bytes) } }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): bytes += "\\n".utf8
        case UInt8(ascii: "\t"): bytes += "\\t".utf8
        default: bytes.append(byte)
        }
    }
}

extension ExampleJSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    init(dictionaryLiteral elements: (String, ExampleJSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }

    init(arrayLiteral elements: ExampleJSON...) {
        self = .array(elements)
    }

    init(stringLiteral value: String) {
        self = .string(value)
    }

    init(integerLiteral value: Int) {
        self = .integer(value)
    }

    init(booleanLiteral value: Bool) {
        self = .boolean(value)
    }

    init(nilLiteral: ()) {
        self = .null
    }
}
