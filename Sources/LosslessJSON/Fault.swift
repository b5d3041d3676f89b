/// Where a text stops being JSON, and what the grammar was waiting for; located in lines only when it is reported.
struct Fault: Hashable, Sendable {
    /// What was expected.
    var expectation: Expectation
    /// The absolute offset of the byte that does not fit.
    var offset: Int
    /// That byte; nil at the end of the text.
    var found: UInt8?
}

/// What the grammar can wait for.
enum Expectation: UInt8, Hashable, Sendable {
    case value
    case memberValue
    case elementOrEnd
    case name
    case nameOrEnd
    case colon
    case commaOrBrace
    case commaOrBracket
    case digit
    case literal
    case escape
    case hexDigit
    case noControl
    case closingQuote
    case endOfText
    case line
    case text
    case utf8
    case utf8Text
    case depth
    case nameLength
    case documentLength
    case selectorStart
    case selectorEscape
}

extension Expectation {
    /// The words behind "expected".
    var words: String {
        switch self {
        case .value, .memberValue, .text: "a value"
        case .elementOrEnd: "a value or `]`"
        case .name: "a member name in quotes"
        case .nameOrEnd: "a member name in quotes or `}`"
        case .colon: "`:`"
        case .commaOrBrace: "`,` or `}`"
        case .commaOrBracket: "`,` or `]`"
        case .digit: "a digit"
        case .literal: "`true`, `false` or `null`"
        case .escape: "one of `\"\\/bfnrtu` after `\\`"
        case .hexDigit: "four hexadecimal digits after `\\u`"
        case .noControl: "an escape instead of a control character"
        case .closingQuote: "the closing quote of a string"
        case .endOfText: "nothing but white space after the value"
        case .line: "nothing but values in the line"
        case .utf8: "valid UTF-8"
        case .utf8Text: "UTF-8 text"
        case .depth: "fewer nested brackets"
        case .nameLength: "a shorter member name"
        case .documentLength: "a document under 2 GiB"
        case .selectorStart: "`/` at the start"
        case .selectorEscape: "only `~0` and `~1` behind `~`"
        }
    }

    /// The class of error that programs see.
    var reason: JSONSyntaxError.Reason {
        switch self {
        case .utf8: .invalidUTF8
        case .utf8Text: .foreignEncoding
        case .depth: .tooDeep
        case .nameLength, .documentLength: .tooLarge
        case .selectorStart, .selectorEscape: .selector
        default: .syntax
        }
    }
}
