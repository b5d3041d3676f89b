/// Follows the path through a value while it is read, and notes the records that selectors choose.
struct RecordTracker: GrammarSink, ~Copyable {
    /// A record that has ended.
    struct Found: Sendable {
        let selector: Int
        let pointer: String
        let span: ByteSpan
        let kind: JSONKind
        /// Where its tape is; nil where none was written.
        let tape: Range<Int>?
    }

    /// A container on the path whose children selectors may name.
    private struct Frame {
        let isObject: Bool
        /// For an array: the index of the current element.
        var index = -1
        /// For an object: the unescaped name of the current member.
        var name: [UInt8] = []
    }

    /// A chosen container that has not ended.
    private struct OpenRecord {
        let selector: Int
        let start: Int
        let depth: Int
        let kind: JSONKind
    }

    /// The records that ended since the last look.
    private(set) var found: [Found] = []
    /// Where the first name stands that is longer than a path may hold.
    private(set) var oversizedName: Int?
    private let maximumNameBytes: Int
    private let selectors: [RecordSelector]
    /// The number of components of each selector.
    private let lengths: [Int]
    /// The number of components of the longest selector.
    private let deepest: Int
    /// For each selector: how many components from the root the path matches.
    private var matched: [Int]
    private var frames: [Frame] = []
    private var open: [OpenRecord] = []
    /// The number of open containers.
    private var depth = 0
    /// What lies deeper is neither a record nor leads to one: `deepest`, or less inside of a container that no selector
    /// goes on from.
    private var reach: Int
    /// Writes the tapes of records, which are read once with that.
    private(set) var tapes: TapeBuilder
    /// Whether it does.
    private let writesTapes: Bool
    private var isWriting = false
    /// Where the record began whose tape is being written, and its depth.
    private var tapeStart = (offset: 0, depth: 0)

    /// Records beyond this are read anew by those who want them read; bytes.
    private static let longestTape = 256 << 10

    init(selectors: [RecordSelector], maximumNameBytes: Int, writesTapes: Bool) {
        self.selectors = selectors
        self.maximumNameBytes = maximumNameBytes
        lengths = selectors.map(\.components.count)
        deepest = lengths.max() ?? -1
        reach = deepest
        matched = Array(repeating: 0, count: selectors.count)
        self.writesTapes = writesTapes
        tapes = TapeBuilder(byteCount: 0)
    }

    /// Whether what is being read may be a record or a part of a record's path.
    var isOnPath: Bool { depth <= deepest }

    /// Forgets the value that was being read.
    mutating func reset() {
        depth = 0
        reach = deepest
        oversizedName = nil
        isWriting = false
        if !frames.isEmpty { frames.removeAll(keepingCapacity: true) }
        if !open.isEmpty { open.removeAll(keepingCapacity: true) }
        if deepest > 0 { matched = Array(repeating: 0, count: selectors.count) }
    }

    mutating func forgetFound() {
        // One record a value is the usual case, and removing the last is cheaper than removing all.
        if found.count == 1 { found.removeLast() } else { found.removeAll(keepingCapacity: true) }
        tapes.forgetFinished()
    }

    /// Writes no more of the tape of a record that has become too large by `position`.
    mutating func limitTape(at position: Int) {
        if position - tapeStart.offset > Self.longestTape { isWriting = false }
    }

    /// The start of the outermost open record that is not yet larger than `maximum` at `position`.
    func keptStart(at position: Int, maximum: Int) -> Int? {
        open.first { position - $0.start <= maximum }?.start
    }

    // MARK: What is read

    @inline(always)
    mutating func open(isObject: Bool, at offset: Int) {
        if depth <= reach { openOnPath(isObject: isObject, at: offset) }
        depth += 1
        if isWriting { tapes.open(isObject: isObject, at: offset) }
    }

    @inline(always)
    mutating func close(end: Int) {
        depth -= 1
        if isWriting { tapes.close(end: end) }
        if depth <= reach { closeOnPath(end: end) }
    }

