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

    /// What every token changes; without references, so that a run holds it in registers.
    fileprivate struct Registers: Sendable {
        var state = State.value
        var brackets = BracketStack()
        var tokenStart = 0
        var tokenHasEscapes = false
        var numberPart = TokenScanner.NumberPart.start
    }

    /// What few tokens change.
    fileprivate struct Depths: Sendable {
        let maximum: Int
        /// Reads past too deep nesting and invalid UTF-8 inside strings, to find where the value ends.
        let isLenient: Bool
        var spilled: [UInt64] = []
        var tolerated: Fault?

        /// Notes a breach that is read past, unless there is an earlier one.
        @inline(never)
        mutating func tolerate(_ fault: Fault) {
            if tolerated == nil { tolerated = fault }
        }
    }

    private var registers = Registers()
    private var depths: Depths

    init(maximumDepth: Int, isLenient: Bool) {
        depths = Depths(maximum: maximumDepth, isLenient: isLenient)
    }

    var state: State { registers.state }

    /// Where the token that is being read began.
    var tokenStart: Int { registers.tokenStart }

    /// The first breach of a limit or of UTF-8 that was read past; only when lenient.
    var tolerated: Fault? { depths.tolerated }

    /// Whether a string, name or number has begun and not ended.
    var isInToken: Bool { state == .string || state == .nameText || state == .number }

    /// The closing brackets that are missing, innermost first.
    var missingBrackets: [UInt8] {
        var (brackets, spilled, closing) = (registers.brackets, depths.spilled, [UInt8]())
        while !brackets.isEmpty {
            closing.append(brackets.isInObject ? Ascii.closeBrace : Ascii.closeBracket)
            brackets.pop(spilled: &spilled)
        }
        return closing
    }

    /// Makes ready for another value.
    mutating func reset() {
        registers = Registers()
        if !depths.spilled.isEmpty { depths.spilled = [] }
        depths.tolerated = nil
    }

    /// Takes back the comma behind which the machine waits.
    mutating func forgetComma() {
        if state == .element || state == .name { registers.state = .afterValue }
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
        var run = Run(text: text, end: bytes.count, base: base, isFinal: isFinal, index: start, registers: registers)
        while run.step(&sink, &depths) {}
        registers = run.registers
        if state == .done { return (run.index, .finished) }
        guard run.misfit < run.end || isFinal else { return (run.index, .starved) }
        let found = run.misfit < run.end ? text[run.misfit] : nil
        let fault = Fault(expectation: run.wanted ?? expectation, offset: base + run.misfit, found: found)
        return (run.index, .failed(fault))
    }

    /// What fits behind what was read, inside a container or before the value.
    private var expectation: Expectation {
        switch state {
        case .memberValue: .memberValue
        case .firstElement: .elementOrEnd
        case .name: .name
        case .firstName: .nameOrEnd
        case .colon: .colon
        case .afterValue: registers.brackets.isInObject ? .commaOrBrace : .commaOrBracket
        case .value, .element, .string, .nameText, .number, .done: .value
        }
    }
}

// MARK: - A run over the bytes at hand

/// The bytes at hand, how far they are read, and the machine's registers.
private struct Run {
    let text: UnsafePointer<UInt8>
    let end: Int
    let base: Int
    let isFinal: Bool
    /// The next byte to read.
    var index: Int
    var registers: GrammarStateMachine.Registers
    /// The byte that does not fit, or `end` when one is missing.
    var misfit = 0
    /// What was expected there; nil: what the state expects.
    var wanted: Expectation?

    typealias Depths = GrammarStateMachine.Depths

    /// Reads one token or a part of one; false when the value is done, or a byte does not fit or is missing.
    @inline(always)
    mutating func step<Sink: GrammarSink & ~Copyable>(_ sink: inout Sink, _ depths: inout Depths) -> Bool {
        switch registers.state {
        case .value, .memberValue, .element, .firstElement: beginValue(&sink, &depths)
        case .string, .nameText: readString(&sink, &depths)
        case .number: readNumber(&sink)
        case .name, .firstName: beginName(&sink, &depths)
        case .colon: readColon()
        case .afterValue: readSeparator(&sink, &depths)
        case .done: false
        }
    }

    /// The next byte that is no white space, or nil at the end.
    @inline(always)
    private mutating func nextByte() -> UInt8? {
        index = ByteSearch.skipWhitespace(text, index, end)
        return index < end ? text[index] : nil
    }

    /// Notes that the byte at `index` does not fit, or is missing.
    @inline(always)
    private mutating func refuse() -> Bool {
        misfit = index
        return false
    }

    /// Notes that the byte at `place` does not fit, or is missing.
    @inline(always)
    private mutating func refuse(at place: Int, _ expectation: Expectation) -> Bool {
        misfit = place
        wanted = expectation
        return false
    }

    @inline(always)
    private mutating func beginToken(_ state: GrammarStateMachine.State) {
        registers.state = state
        registers.tokenStart = base &+ index
        registers.tokenHasEscapes = false
    }

    @inline(always)
    private mutating func endValue() {
        registers.state = registers.brackets.isEmpty ? .done : .afterValue
    }
}

// MARK: - Transitions

