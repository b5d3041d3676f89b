/// What is told about a value while its text is read; offsets are absolute.
protocol GrammarSink: ~Copyable {
    /// `{` or `[` at `offset`.
    mutating func open(isObject: Bool, at offset: Int)
    /// The matching `}` or `]`; `end` is behind it.
    mutating func close(end: Int)
    /// A member name, quotes included. `bytes` is what is at hand, its first byte at the absolute offset `base`.
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int)
    /// A string, number or literal.
    mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool)
}

/// Hears nothing: for checking alone.
struct SilentSink: GrammarSink, Sendable {
    @inline(always) mutating func open(isObject: Bool, at offset: Int) {}
    @inline(always) mutating func close(end: Int) {}
    @inline(always)
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int) {}
    @inline(always) mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool) {}
}

/// The grammar of RFC 8259 for one value, fed with pieces of text of any size, without recursion.
///
/// States: `value` (start) → `string`, `number`, `firstName`, `firstElement` or, behind a scalar, `afterValue`;
/// `firstName`/`name` → `nameText` → `colon` → `memberValue` → as `value`; `afterValue` → `name`, `element` or, when the
/// last bracket closes, `done`. A fault leaves the state where it was, so that a repair can feed other bytes and go on.
struct GrammarStateMachine: Sendable {
    enum State: UInt8, Hashable, Sendable {
        /// Before the value.
        case value
        /// Behind a colon.
        case memberValue
        /// Behind a comma in an array.
        case element
        /// Behind `[`.
        case firstElement
        /// Behind a comma in an object.
        case name
        /// Behind `{`.
        case firstName
        /// Behind a member name.
        case colon
        /// Behind a value inside a bracket.
        case afterValue
        /// Inside a string.
        case string
        /// Inside a member name.
        case nameText
        /// Inside a number.
        case number
        /// Behind the value.
        case done
    }

    enum Outcome: Hashable, Sendable {
        /// All bytes were read, the value goes on.
        case starved
        /// The value is complete.
        case finished
        /// A byte does not fit, or the text ended.
        case failed(Fault)
    }

    /// The deepest nesting that is even skipped: 2^23 brackets, one MiB of bits.
    static let deepestSkip = 1 << 23

    private(set) var state = State.value
    private(set) var brackets = BracketStack()
    /// Where the token that is being read began.
    private(set) var tokenStart = 0
    /// The first breach of a limit or of UTF-8 that was read past; only when lenient.
    private(set) var tolerated: Fault?
    private var tokenHasEscapes = false
    private var numberPart = TokenScanner.NumberPart.start
    private let maximumDepth: Int
    /// Reads past too deep nesting and invalid UTF-8 inside strings, to find where the value ends.
    private let isLenient: Bool

    init(maximumDepth: Int, isLenient: Bool) {
        self.maximumDepth = maximumDepth
        self.isLenient = isLenient
    }

    /// Whether a string, name or number has begun and not ended.
    var isInToken: Bool { state == .string || state == .nameText || state == .number }

    /// Makes ready for another value.
    mutating func reset() {
        state = .value
        brackets.removeAll()
        tolerated = nil
    }

    /// Notes a breach that is read past, unless there is an earlier one.
    private mutating func tolerate(_ fault: Fault) {
        if tolerated == nil { tolerated = fault }
    }

    /// Takes back the comma behind which the machine waits.
    mutating func forgetComma() {
        if state == .element || state == .name { state = .afterValue }
    }

