/// Writes a document's tape into memory of its own, so that adding a node is one comparison and one store.
struct TapeBuilder: GrammarSink, ~Copyable {
    private var nodes: UnsafeMutablePointer<TapeNode>
    private var count = 0
    private var capacity: Int
    /// The index of the innermost open container, or -1.
    ///
    /// Until it is closed a container's `next` holds its parent.
    private var open = -1

    /// Makes room for a text of usual density; it grows.
    init(byteCount: Int) {
        capacity = byteCount / 8 + 8
        nodes = .allocate(capacity: capacity)
    }

    deinit { nodes.deallocate() }

    /// Hands over the nodes, which the caller deallocates.
    consuming func finish() -> UnsafeMutableBufferPointer<TapeNode> {
        let (nodes, count, capacity) = (nodes, count, capacity)
        discard self
        // A tape may live long: most of its memory is in use.
        guard count < capacity / 2, capacity > 512 else {
            return UnsafeMutableBufferPointer(start: nodes, count: count)
        }
        let fitting = UnsafeMutableBufferPointer<TapeNode>.allocate(capacity: count)
        _ = fitting.moveInitialize(fromContentsOf: UnsafeMutableBufferPointer(start: nodes, count: count))
        nodes.deallocate()
        return fitting
    }

    @inline(always)
    mutating func open(isObject: Bool, at offset: Int) {
        countInParent()
        append(TapeNode(kind: isObject ? .object : .array, start: offset, end: 0, next: open, hasEscapes: false))
        open = count - 1
    }

    @inline(always)
    mutating func close(end: Int) {
        let parent = Int(Int32(bitPattern: nodes[open].next))
        nodes[open].end = UInt32(truncatingIfNeeded: end)
        nodes[open].next = UInt32(truncatingIfNeeded: count)
        open = parent
    }

    @inline(always)
    mutating func name(start: Int, end: Int, hasEscapes: Bool, in bytes: UnsafeRawBufferPointer, base: Int) {
        append(TapeNode(kind: .string, start: start, end: end, next: count + 1, hasEscapes: hasEscapes))
    }

    @inline(always)
    mutating func scalar(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool) {
        countInParent()
        append(TapeNode(kind: kind, start: start, end: end, next: count + 1, hasEscapes: hasEscapes))
    }

    @inline(always)
    private mutating func countInParent() {
        if open >= 0 { nodes[open].countOne() }
    }

    @inline(always)
    private mutating func append(_ node: TapeNode) {
        if count == capacity { grow() }
        (nodes + count).initialize(to: node)
        count += 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<TapeNode>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: nodes, count: count)
        nodes.deallocate()
        nodes = larger
        capacity *= 2
    }
}