extension Run {
    /// Reads a string, a number, a literal or a bracket.
    @inline(always)
    private mutating func beginValue<Sink: GrammarSink & ~Copyable>(
        _ sink: inout Sink,
        _ depths: inout Depths
    ) -> Bool {
        guard let byte = nextByte() else { return refuse() }
        switch byte {
        case 0x22:  // "
            beginToken(.string)
            index &+= 1
            return readString(&sink, &depths)
        case 0x7B, 0x5B:  // { [
            if registers.brackets.depth >= depths.maximum {
                let isSkipped = depths.isLenient && registers.brackets.depth < GrammarStateMachine.deepestSkip
                guard isSkipped else { return refuse(at: index, .depth) }
                depths.tolerate(Fault(expectation: .depth, offset: base &+ index, found: byte))
            }
            let isObject = byte == 0x7B
            registers.brackets.push(isObject: isObject, spilled: &depths.spilled)
            sink.open(isObject: isObject, at: base &+ index)
            index &+= 1
            registers.state = isObject ? .firstName : .firstElement
        case 0x2D, 0x30...0x39:  // - 0…9
            beginToken(.number)
            registers.numberPart = .start
            return readNumber(&sink)
        case 0x74, 0x66, 0x6E:  // t f n
            let (next, stop) = TokenScanner.literal(text, index, end)
            guard stop == .closed else { return refuse(at: stop == .starved ? end : next, .literal) }
            let kind: JSONKind = byte == 0x74 ? .true : byte == 0x66 ? .false : .null
            sink.scalar(kind, start: base &+ index, end: base &+ next, hasEscapes: false)
            index = next
            endValue()
        case 0x5D where registers.state == .firstElement:  // ]
            close(&sink, &depths)
        default:
            return refuse()
        }
        return true
    }

    @inline(always)
    private mutating func beginName<Sink: GrammarSink & ~Copyable>(
        _ sink: inout Sink,
        _ depths: inout Depths
    ) -> Bool {
        guard let byte = nextByte() else { return refuse() }
        if byte == Ascii.quote {
            beginToken(.nameText)
            index &+= 1
            return readString(&sink, &depths)
        }
        guard byte == Ascii.closeBrace, registers.state == .firstName else { return refuse() }
        close(&sink, &depths)
        return true
    }

    @inline(always)
    private mutating func readString<Sink: GrammarSink & ~Copyable>(
        _ sink: inout Sink,
        _ depths: inout Depths
    ) -> Bool {
        let (next, stop) = TokenScanner.string(text, index, end, hasEscapes: &registers.tokenHasEscapes)
        index = next
        guard stop == .closed else { return refuseString(stop, &depths) }
        let hasEscapes = registers.tokenHasEscapes
        guard registers.state == .nameText else {
            sink.scalar(.string, start: registers.tokenStart, end: base &+ next, hasEscapes: hasEscapes)
            endValue()
            return true
        }
        let bytes = UnsafeRawBufferPointer(start: text, count: end)
        sink.name(start: registers.tokenStart, end: base &+ next, hasEscapes: hasEscapes, in: bytes, base: base)
        // Usually the colon is next.
        guard next < end, text[next] == Ascii.colon else {
            registers.state = .colon
            return true
        }
        index = next &+ 1
        registers.state = .memberValue
        return true
    }

    /// Decides about a string that does not close; a lenient machine notes bad UTF-8 and goes on.
    @inline(always)
    private mutating func refuseString(_ stop: TokenScanner.Stop, _ depths: inout Depths) -> Bool {
        if stop == .utf8, depths.isLenient {
            depths.tolerate(Fault(expectation: .utf8, offset: base &+ index, found: text[index]))
            index &+= 1
            return true
        }
        guard stop == .starved else { return refuse(at: index, stop.expectation) }
        let isCutCharacter = isFinal && index < end && text[index] >= 0x80
        return isCutCharacter ? refuse(at: index, .utf8) : refuse(at: end, .closingQuote)
    }

    @inline(always)
    private mutating func readNumber<Sink: GrammarSink & ~Copyable>(_ sink: inout Sink) -> Bool {
        let (next, stop) = TokenScanner.number(text, index, end, part: &registers.numberPart)
        index = next
        guard stop == .closed || stop == .starved && isFinal && registers.numberPart.isComplete else {
            return refuse(at: next, .digit)
        }
        sink.scalar(.number, start: registers.tokenStart, end: base &+ next, hasEscapes: false)
        endValue()
        return true
    }

    @inline(always)
    private mutating func readColon() -> Bool {
        guard let byte = nextByte(), byte == Ascii.colon else { return refuse() }
        index &+= 1
        registers.state = .memberValue
        return true
    }

    @inline(always)
    private mutating func readSeparator<Sink: GrammarSink & ~Copyable>(
        _ sink: inout Sink,
        _ depths: inout Depths
    ) -> Bool {
        guard let byte = nextByte() else { return refuse() }
        let isInObject = registers.brackets.isInObject
        if byte == Ascii.comma {
            index &+= 1
            registers.state = isInObject ? .name : .element
            return true
        }
        guard byte == (isInObject ? Ascii.closeBrace : Ascii.closeBracket) else { return refuse() }
        close(&sink, &depths)
        return true
    }

    @inline(always)
    private mutating func close<Sink: GrammarSink & ~Copyable>(_ sink: inout Sink, _ depths: inout Depths) {
        index &+= 1
        registers.brackets.pop(spilled: &depths.spilled)
        sink.close(end: base &+ index)
        endValue()
    }
}