    /// Reads `bytes` from `start`; returns the index of the first byte not read.
    ///
    /// `base` is the absolute offset of `bytes[0]`; `isFinal` says that nothing follows them. After `starved` call again
    /// with the unread bytes (at most five) and more behind them.
    mutating func run<Sink: GrammarSink & ~Copyable>(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        base: Int,
        isFinal: Bool,
        sink: inout Sink
    ) -> (index: Int, outcome: Outcome) {
        guard let text = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            let fault = Fault(expectation: expectation, offset: base, found: nil)
            return (start, isFinal ? .failed(fault) : .starved)
        }
        var piece = Piece(text: text, end: bytes.count, base: base, isFinal: isFinal, index: start)
        while step(&piece, &sink) {}
        if state == .done { return (piece.index, .finished) }
        guard piece.misfit < piece.end || isFinal else { return (piece.index, .starved) }
        let found = piece.misfit < piece.end ? text[piece.misfit] : nil
        let fault = Fault(expectation: piece.wanted ?? expectation, offset: base + piece.misfit, found: found)
        return (piece.index, .failed(fault))
    }

    /// Reads one token or a part of one; false when the value is done, or a byte does not fit or is missing.
    @inline(always)
    private mutating func step<Sink: GrammarSink & ~Copyable>(_ piece: inout Piece, _ sink: inout Sink) -> Bool {
        switch state {
        case .value, .memberValue, .element, .firstElement: beginValue(&piece, &sink)
        case .string, .nameText: readString(&piece, &sink)
        case .number: readNumber(&piece, &sink)
        case .name, .firstName: beginName(&piece, &sink)
        case .colon: readColon(&piece)
        case .afterValue: readSeparator(&piece, &sink)
        case .done: false
        }
    }
}

/// The bytes at hand and how far they are read.
private struct Piece {
    let text: UnsafePointer<UInt8>
    let end: Int
    let base: Int
    let isFinal: Bool
    /// The next byte to read.
    var index: Int
    /// The byte that does not fit, or `end` when one is missing.
    var misfit = 0
    /// What was expected there; nil: what the state expects.
    var wanted: Expectation?

    /// The next byte that is no white space, or nil at the end.
    @inline(always)
    mutating func nextByte() -> UInt8? {
        index = ByteSearch.skipWhitespace(text, index, end)
        return index < end ? text[index] : nil
    }

    /// Notes that the byte at `index` does not fit, or is missing.
    @inline(always)
    mutating func refuse() -> Bool {
        misfit = index
        return false
    }

    /// Notes that the byte at `place` does not fit, or is missing.
    @inline(always)
    mutating func refuse(at place: Int, _ expectation: Expectation) -> Bool {
        misfit = place
        wanted = expectation
        return false
    }
}

// MARK: - Transitions

extension GrammarStateMachine {
    /// Reads the first byte of a string or number, a bracket or a whole literal.
    @inline(always)
    private mutating func beginValue<Sink: GrammarSink & ~Copyable>(_ piece: inout Piece, _ sink: inout Sink) -> Bool {
        guard let byte = piece.nextByte() else { return piece.refuse() }
        let start = piece.base + piece.index
        switch byte {
        case 0x22:  // "
            beginToken(.string, at: start)
            piece.index += 1
            return readString(&piece, &sink)
        case 0x7B, 0x5B:  // { [
            guard admitsDepth(at: start, byte) else { return piece.refuse(at: piece.index, .depth) }
            let isObject = byte == 0x7B
            brackets.push(isObject: isObject)
            sink.open(isObject: isObject, at: start)
            piece.index += 1
            state = isObject ? .firstName : .firstElement
        case 0x2D, 0x30...0x39:  // - 0…9
            beginToken(.number, at: start)
            numberPart = .start
            return readNumber(&piece, &sink)
        case 0x74, 0x66, 0x6E:  // t f n
            let (next, stop) = TokenScanner.literal(piece.text, piece.index, piece.end)
            guard stop == .closed else { return piece.refuse(at: stop == .starved ? piece.end : next, .literal) }
            sink.scalar(JSONKind(firstByte: byte), start: start, end: piece.base + next, hasEscapes: false)
            piece.index = next
            state = brackets.isEmpty ? .done : .afterValue
        case 0x5D where state == .firstElement:  // ]
            close(&piece, &sink)
        default:
            return piece.refuse()
        }
        return true
    }

    @inline(always)
    private mutating func beginName<Sink: GrammarSink & ~Copyable>(_ piece: inout Piece, _ sink: inout Sink) -> Bool {
        guard let byte = piece.nextByte() else { return piece.refuse() }
        if byte == Ascii.quote {
            beginToken(.nameText, at: piece.base + piece.index)
            piece.index += 1
            return readString(&piece, &sink)
        }
        guard byte == Ascii.closeBrace, state == .firstName else { return piece.refuse() }
        close(&piece, &sink)
        return true
    }

