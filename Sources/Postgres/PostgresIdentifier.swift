/// Names in SQL text: the one place where identifiers and literals are quoted.
public enum PostgresIdentifier: Sendable {
    /// The name between double quotes, inner ones doubled: safe to put into SQL text.
    public static func quoted(_ name: String) -> String {
        enclosed(name, in: "\"")
    }

    /// `"schema"."name"`.
    public static func quoted(_ schema: String, _ name: String) -> String {
        quoted(schema) + "." + quoted(name)
    }

    /// The text as an SQL string literal, for statements that take no parameters (`ALTER ROLE … PASSWORD`).
    ///
    /// Needs `standard_conforming_strings = on`, the server's default, unless the text holds a backslash.
    public static func literal(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return enclosed(text, in: "'") }
        let doubled = text.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
        return " E" + enclosed(doubled, in: "'")
    }

    private static func enclosed(_ text: String, in quote: Character) -> String {
        var result = String(quote)
        for character in text.unicodeScalars {
            if character == quote.unicodeScalars.first { result.unicodeScalars.append(character) }
            result.unicodeScalars.append(character)
        }
        return result + String(quote)
    }
}
