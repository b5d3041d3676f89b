/// A value to be taken out of a stream that is too large to be held.
public struct JSONRemoval: Hashable, Sendable {
    /// Where the value stands, its member's name not included; absolute.
    public let span: ByteSpan
    /// Whether it is a value of its own in a stream, not a child of an array or object.
    public let isTopLevel: Bool

    /// The removal of a value.
    public init(span: ByteSpan, isTopLevel: Bool) {
        self.span = span
        self.isTopLevel = isTopLevel
    }
}

/// Finds what has to go along with values that are taken out of a stream: commas, names, line ends.
///
/// It sees the stream once, in pieces of any size, and holds nothing of it. No I/O, no JSON reader: what stands between
/// the removed values may be broken.
public struct JSONRemovalScanner: Sendable {
    /// A token outside of removed values: punctuation as itself, a string as its quote, anything else as its first byte.
    private struct Token {
        var start: Int
        var byte: UInt8
    }

    /// Removed children of one container, with nothing but commas between them.
    private struct ChildRun {
        let before: Token
        let start: Int
        var end: Int
        /// What follows: a comma or the closing bracket.
        var next: Token?
        /// What follows that comma.
        var second: Token?
    }

    /// Removed top-level values on lines of their own.
    private struct LineRun {
        let start: Int
        /// The length of the line end before it; 0 at the start of the stream.
        let breakBefore: Int
        var end: Int
        /// Whether the line of the last value has ended.
        var isClosed = false
    }

    private let removals: [JSONRemoval]
    private var next = 0
    private var position = 0
    private var patches: [BytePatch] = []
    private var tokens: [Token] = []
    private var isInString = false
    private var isEscaped = false
    private var isInWord = false
    /// Where the current line begins, and the line end before it.
    private var lineStart = 0
    private var breakLength = 0
    private var isLineBlank = true
    private var lastByte: UInt8 = 0
    private var children: ChildRun?
    private var lines: LineRun?
    /// Whether a value did not stand where one can be removed.
    private var isAstray = false

    /// A scanner for removals in the order of the stream that do not overlap.
    public init(_ removals: [JSONRemoval]) {
        self.removals = removals
    }

    /// Takes the next bytes of the stream.
    public mutating func feed(_ bytes: [UInt8]) {
        for byte in bytes {
            defer { position += 1 }
            guard next < removals.count, position >= removals[next].span.start else {
                take(byte)
                continue
            }
            if position == removals[next].span.start { begin(removals[next]) }
            lastByte = byte
            if position == removals[next].span.end - 1 { end() }
        }
    }

    /// The patches in the order of the stream; nil where a value did not stand where one can be removed.
    public mutating func finish() -> [BytePatch]? {
        closeChildren()
        closeLines(atEnd: true)
        guard next == removals.count, !isAstray else { return nil }
        return patches
    }

    // MARK: Removed values

    private mutating func begin(_ removal: JSONRemoval) {
        isInWord = false
        if removal.isTopLevel { beginLine(removal) } else { beginChild(removal) }
    }

    private mutating func beginChild(_ removal: JSONRemoval) {
        guard let last = tokens.last else { return isAstray = true }
        var start = removal.span.start
        var before = last
        if last.byte == Ascii.colon {
            guard tokens.count >= 3, tokens[tokens.count - 2].byte == Ascii.quote else { return isAstray = true }
            start = tokens[tokens.count - 2].start
            before = tokens[tokens.count - 3]
        }
        if before.byte == Ascii.comma, children?.next?.start == before.start {
            children?.end = removal.span.end
            children?.next = nil
            children?.second = nil
            return
        }
        closeChildren()
        guard [Ascii.comma, Ascii.openBrace, Ascii.openBracket].contains(before.byte) else { return isAstray = true }
        children = ChildRun(before: before, start: start, end: removal.span.end)
    }

    private mutating func beginLine(_ removal: JSONRemoval) {
        closeChildren()
        guard isLineBlank else {
            closeLines(atEnd: false)
            add(removal.span.start, removal.span.end)
            return
        }
        if lines?.isClosed == true, lines?.end == lineStart {
            lines?.end = removal.span.end
            lines?.isClosed = false
        } else {
            closeLines(atEnd: false)
            lines = LineRun(start: lineStart, breakBefore: breakLength, end: removal.span.end)
        }
    }

    private mutating func end() {
        let removal = removals[next]
        next += 1
        tokens.append(Token(start: removal.span.start, byte: 0))
        isLineBlank = false
    }

    // MARK: What stands between them

    private mutating func take(_ byte: UInt8) {
        defer { lastByte = byte }
        if byte == Ascii.newline {
            // No string goes over the end of a line: what seems to was broken.
            (isInString, isEscaped, isInWord) = (false, false, false)
            if lines?.isClosed == false {
                lines?.end = position + 1
                lines?.isClosed = true
            }
            (lineStart, isLineBlank) = (position + 1, true)
            breakLength = lastByte == Ascii.carriageReturn ? 2 : 1
            return
        }
        if isInString {
            isInString = isEscaped || byte != Ascii.quote
            isEscaped = !isEscaped && byte == Ascii.backslash
            return
        }
        guard !byte.isJSONWhitespace else { return isInWord = false }
        noteLine(byte)
        if byte == Ascii.quote {
            isInString = true
            isInWord = false
            add(Token(start: position, byte: byte))
        } else if byte.opensContainer || byte.isInnerPunctuation {
            isInWord = false
            add(Token(start: position, byte: byte))
        } else if !isInWord {
            isInWord = true
            add(Token(start: position, byte: byte))
        }
    }

    /// Something else stands on the line: values before it go without the line.
    private mutating func noteLine(_ byte: UInt8) {
        // The bytes of a mark at the start are no part of a value.
        if !(position < 3 && byte >= 0x80) { isLineBlank = false }
        guard let run = lines, !run.isClosed, let removal = removals[..<next].last else { return }
        lines = nil
        add(run.start, lineStart)
        add(removal.span.start, removal.span.end)
    }

    private mutating func add(_ token: Token) {
        if children != nil {
            if children?.next == nil {
                children?.next = token
            } else if children?.second == nil {
                children?.second = token
            }
        }
        tokens.append(token)
        if tokens.count > 8 { tokens.removeFirst(4) }
    }

    // MARK: Patches

    private mutating func add(_ start: Int, _ end: Int) {
        guard end > start else { return }
        patches.append(BytePatch(offset: start, length: end - start, replacement: []))
    }

    private mutating func closeChildren() {
        guard let run = children else { return }
        children = nil
        guard let next = run.next else { return isAstray = true }
        if run.before.byte == Ascii.comma {
            add(run.before.start, run.end)
        } else if next.byte == Ascii.comma, let second = run.second {
            add(run.start, second.start)
        } else if next.byte == Ascii.closeBracket || next.byte == Ascii.closeBrace {
            add(run.before.start + 1, next.start)
        } else {
            isAstray = true
        }
    }

    private mutating func closeLines(atEnd: Bool) {
        guard let run = lines else { return }
        lines = nil
        // The last line had no end: then the one before it has none now.
        let isCut = atEnd && !run.isClosed
        add(isCut ? run.start - run.breakBefore : run.start, isCut ? position : run.end)
    }
}