    @inline(always)
    private mutating func readString<Sink: GrammarSink & ~Copyable>(
        _ piece: inout Piece,
        _ sink: inout Sink
    ) -> Bool {
        let (next, stop) = TokenScanner.string(piece.text, piece.index, piece.end, hasEscapes: &tokenHasEscapes)
        piece.index = next
        guard stop == .closed else { return refuseString(&piece, stop) }
        let end = piece.base + next
        if state == .nameText {
            let bytes = UnsafeRawBufferPointer(start: piece.text, count: piece.end)
            sink.name(start: tokenStart, end: end, hasEscapes: tokenHasEscapes, in: bytes, base: piece.base)
            state = .colon
        } else {
            sink.scalar(.string, start: tokenStart, end: end, hasEscapes: tokenHasEscapes)
            state = brackets.isEmpty ? .done : .afterValue
        }
        return true
    }

    /// Decides about a string that does not close; a lenient machine notes bad UTF-8 and goes on.
    @inline(never)
    private mutating func refuseString(_ piece: inout Piece, _ stop: TokenScanner.Stop) -> Bool {
        if stop == .utf8, isLenient {
            let found = piece.text[piece.index]
            tolerate(Fault(expectation: .utf8, offset: piece.base + piece.index, found: found))
            piece.index += 1
            return true
        }
        guard stop == .starved else { return piece.refuse(at: piece.index, stop.expectation) }
        let isCutCharacter = piece.isFinal && piece.index < piece.end && piece.text[piece.index] >= 0x80
        return isCutCharacter ? piece.refuse(at: piece.index, .utf8) : piece.refuse(at: piece.end, .closingQuote)
    }

    @inline(always)
    private mutating func readNumber<Sink: GrammarSink & ~Copyable>(
        _ piece: inout Piece,
        _ sink: inout Sink
    ) -> Bool {
        let (next, stop) = TokenScanner.number(piece.text, piece.index, piece.end, part: &numberPart)
        piece.index = next
        guard stop == .closed || stop == .starved && piece.isFinal && numberPart.isComplete else {
            return piece.refuse(at: next, .digit)
        }
        sink.scalar(.number, start: tokenStart, end: piece.base + next, hasEscapes: false)
        state = brackets.isEmpty ? .done : .afterValue
        return true
    }

    @inline(always)
    private mutating func readColon(_ piece: inout Piece) -> Bool {
        guard let byte = piece.nextByte(), byte == Ascii.colon else { return piece.refuse() }
        piece.index += 1
        state = .memberValue
        return true
    }

    @inline(always)
    private mutating func readSeparator<Sink: GrammarSink & ~Copyable>(
        _ piece: inout Piece,
        _ sink: inout Sink
    ) -> Bool {
        guard let byte = piece.nextByte() else { return piece.refuse() }
        if byte == Ascii.comma {
            piece.index += 1
            state = brackets.isInObject ? .name : .element
            return true
        }
        guard byte == (brackets.isInObject ? Ascii.closeBrace : Ascii.closeBracket) else { return piece.refuse() }
        close(&piece, &sink)
        return true
    }

    @inline(always)
    private mutating func close<Sink: GrammarSink & ~Copyable>(_ piece: inout Piece, _ sink: inout Sink) {
        piece.index += 1
        brackets.pop()
        sink.close(end: piece.base + piece.index)
        state = brackets.isEmpty ? .done : .afterValue
    }

    @inline(always)
    private mutating func beginToken(_ next: State, at offset: Int) {
        tokenStart = offset
        tokenHasEscapes = false
        state = next
    }

    /// Whether another bracket may open; a lenient machine notes the limit and goes on.
    @inline(always)
    private mutating func admitsDepth(at offset: Int, _ byte: UInt8) -> Bool {
        brackets.depth < maximumDepth || toleratesDepth(at: offset, byte)
    }

    @inline(never)
    private mutating func toleratesDepth(at offset: Int, _ byte: UInt8) -> Bool {
        guard isLenient, brackets.depth < Self.deepestSkip else { return false }
        tolerate(Fault(expectation: .depth, offset: offset, found: byte))
        return true
    }

    /// What fits behind what was read, inside a container or before the value.
    private var expectation: Expectation {
        switch state {
        case .memberValue: .memberValue
        case .firstElement: .elementOrEnd
        case .name: .name
        case .firstName: .nameOrEnd
        case .colon: .colon
        case .afterValue: brackets.isInObject ? .commaOrBrace : .commaOrBracket
        case .value, .element, .string, .nameText, .number, .done: .value
        }
    }
}
