/// Writes the tapes of documents into memory of its own, one behind the other, so that adding a node is one comparison and one
/// store.
struct TapeBuilder: GrammarSink, ~Copyable {
    private var nodes: UnsafeMutablePointer<TapeNode>
    private var capacity: Int
    /// Where the tape begins that is being written.
    private var first = 0
    /// Where the next node goes.
    private var end = 0
    /// What offsets of the tape are counted from.
    private var origin = 0
    /// The node of the innermost open container, or -1; counted from the tape's first one.
    ///
    /// Until it is closed a container's `next` holds its parent.
    private var open = -1

    /// Nodes that there is room for at first, at most: the tape of a large text grows as it is needed.
    private static let firstCapacity = 4_096

    /// Makes room for a text of usual density; it grows.
    init(byteCount: Int) {
        capacity = min(byteCount / 8 + 8, Self.firstCapacity)
        nodes = Self.resize(nil, to: capacity)
    }

    deinit { RawMemory.release(nodes) }

    /// Begins another tape, whose offsets are counted from `origin`; what was written of one that has not ended is gone.
    mutating func begin(at origin: Int) {
        end = first
        open = -1
        self.origin = origin
    }

    /// Ends a tape; gives where its nodes are until all are forgotten.
    mutating func finish() -> Range<Int> {
        let tape = first..<end
        first = end
        return tape
    }

    /// Forgets the tapes that have ended; the one that is being written stays.
    mutating func forgetFinished() {
        guard first > 0 else { return }
        nodes.update(from: nodes + first, count: end - first)
        (first, end) = (0, end - first)
    }

    /// A copy of the nodes of a tape, which the caller gives back by `RawMemory`.
    func copy(_ tape: Range<Int>) -> UnsafeMutableBufferPointer<TapeNode> {
        let copy = Self.resize(nil, to: tape.count)
        copy.initialize(from: nodes + tape.lowerBound, count: tape.count)
        return UnsafeMutableBufferPointer(start: copy, count: tape.count)
    }

    /// Hands over the nodes of the only tape, which the caller gives back by `RawMemory`.
    consuming func take() -> UnsafeMutableBufferPointer<TapeNode> {
        var nodes = nodes
        let (count, capacity) = (end, capacity)
        discard self
        // A tape may live long: most of its memory is in use.
        if count < capacity / 2, capacity > 512 { nodes = Self.resize(nodes, to: count) }
        return UnsafeMutableBufferPointer(start: nodes, count: count)
    }

    /// A node is four numbers, so that its memory can be moved as it is.
    private static func resize(
        _ nodes: UnsafeMutablePointer<TapeNode>?,
        to count: Int
    ) -> UnsafeMutablePointer<TapeNode> {
        RawMemory.resize(nodes, to: count * MemoryLayout<TapeNode>.stride)
            .bindMemory(to: TapeNode.self, capacity: count)
    }

    // MARK: What is read

    @inline(always)
    mutating func open(isObject: Bool, at offset: Int) {
        countInParent()
        // Its end is set when it is closed.
        append(isObject ? .object : .array, start: offset, end: origin, next: open)
        open = end - first - 1
    }

    @inline(always)
    mutating func close(end offset: Int) {
        let node = nodes + (first + open)
        let parent = Int(Int32(bitPattern: node.pointee.next))
        node.pointee.end = UInt32(truncatingIfNeeded: offset - origin)
        node.pointee.next = UInt32(truncatingIfNeeded: end - first)
        open = parent
    }

    @inline(always)
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int) {
        append(.string, start: start, end: end, next: self.end - first + 1, hasEscapes: hasEscapes, isName: true)
    }

    @inline(always)
    mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool) {
        countInParent()
        append(kind, start: start, end: end, next: self.end - first + 1, hasEscapes: hasEscapes)
    }

    @inline(always)
    private mutating func countInParent() {
        if open >= 0 { nodes[first + open].countOne() }
    }

    @inline(always)
    private mutating func append(
        _ kind: JSONKind,
        start: Int,
        end: Int,
        next: Int,
        hasEscapes: Bool = false,
        isName: Bool = false
    ) {
        if self.end == capacity { grow() }
        let node = TapeNode(
            kind: kind,
            start: start - origin,
            end: end - origin,
            next: next,
            hasEscapes: hasEscapes,
            isName: isName
        )
        (nodes + self.end).initialize(to: node)
        self.end += 1
    }

    @inline(never)
    private mutating func grow() {
        capacity *= 2
        nodes = Self.resize(nodes, to: capacity)
    }
}
