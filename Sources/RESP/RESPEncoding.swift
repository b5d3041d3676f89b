/// The pieces that values and commands are encoded from.
enum RESPEncoding {
    static func header(_ type: UInt8, _ count: Int, into bytes: inout [UInt8]) {
        bytes.append(type)
        decimal(count, into: &bytes)
        lineEnd(into: &bytes)
    }

    static func line(_ type: UInt8, _ text: some Sequence<UInt8>, into bytes: inout [UInt8]) {
        bytes.append(type)
        bytes.append(contentsOf: text)
        lineEnd(into: &bytes)
    }

    static func blob(
        _ content: some Collection<UInt8>,
        type: UInt8 = UInt8(ascii: "$"),
        into bytes: inout [UInt8]
    ) {
        header(type, content.count, into: &bytes)
        bytes.append(contentsOf: content)
        lineEnd(into: &bytes)
    }

    private static func lineEnd(into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Lengths are short: digits are written without making a string.
    private static func decimal(_ count: Int, into bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

extension RESPValue {
    /// Appends the value as RESP3.
    ///
    /// An error with a line break is sent as a blob error; a simple string must not hold one.
    public func encode(into bytes: inout [UInt8]) {
        switch self {
        case .simpleString(let text): RESPEncoding.line(UInt8(ascii: "+"), text, into: &bytes)
        case .blobString(let text): RESPEncoding.blob(text, into: &bytes)
        case .error(let text):
            if text.contains(UInt8(ascii: "\r")) || text.contains(UInt8(ascii: "\n")) {
                RESPEncoding.blob(text, type: UInt8(ascii: "!"), into: &bytes)
            } else {
                RESPEncoding.line(UInt8(ascii: "-"), text, into: &bytes)
            }
        case .integer(let number): RESPEncoding.line(UInt8(ascii: ":"), String(number).utf8, into: &bytes)
        case .double(let number): RESPEncoding.line(UInt8(ascii: ","), String(number).utf8, into: &bytes)
        case .boolean(let flag): RESPEncoding.line(UInt8(ascii: "#"), (flag ? "t" : "f").utf8, into: &bytes)
        case .bigNumber(let digits): RESPEncoding.line(UInt8(ascii: "("), digits, into: &bytes)
        case .verbatim(let format, let text):
            RESPEncoding.blob(format + [UInt8(ascii: ":")] + text, type: UInt8(ascii: "="), into: &bytes)
        case .null: RESPEncoding.line(UInt8(ascii: "_"), [], into: &bytes)
        case .array(let list): Self.encode(list, UInt8(ascii: "*"), into: &bytes)
        case .set(let list): Self.encode(list, UInt8(ascii: "~"), into: &bytes)
        case .push(let list): Self.encode(list, UInt8(ascii: ">"), into: &bytes)
        case .map(let pairs): Self.encode(pairs, UInt8(ascii: "%"), into: &bytes)
        case .attributed(let pairs, let value):
            Self.encode(pairs, UInt8(ascii: "|"), into: &bytes)
            value.encode(into: &bytes)
        }
    }

    private static func encode(_ list: [RESPValue], _ type: UInt8, into bytes: inout [UInt8]) {
        RESPEncoding.header(type, list.count, into: &bytes)
        for value in list { value.encode(into: &bytes) }
    }

    private static func encode(_ pairs: [RESPPair], _ type: UInt8, into bytes: inout [UInt8]) {
        RESPEncoding.header(type, pairs.count, into: &bytes)
        for pair in pairs {
            pair.key.encode(into: &bytes)
            pair.value.encode(into: &bytes)
        }
    }
}
