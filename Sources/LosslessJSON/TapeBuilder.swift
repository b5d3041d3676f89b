/// Writes a document's tape into memory of its own, so that adding a node is one comparison and one store.
struct TapeBuilder: GrammarSink, ~Copyable {
    private var nodes: UnsafeMutablePointer<TapeNode>
    private var count = 0
    private var capacity: Int
    /// The index of the innermost open container, or -1.
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

    /// Hands over the nodes, which the caller gives back by `RawMemory`.
    consuming func finish() -> UnsafeMutableBufferPointer<TapeNode> {
        var nodes = nodes
        let (count, capacity) = (count, capacity)
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
        append(TapeNode(kind: .string, start: start, end: end, next: count + 1, hasEscapes: hasEscapes, isName: true))
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
        capacity *= 2
        nodes = Self.resize(nodes, to: capacity)
    }
}
