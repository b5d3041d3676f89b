/// Cuts SQL text into statements by PostgreSQL's lexical rules: quotes of all kinds, dollar quotes, nested comments, and
/// the semicolons inside of a `BEGIN ATOMIC … END` body.
struct StatementScanner {
    /// Something that the text ends inside of.
    struct Unclosed: Error {
        let what: String
        /// Where it began, from 1.
        let line: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var found: [SQLScript.Statement] = []

    // The statement under way.
    private var start: (position: Int, line: Int)?
    private var opening: [String] = []
    private var openingIsOver = false
    private var brackets: [Int] = []
    /// The lines of the `BEGIN`s and `CASE`s of an SQL function's body that wait for their `END`.
    private var blocks: [Int] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// All statements, in order; what stands behind the last semicolon is one, too.
    mutating func statements() throws(Unclosed) -> [SQLScript.Statement] {
        while position < bytes.count { try step() }
        if let line = brackets.first { throw Unclosed(what: "a bracket", line: line) }
        if let line = blocks.first { throw Unclosed(what: "a BEGIN or CASE", line: line) }
        endStatement(at: position)
        return found
    }

    private mutating func step() throws(Unclosed) {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0B, 0x0C:
            advance()
        case UInt8(ascii: "-") where next == UInt8(ascii: "-"):
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { advance() }
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
            try skipComment()
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            beginToken()
            try skipQuoted(by: byte, escapes: false)
        case UInt8(ascii: "$"):
            beginToken()
            try skipDollarQuote()
        case UInt8(ascii: "("), UInt8(ascii: "["):
            beginToken()
            brackets.append(line)
            advance()
        case UInt8(ascii: ")"), UInt8(ascii: "]"):
            beginToken()
            _ = brackets.popLast()
            advance()
        case UInt8(ascii: ";") where brackets.isEmpty && blocks.isEmpty:
            endStatement(at: position)
            advance()
        case _ where Self.isWordStart(byte):
            try takeWord()
        default:
            beginToken()
            takeOther(byte)
        }
    }

    // MARK: Tokens

    private mutating func takeWord() throws(Unclosed) {
        if start == nil { start = (position, line) }
        let first = position
        while position < bytes.count, Self.isWordPart(bytes[position]) { position += 1 }
        let word = String(decoding: bytes[first..<position], as: UTF8.self).lowercased()
        if word == "e", position < bytes.count, bytes[position] == UInt8(ascii: "'") {
            openingIsOver = true
            return try skipQuoted(by: UInt8(ascii: "'"), escapes: true)
        }
        guard brackets.isEmpty else { return }
        if !openingIsOver { opening.append(word) }
        if definesRoutine { followBlocks(word) }
    }

    private mutating func followBlocks(_ word: String) {
        switch word {
        case "begin": blocks.append(line)
        case "case" where !blocks.isEmpty: blocks.append(line)
        case "end": _ = blocks.popLast()
        default: break
        }
    }

    /// Whether the statement creates a function or procedure, whose body may be `BEGIN ATOMIC … END`.
    private var definesRoutine: Bool {
        var words = opening[...]
        guard words.popFirst() == "create" else { return false }
        if words.starts(with: ["or", "replace"]) { words = words.dropFirst(2) }
        return words.first == "function" || words.first == "procedure"
    }

    /// A number goes with the letters behind it, so that `1e5` is one token; anything else is one byte.
    private mutating func takeOther(_ byte: UInt8) {
        advance()
        guard Self.isDigit(byte) else { return }
        while position < bytes.count, Self.isWordPart(bytes[position]) { position += 1 }
    }

    private mutating func skipQuoted(by quote: UInt8, escapes: Bool) throws(Unclosed) {
        let began = line
        advance()
        while position < bytes.count {
            let byte = bytes[position]
            if byte == quote {
                advance()
                guard position < bytes.count, bytes[position] == quote else { return }
            } else if escapes, byte == UInt8(ascii: "\\"), position + 1 < bytes.count {
                advance()
            }
            advance()
        }
        throw Unclosed(what: "a quote", line: began)
    }

    private mutating func skipDollarQuote() throws(Unclosed) {
        let began = line
        let first = position
        advance()
        while position < bytes.count, Self.isTagPart(bytes[position], isFirst: position == first + 1) { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "$") else { return }
        position += 1
        let tag = bytes[first..<position]
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$"), bytes[position...].starts(with: tag) {
                position += tag.count
                return
            }
            advance()
        }
        throw Unclosed(what: "a dollar quote", line: began)
    }

    private mutating func skipComment() throws(Unclosed) {
        let began = line
        var depth = 0
        repeat {
            guard position < bytes.count else { throw Unclosed(what: "a comment", line: began) }
            if bytes[position] == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                depth += 1
                advance()
            } else if bytes[position] == UInt8(ascii: "*"), next == UInt8(ascii: "/") {
                depth -= 1
                advance()
            }
            advance()
        } while depth > 0
    }

    // MARK: Position

    private var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    private mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func beginToken() {
        if start == nil { start = (position, line) }
        openingIsOver = true
    }

    private mutating func endStatement(at end: Int) {
        if let start {
            let text = String(decoding: bytes[start.position..<end], as: UTF8.self)
            found.append(SQLScript.Statement(text: text, line: start.line, opening: opening))
        }
        start = nil
        opening = []
        openingIsOver = false
    }

    // MARK: Classes of bytes

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWordStart(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        isWordStart(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }

    private static func isTagPart(_ byte: UInt8, isFirst: Bool) -> Bool {
        isWordStart(byte) || !isFirst && isDigit(byte)
    }
}
