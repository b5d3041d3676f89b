/// Reads a stream of any size in bounded memory, finds its top-level values and hands out the records in them.
///
/// Memory: `maximumRecordBytes` for the largest record or recovery, plus a window of 128 KiB, plus one bit for each open
/// bracket. Nothing is recursive; each byte is read once, except behind an invalid stretch (see `docs/json.md`).
/// The items depend on the stream alone, never on how the reader cuts it.
public struct JSONRecordScanner: ~Copyable {
    /// What the scanner is in the middle of.
    enum Phase: Sendable {
        /// Nothing was read. → `between`, `finished`
        case start
        /// Outside of values. → `inside`, `finished`
        case between
        /// In a top-level value. → `between`, `broken`
        case inside(OpenValue)
        /// Behind the records of a value that turned out invalid; they are handed out before the window moves on.
        /// → `between`, `finished`
        case broken(OpenValue, Fault)
        /// Everything was read.
        case finished
    }

    /// A top-level value that has not ended.
    struct OpenValue: Sendable {
        let start: Int
        let kind: JSONKind
        /// Whether nothing but whole values stands before it in the line that it begins on.
        let isOnOwnLine: Bool
        /// How its first line ends; known once it leaves the window.
        var firstLine: FirstLine?
        /// Whether the machine has read all of the window.
        var isStarved = false
    }

    /// How the value ended whose records were found.
    enum Ending: Sendable {
        case none
        case value(ByteSpan, JSONKind)
        /// The error is `valueError`.
        case invalid(ByteSpan)
    }

    /// Lines of text, not yet known to stand before, between or behind values.
    struct PendingText: Sendable {
        var span: ByteSpan
        /// What to report when text is not tolerated here.
        let misplaced: JSONSyntaxError
        /// What to report about a control character that makes it no text.
        var control: JSONSyntaxError?
    }

    /// How far back a fault looks for the line where the stream may go on, and how much of a line is judged as a whole.
    static let lookBack = 16 << 10

    let tolerance: JSONTolerance
    let limits: JSONLimits
    var window: ByteWindow
    var machine: GrammarStateMachine
    var tracker: RecordTracker
    var phase = Phase.start
    /// The absolute offset of the next byte to read.
    var position = 0
    /// The number of the next value or invalid stretch.
    var ordinal = 0
    var text: PendingText?
    /// Whether a line feed was read since the last value ended; true at the start.
    var isOnNewLine = true
    /// The last value, for the line it began on.
    var lastValue: OpenValue?
    /// Up to where the line has been judged to hold nothing but values.
    var judgedEnd = 0
    /// The breach of limits or of UTF-8 inside the open value.
    var valueError: JSONSyntaxError?
    /// What waits to be handed out before the records that the tracker found.
    private var preceding: [ScanItem] = []
    /// What waits to be handed out behind them.
    private var ending = Ending.none
    /// How many of the records that the tracker found have been handed out, and the ordinal of their value.
    private var handedOut = 0
    private var recordOrdinal = 0

    /// Makes a scanner over the bytes that `reader` writes into the buffers it is given.
    ///
    /// The reader returns how many bytes it wrote and 0 at the end; what it throws comes out of `next`. With `readsRecords`
    /// records come read where that costs little, which spares reading them a second time.
    public init(
        reader: @escaping (UnsafeMutableRawBufferPointer) throws -> Int,
        selectors: [RecordSelector] = [.root],
        tolerance: JSONTolerance = .tolerant,
        limits: JSONLimits = JSONLimits(),
        readsRecords: Bool = false
    ) {
        self.tolerance = tolerance
        self.limits = limits
        window = ByteWindow(reader: reader)
        machine = GrammarStateMachine(maximumDepth: limits.maximumDepth, isLenient: tolerance == .tolerant)
        tracker = RecordTracker(
            selectors: selectors,
            maximumNameBytes: limits.maximumRecordBytes,
            writesTapes: readsRecords
        )
    }

    /// The next item, or nil at the end of the stream; throws only what the reader throws.
    public mutating func next() throws -> ScanItem? {
        while true {
            if let item = takePending() { return item }
            switch phase {
            case .start: try begin()
            case .between: try readGap()
            case .inside(let value): try read(value)
            case .broken(let value, let fault): try recover(from: value, fault: fault)
            case .finished: return nil
            }
        }
    }
}

// It calls the reader, which may belong to one thread.
@available(*, unavailable)
extension JSONRecordScanner: Sendable {}

// MARK: - Handing out

extension JSONRecordScanner {
    /// Hands out text or a mark, which stand before the value that is read next.
    mutating func enqueue(_ item: ScanItem) {
        preceding.append(item)
    }

    /// Hands out text that is none, before the value that is read next.
    mutating func enqueueInvalidText(_ span: ByteSpan, _ error: JSONSyntaxError) {
        preceding.append(.invalid(ordinal: ordinal, span: span, error: error))
        ordinal += 1
    }

    /// Hands out an invalid stretch behind the records found in it.
    mutating func endInvalid(_ span: ByteSpan, _ error: JSONSyntaxError) {
        valueError = error
        end(.invalid(span))
    }

