public import Diagnostics

/// Why and where a text is not the JSON that was asked for.
public struct JSONSyntaxError: CortexError, Hashable {
    /// The classes of errors that callers treat differently.
    public enum Reason: String, Hashable, Sendable {
        /// The text breaks RFC 8259's grammar.
        case syntax
        /// A string holds bytes that are no UTF-8.
        case invalidUTF8 = "invalid_utf8"
        /// The text is in UTF-16 or UTF-32.
        case foreignEncoding = "foreign_encoding"
        /// The value is nested deeper than the limit.
        case tooDeep = "too_deep"
        /// A part of the text is larger than the limit.
        case tooLarge = "too_large"
        /// A record selector is malformed; the place is one in its pattern.
        case selector
    }

    /// The class of the error.
    public let reason: Reason
    /// The absolute offset of the byte that does not fit, from 0.
    public let offset: Int
    /// The line of that byte, from 1; lines end with a line feed.
    public let line: Int
    /// The place in the line in bytes, from 1.
    public let column: Int
    private let expectation: Expectation
    private let foundByte: UInt8?
    /// The malformed selector; empty for other errors.
    private let pattern: String

    /// What was expected there, in words.
    public var expected: String { expectation.words }

    /// What stood there, in words; `the end` when the text ended.
    public var found: String {
        switch (expectation, foundByte) {
        case (.selectorStart, _), (.selectorEscape, _): "`\(pattern)`"
        case (.utf8Text, _): "UTF-16 or UTF-32"
        case (.text, _): "text"
        case (_, nil): "the end"
        case (_, .some(let byte)) where (0x21...0x7E).contains(byte): "`\(Character(UnicodeScalar(byte)))`"
        case (_, .some(Ascii.space)): "a space"
        case (_, .some(Ascii.newline)): "a line feed"
        case (_, .some(let byte)): "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
        }
    }

    /// Whether the text ended too early.
    public var isTruncated: Bool { foundByte == nil }

    init(_ fault: Fault, line: Int, column: Int) {
        reason = fault.expectation.reason
        offset = fault.offset
        self.line = line
        self.column = column
        expectation = fault.expectation
        foundByte = fault.found
        pattern = ""
    }

    init(selector pattern: String, offset: Int, expected: Expectation) {
        reason = .selector
        self.offset = offset
        line = 1
        column = offset + 1
        expectation = expected
        foundByte = Ascii.slash
        self.pattern = pattern
    }
}

extension JSONSyntaxError {
    /// `json.invalid`; `mapping.invalid` for a malformed selector.
    public var code: ErrorCode { reason == .selector ? .mappingInvalid : .jsonInvalid }

    /// The place and what was expected, in one sentence.
    public var message: String {
        switch reason {
        case .selector: "record selector \(found), column \(column): expected \(expected)"
        case .invalidUTF8: "\(place): invalid UTF-8, \(found)"
        case .foreignEncoding: "\(place): the text is in \(found); expected UTF-8"
        case .tooDeep: "\(place): nested deeper than the limit"
        case .tooLarge, .syntax: "\(place): expected \(expected), found \(found)"
        }
    }

    /// What to do about encodings and limits.
    public var hint: String? {
        switch reason {
        case .foreignEncoding: "Convert the file to UTF-8, for example with iconv."
        case .invalidUTF8: "The file mixes encodings or was cut inside a character."
        case .selector: "Write a pattern such as `/`, `/tasks/*` or `/tasks/0/id`."
        case .syntax, .tooDeep, .tooLarge: nil
        }
    }

    /// `reason`, `offset`, `line` and `column`.
    public var details: [String: String] {
        ["reason": reason.rawValue, "offset": String(offset), "line": String(line), "column": String(column)]
    }

    private var place: String { "line \(line), column \(column)" }
}
