/// Words for a shell.
enum ShellText {
    /// The text as one word: as it is where that is safe, else quoted so that pasting it gives exactly the text.
    ///
    /// Control and invisible characters are written as bytes in `$'…'`, which bash, zsh and POSIX 2024 read.
    static func quoted(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        guard text.unicodeScalars.contains(where: VisibleText.isInvisible) else {
            return "'" + text.replacing("'", with: "'\\''") + "'"
        }
        let words = text.unicodeScalars.map { scalar in
            switch scalar {
            case "'", "\\": "\\" + String(scalar)
            case "\n": "\\n"
            case "\t": "\\t"
            case "\r": "\\r"
            default: VisibleText.isInvisible(scalar) ? bytes(of: scalar) : String(scalar)
            }
        }
        return "$'" + words.joined() + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || Array("_-./:@%+=,".utf8).contains(byte)
    }

    /// Octal, always three digits, so that a digit behind it stays what it is.
    private static func bytes(of scalar: Unicode.Scalar) -> String {
        String(scalar).utf8.map { byte in
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    }
}
