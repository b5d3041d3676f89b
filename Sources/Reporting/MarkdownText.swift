/// Text of unknown origin made safe for Markdown: it can neither end a table cell nor become markup, and can be read back.
enum MarkdownText {
    /// A name (path, id, pointer) as a code span.
    ///
    /// What a code span in a table cannot hold is written in the notation of Swift strings: `\n`, `\t`, `\\`, `\x60`
    /// (backtick), `\x7c` (pipe), `\x20` (a space at an end), `\u{202e}` (control and invisible characters).
    static func code(_ text: String) -> String {
        guard !text.isEmpty else { return "(empty)" }
        var result = ""
        let scalars = Array(shortened(text).unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let isEnd = index == 0 || index == scalars.count - 1
            result += isEnd && scalar == " " ? "\\x20" : escaped(scalar)
        }
        return "`\(result)`"
    }

    /// A sentence as text: markup characters are escaped, control characters become visible, line ends become spaces.
    ///
    /// At its start it makes no list either.
    static func prose(_ text: String) -> String {
        let scalars = Array(shortened(text).unicodeScalars)
        let number = scalars.prefix { ("0"..."9").contains($0) }.count
        let marker = scalars.dropFirst(number).first
        let makesList = number > 0 ? marker == "." || marker == ")" : marker == "-" || marker == "+"
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            if index == number, makesList { result += "\\" }
            switch scalar {
            case "\n", "\r", "\t": result += " "
            case "|": result += "&#124;"
            case "\\": result += "&#92;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "`": result += "&#96;"
            case "*", "_", "[", "]", "~", "#", "!", "$": result += "\\" + String(scalar)
            default: result += VisibleText.isInvisible(scalar) ? hexadecimal(scalar) : String(scalar)
            }
        }
        return result
    }

    /// At most 300 characters, cut in the middle, where a path says least.
    private static func shortened(_ text: String) -> String {
        let limit = 300
        guard text.unicodeScalars.count > limit else { return text }
        return String(text.unicodeScalars.prefix(limit / 2)) + "…" + String(text.unicodeScalars.suffix(limit / 2 - 1))
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\\": "\\\\"
        case "`": "\\x60"
        case "|": "\\x7c"
        default: VisibleText.isInvisible(scalar) ? hexadecimal(scalar) : String(scalar)
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16))}"
    }
}
