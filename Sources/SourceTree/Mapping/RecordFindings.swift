import Domain
import LosslessJSON

/// The findings of one record, bounded in number and in the length of what they quote.
struct RecordFindings {
    private(set) var list: [Finding] = []
    private var dropped = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(_ rule: FindingRule, _ message: String, pointer: String = "", at offset: Int?) {
        guard list.count < limit else {
            dropped += 1
            return
        }
        list.append(Finding(rule: rule, message: message, pointer: pointer, byteOffset: offset))
    }

    /// The findings by offset, one for each rule and place; one more says how many were left out.
    func finished() -> [Finding] {
        var result = list
        if result.count > 1 {
            // Implied rows read fields that the record's own row has reported already.
            var seen: Set<FindingPlace> = []
            result = result.filter { seen.insert(FindingPlace(rule: $0.rule, offset: $0.byteOffset)).inserted }
            result.sort { ($0.byteOffset ?? 0, $0.rule.rawValue) < ($1.byteOffset ?? 0, $1.rule.rawValue) }
        }
        if dropped > 0, let last = result.last {
            result.append(
                Finding(rule: last.rule, message: "\(dropped) more findings of this record are not listed")
            )
        }
        return result
    }

    /// A text between quotation marks, control characters escaped, cut to 200 characters; secrets are not shown.
    static func quote(_ text: String) -> String {
        guard !SecretDetector.looksSecret(Array(text.utf8)[...]) else { return "<a text that looks like a secret>" }
        var result = "\""
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\"", "\\": result += "\\\(scalar)"
            default:
                if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + (text.unicodeScalars.count > 200 ? "…\"" : "\"")
    }
}

/// What tells two findings of a record apart.
private struct FindingPlace: Hashable {
    let rule: FindingRule
    let offset: Int?
}

extension JSONKind {
    /// The kind in words, for messages.
    var article: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .true, .false: "a boolean"
        case .null: "null"
        }
    }

    /// The kind as conditions of mappings name it.
    var word: String {
        switch self {
        case .object: "object"
        case .array: "array"
        case .string: "string"
        case .number: "number"
        case .true, .false: "boolean"
        case .null: "null"
        }
    }
}
