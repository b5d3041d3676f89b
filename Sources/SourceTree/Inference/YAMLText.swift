/// Texts as they stand in a YAML file that we write.
enum YAMLText {
    /// A text between double quotes; what YAML does not allow or people do not see is escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: result += isPlain(scalar) ? String(scalar) : escaped(scalar)
            }
        }
        return result + "\""
    }

    /// A name as it is where that is safe, else quoted.
    static func name(_ text: String) -> String {
        let isSafe = text.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 0x5F || $0 == 0x2D
        }
        let isWord = text.utf8.first.map { (97...122).contains($0) } ?? false
        return isSafe && isWord && !reserved.contains(text) ? text : quoted(text)
    }

    /// The lines of a comment: at most about 110 characters each, nothing invisible in them.
    static func comment(_ text: String, indent: Int, hanging: String = "") -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" { safe += "\\n" } else { safe += isPlain(scalar) ? String(scalar) : escaped(scalar) }
        }
        var lines: [String] = []
        var line = ""
        for word in safe.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, line.count + word.count > widest - indent {
                lines.append(line)
                line = hanging + word
            } else {
                line += line.isEmpty ? String(word) : " " + word
            }
        }
        lines.append(line)
        return lines.map { String(repeating: " ", count: indent) + "# \($0)\n" }.joined()
    }

    private static let widest = 112
    private static let reserved: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }
}