    private mutating func end(_ ending: Ending) {
        self.ending = ending
        recordOrdinal = ordinal
        ordinal += 1
    }

    /// The next item; the window has not moved since a record in it was found.
    private mutating func takePending() -> ScanItem? {
        if !preceding.isEmpty { return preceding.removeFirst() }
        if handedOut < tracker.found.count {
            handedOut += 1
            return item(for: tracker.found[handedOut - 1])
        }
        if handedOut > 0 {
            tracker.forgetFound()
            handedOut = 0
        }
        switch ending {
        case .none: return nil
        case .value(let span, let kind):
            ending = .none
            return .value(ordinal: recordOrdinal, span: span, kind: kind)
        case .invalid(let span):
            ending = .none
            return valueError.map { .invalid(ordinal: recordOrdinal, span: span, error: $0) }
        }
    }

    private func item(for record: RecordTracker.Found) -> ScanItem {
        let bytes = bytes(of: record.span)
        var document: JSONDocument?
        if let bytes, let tape = record.tape, !isBreached(before: record.span.end) {
            document = JSONDocument(bytes: bytes, base: record.span.start, tape: tracker.tapes.copy(tape))
        }
        return .record(
            selector: record.selector,
            ordinal: recordOrdinal,
            pointer: record.pointer,
            span: record.span,
            bytes: bytes,
            kind: record.kind,
            document: document
        )
    }

    /// Whether something was read past in the value before an offset that would be refused in a document.
    private func isBreached(before offset: Int) -> Bool {
        if let error = valueError { error.offset < offset } else { false }
    }

    private func bytes(of span: ByteSpan) -> ArraySlice<UInt8>? {
        guard span.count <= limits.maximumRecordBytes else { return nil }
        let start = span.start - window.base
        let text = UnsafeRawBufferPointer(rebasing: window.bytes[start..<start + span.count])
        return Array(text)[...]
    }
}

// MARK: - Values

extension JSONRecordScanner {
    /// Enters the value at `position`.
    mutating func beginValue() {
        machine.reset()
        tracker.reset()
        // A pattern, because `!= nil` would copy the error.
        if case .some = valueError { valueError = nil }
        recordOrdinal = ordinal
        phase = .inside(valueAtPosition())
    }

    /// The value at `position`, and whether only whole values stand before it in its line.
    mutating func valueAtPosition() -> OpenValue {
        var isOnOwnLine = isOnNewLine
        if !isOnOwnLine, let last = lastValue, last.isOnOwnLine {
            isOnOwnLine = last.start >= window.lineStart(of: position)
        }
        return OpenValue(start: position, kind: JSONKind(firstByte: window[position]), isOnOwnLine: isOnOwnLine)
    }

    /// Reads on in a value to the end of the window.
    private mutating func read(_ value: OpenValue) throws {
        var value = value
        if value.isStarved { try refill(&value) }
        let (index, outcome) = machine.run(
            window.bytes,
            from: position - window.base,
            base: window.base,
            isFinal: window.isAtEnd,
            sink: &tracker
        )
        position = window.base + index
        noteBreaches()
        switch outcome {
        case .starved:
            value.isStarved = true
            phase = .inside(value)
        case .finished:
            finish(value)
        case .failed(let fault):
            phase = .broken(value, fault)
        }
    }

    private mutating func finish(_ value: OpenValue) {
        let span = ByteSpan(start: value.start, end: position)
        if let error = valueError {
            endInvalid(span, error)
        } else {
            end(.value(span, value.kind))
        }
        lastValue = value
        isOnNewLine = false
        phase = .between
    }

    /// Locates what was read past while it is in the window.
    private mutating func noteBreaches() {
        if let fault = machine.tolerated, case .none = valueError { valueError = window.locate(fault) }
        if let start = tracker.oversizedName, start >= window.base { noteOversizedName(at: start) }
    }

    /// Reports a name over the limit, unless there is an earlier breach.
    private mutating func noteOversizedName(at start: Int) {
        if let error = valueError, error.offset < start { return }
        valueError = window.locate(Fault(expectation: .nameLength, offset: start, found: Ascii.quote))
    }

    /// Gets more bytes and lets go of those that neither a record, a name nor a recovery can need.
    private mutating func refill(_ value: inout OpenValue) throws {
        tracker.limitTape(at: position)
        var keep = max(value.start, position - Self.lookBack - 16)
        if keep > value.start, value.firstLine == nil {
            value.firstLine = FirstLine(of: value.start, before: position, in: window)
        }
        if let start = tracker.keptStart(at: position, maximum: limits.maximumRecordBytes) { keep = min(keep, start) }
        // A scalar may be a record, and a name may lead to one.
        if machine.isInToken, tracker.isOnPath {
            if position - machine.tokenStart <= limits.maximumRecordBytes {
                keep = min(keep, machine.tokenStart)
            } else if machine.state == .nameText, machine.tokenStart >= window.base {
                noteOversizedName(at: machine.tokenStart)
            }
        }
        _ = try window.fill(keeping: keep)
    }
}
