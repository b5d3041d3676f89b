/// The text form of one-dimensional arrays, `{a,"b c",NULL}`.
enum ArrayLiteral {
    /// The elements; nil for what is no one-dimensional array or holds a NULL.
    static func elements(_ text: ArraySlice<UInt8>) -> [String]? {
        guard text.count >= 2, text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else { return nil }
        let inner = text.dropFirst().dropLast()
        guard !inner.isEmpty else { return [] }
        var result: [String] = []
        var index = inner.startIndex
        while true {
            guard let element = element(in: inner, at: &index) else { return nil }
            result.append(element)
            if index == inner.endIndex { return result }
            guard inner[index] == UInt8(ascii: ",") else { return nil }
            index += 1
        }
    }

    private static func element(in text: ArraySlice<UInt8>, at index: inout Int) -> String? {
        guard index < text.endIndex else { return nil }
        var bytes: [UInt8] = []
        guard text[index] == UInt8(ascii: "\"") else {
            while index < text.endIndex, text[index] != UInt8(ascii: ",") {
                guard text[index] != UInt8(ascii: "{"), text[index] != UInt8(ascii: "\"") else { return nil }
                bytes.append(text[index])
                index += 1
            }
            let string = String(decoding: bytes, as: UTF8.self)
            return string.isEmpty || string == "NULL" ? nil : string
        }
        index += 1
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard index < text.endIndex else { return nil }
                bytes.append(text[index])
                index += 1
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }
}
