/// Text of unknown origin made safe for a terminal: it can neither move the cursor nor change colours or direction.
enum TerminalText {
    /// The text with control and invisible characters written visibly (`\n`, `\u{1b}`); spaces and tabs stay.
    ///
    /// Line ends stay where `keepingLines` is set, each followed by an indent so that a line cannot pose as another.
    static func safe(_ text: String, keepingLines: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += keepingLines ? "\n    " : "\\n"
            case "\t": result += "\t"
            case "\r": result += "\\r"
            default: result += isInvisible(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            }
        }
        return result
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: false
        }
    }
}
