import Diagnostics

/// A libpq connection string with its password taken out, so that it can be put into a command line.
struct PostgresAddress: Sendable, Hashable {
    /// The connection string without the password.
    let withoutPassword: String
    /// The password that was in it.
    let password: Secret?

    /// Takes the password out of `scheme://user:password@…`, of `?password=…`, or of `password=…` among keywords.
    init(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else {
            (withoutPassword, password) = Self.fromKeywords(text)
            return
        }
        var rest = String(text[scheme.upperBound...])
        var found: Secret?
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        if let at = rest[..<end].lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") {
            found = Secret(PercentEncoding.decode(rest[rest.index(after: colon)..<at]))
            rest.removeSubrange(colon..<at)
        }
        if let question = rest.firstIndex(of: "?") {
            var kept: [Substring] = []
            for pair in rest[rest.index(after: question)...].split(separator: "&") {
                if pair.hasPrefix("password=") {
                    found = Secret(PercentEncoding.decode(pair.dropFirst("password=".count)))
                } else {
                    kept.append(pair)
                }
            }
            rest = String(rest[..<question]) + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&"))
        }
        self.withoutPassword = text[..<scheme.upperBound] + rest
        self.password = found
    }

    /// From `host=… password='it''s'`, where quotes hold blanks and a backslash takes the next character as it is.
    private static func fromKeywords(_ text: String) -> (String, Secret?) {
        guard let key = text.firstRange(of: "password") else { return (text, nil) }
        var rest = text[key.upperBound...].drop { $0 == " " }
        guard rest.popFirst() == "=" else { return (text, nil) }
        rest = rest.drop { $0 == " " }
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        var value = ""
        while let character = rest.popFirst() {
            if isQuoted ? character == "'" : character == " " { break }
            value.append(character == "\\" ? rest.popFirst() ?? character : character)
        }
        return (text[..<key.lowerBound] + String(rest), Secret(value))
    }
}

/// The `%41` of URLs.
enum PercentEncoding {
    /// Percent-encodes all but letters, digits and `-._~/`, which mean nothing in a URL's query.
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-._~/".utf8.contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    /// Decodes what is percent-encoded; a `%` without two digits stays as it is.
    static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