    @inline(always)
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int) {
        if isWriting { tapes.name(start: start, end: end, hasEscapes: hasEscapes, in: bytes, base: base) }
        if end - start > maximumNameBytes, depth <= deepest, oversizedName == nil { oversizedName = start }
        guard depth <= reach else { return }
        nameOnPath(start: start, end: end, hasEscapes: hasEscapes, in: bytes, base: base)
    }

    private mutating func nameOnPath(
        start: Int,
        end: Int,
        hasEscapes: Bool,
        in bytes: UnsafeRawBufferPointer,
        base: Int
    ) {
        var name: [UInt8] = []
        // A name over the limit may no longer be at hand; the value is reported invalid.
        if end - start <= maximumNameBytes {
            let raw = Array(bytes[start - base..<end - base])
            name = JSONText.unescape(raw[...], hasEscapes: hasEscapes)
        }
        for selector in selectors.indices {
            match(selector) { component in
                if case .named(name, _) = component { true } else { false }
            }
        }
        frames[depth - 1].name = name
    }

    @inline(always)
    mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool) {
        if isWriting { tapes.scalar(kind, start: start, end: end, hasEscapes: hasEscapes) }
        guard depth <= reach else { return }
        enterElement()
        for selector in selectors.indices where isRecord(selector) {
            note(selector, span: ByteSpan(start: start, end: end), kind: kind, tape: nil)
        }
    }
}

// MARK: - The path

extension RecordTracker {
    private mutating func openOnPath(isObject: Bool, at offset: Int) {
        enterElement()
        let kind: JSONKind = isObject ? .object : .array
        for selector in selectors.indices where isRecord(selector) {
            open.append(OpenRecord(selector: selector, start: offset, depth: depth, kind: kind))
        }
        if writesTapes, open.last?.depth == depth {
            // A record around this one has none: it may be as large as the file.
            isWriting = true
            tapeStart = (offset, depth)
            tapes.begin(at: offset)
        }
        if depth < deepest { frames.append(Frame(isObject: isObject)) }
        if !leadsOn { reach = depth }
    }

    /// Whether a selector goes on into the container that is being opened.
    private var leadsOn: Bool {
        for selector in matched.indices where matched[selector] == depth && lengths[selector] > depth { return true }
        return false
    }

    private mutating func closeOnPath(end: Int) {
        reach = deepest
        if depth < deepest { frames.removeLast() }
        guard let last = open.last, last.depth == depth else { return }
        var tape: Range<Int>?
        if isWriting, tapeStart.depth == depth {
            let written = tapes.finish()
            if end - tapeStart.offset <= Self.longestTape { tape = written }
            isWriting = false
        }
        var first = open.count - 1
        while first > 0, open[first - 1].depth == depth { first -= 1 }
        for record in open[first...] {
            note(record.selector, span: ByteSpan(start: record.start, end: end), kind: record.kind, tape: tape)
        }
        while open.count > first { open.removeLast() }
    }

    /// Counts an element of the innermost array.
    private mutating func enterElement() {
        guard depth > 0, !frames[depth - 1].isObject else { return }
        frames[depth - 1].index += 1
        let index = frames[depth - 1].index
        for selector in selectors.indices {
            match(selector) { component in
                if case .named(_, index) = component { true } else { false }
            }
        }
    }

    /// Brings a selector's match up to date for a new child of the innermost container.
    private mutating func match(_ selector: Int, isNamed: (RecordSelector.Component) -> Bool) {
        matched[selector] = min(matched[selector], depth - 1)
        let components = selectors[selector].components
        guard matched[selector] == depth - 1, components.count >= depth else { return }
        let component = components[depth - 1]
        if component == .any || isNamed(component) { matched[selector] = depth }
    }

    private func isRecord(_ selector: Int) -> Bool {
        matched[selector] == depth && selectors[selector].components.count == depth
    }

    private mutating func note(_ selector: Int, span: ByteSpan, kind: JSONKind, tape: Range<Int>?) {
        found.append(Found(selector: selector, pointer: depth > 0 ? pointer : "", span: span, kind: kind, tape: tape))
    }

    /// The pointer to the value whose parents are on the path.
    private var pointer: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        for index in 0..<depth {
            if frames[index].isObject {
                JSONPointer.append(frames[index].name, to: &bytes)
            } else {
                JSONPointer.append(index: frames[index].index, to: &bytes)
            }
        }
        return JSONPointer.text(bytes)
    }
}
