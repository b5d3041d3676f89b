/// Takes the passwords of connection strings and the secrets of API keys out of a text that is about to be shown.
///
/// Handles `scheme://user:password@host`, also where the password holds characters that should have been encoded, and
/// `password=…` in URLs and in libpq's `key=value` strings, quoted or not, in any case. Of an API key its id stays.
public enum Redaction: Sendable {
    /// The text with each password, and the secret of each API key, replaced by `***`.
    public static func redact(_ text: String) -> String {
        redactKeys(redactParameters(redactUserInfo(text)))
    }

    /// The secret of a key is all that follows its id, also where the text was cut.
    private static func redactKeys(_ text: String) -> String {
        guard text.contains("cortex_") else { return text }
        return text.replacing(#/(cortex_[0-9a-fA-F]{16}_)[0-9a-fA-F]+/#) { "\($0.output.1)***" }
    }

    private static func redactUserInfo(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            rest = rest[scheme.upperBound...]
            guard let password = passwordRange(in: rest) else { continue }
            result += rest[..<password.lowerBound] + "***"
            rest = rest[password.upperBound...]
        }
        return result + rest
    }

    /// Where the password is in what follows `://`: from the first colon to the last `@` of the authority.
    ///
    /// An authority without `@` whose colon is not followed by a port is a password with an unencoded `/` or `?`.
    private static func passwordRange(in text: Substring) -> Range<Substring.Index>? {
        let word = text.prefix { !$0.isWhitespace && $0 != "\"" }
        let authority = word.prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@") {
            guard let colon = authority[..<at].firstIndex(of: ":") else { return nil }
            return authority.index(after: colon)..<at
        }
        guard let colon = authority.firstIndex(of: ":"), let at = word.lastIndex(of: "@") else { return nil }
        let start = authority.index(after: colon)
        let isPort = authority[start...].allSatisfy { $0.isASCII && $0.isNumber }
        return isPort ? nil : start..<at
    }

    private static func redactParameters(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let key = rest.firstRange(of: #/(?i)password[ \t]*=[ \t]*/#) {
            result += rest[..<key.upperBound]
            rest = rest[key.upperBound...]
            if rest.first == "'" {
                result += "'***'"
                rest = afterQuoted(rest.dropFirst())
            } else {
                result += "***"
                rest = rest.drop { $0 != "&" && !$0.isWhitespace && $0 != "\"" }
            }
        }
        return result + rest
    }

    /// What follows the closing quote; a backslash takes the next character with it.
    private static func afterQuoted(_ text: Substring) -> Substring {
        var rest = text
        while let character = rest.popFirst(), character != "'" {
            if character == "\\" { rest = rest.dropFirst() }
        }
        return rest
    }
}
