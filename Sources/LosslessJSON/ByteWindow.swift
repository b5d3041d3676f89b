/// The part of a stream that is in memory: it slides forward and grows only by what must be kept.
struct ByteWindow: ~Copyable {
    typealias Reader = (UnsafeMutableRawBufferPointer) throws -> Int

    /// How much is asked of the reader at once, at least half of it.
    static let chunk = 64 << 10
    /// The most by which the window grows at once.
    private static let growth = 1 << 20

    /// The absolute offset of the first byte kept.
    private(set) var base = 0
    /// Whether the reader has reported the end.
    private(set) var isAtEnd = false
    /// Lines up to a place in the window.
    private(set) var lines = LineCounter(position: 0)
    private var storage: UnsafeMutableRawBufferPointer
    private var head = 0
    private var tail = 0
    private let reader: Reader

    init(reader: @escaping Reader) {
        self.reader = reader
        storage = UnsafeMutableRawBufferPointer(start: RawMemory.resize(nil, to: Self.chunk), count: Self.chunk)
    }

    deinit { RawMemory.release(storage.baseAddress) }

    /// The bytes kept; valid until the next `fill`.
    @inline(__always)
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[head..<tail]) }

    /// How much memory the window has.
    var capacity: Int { storage.count }

    /// The absolute offset behind the last byte kept.
    @inline(__always)
    var end: Int { base + tail - head }

    /// The byte at an absolute offset inside the window.
    subscript(_ offset: Int) -> UInt8 { storage[head + offset - base] }

    /// Reads more behind the window and forgets what lies before `offset`; false at the end of the stream.
    mutating func fill(keeping offset: Int) throws -> Bool {
        guard !isAtEnd else { return false }
        drop(before: min(offset, end))
        makeRoom()
        let room = UnsafeMutableRawBufferPointer(rebasing: storage[tail...])
        let count = min(max(try reader(room), 0), room.count)
        tail += count
        isAtEnd = count == 0
        return count > 0
    }

    /// Reads on until `count` bytes from `offset` are there or the stream ends, and forgets what lies before `offset`.
    mutating func require(_ count: Int, from offset: Int) throws {
        while end - offset < count, try fill(keeping: offset) {}
    }

    /// The absolute offset of the first byte of the line of `offset`, which must not be before the last one asked for.
    mutating func lineStart(of offset: Int) -> Int {
        lines.advance(to: offset, in: bytes, base: base)
        return lines.lineStart
    }

    /// The error for a fault inside the window.
    func locate(_ fault: Fault) -> JSONSyntaxError {
        lines.locate(fault, in: bytes, base: base)
    }

    /// The absolute offset of the first line feed in a range inside the window.
    func firstNewline(from start: Int, to end: Int) -> Int? {
        search(from: start, to: end) { ByteSearch.first(Ascii.newline, in: $0, $1, $2) }
    }

    /// The absolute offset behind the last byte that is no white space in a range inside the window.
    func contentEnd(from start: Int, to end: Int) -> Int? {
        search(from: start, to: end) { ByteSearch.contentEnd(in: $0, $1, $2) }
    }

    private func search(
        from start: Int,
        to end: Int,
        _ body: (UnsafePointer<UInt8>, Int, Int) -> Int?
    ) -> Int? {
        guard start < end, let text = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        return body(text, start - base, end - base).map { $0 + base }
    }

    private mutating func drop(before offset: Int) {
        guard offset > base else { return }
        lines.advance(to: offset, in: bytes, base: base)
        head += offset - base
        base = offset
    }

    private mutating func makeRoom() {
        let kept = tail - head
        guard storage.count - tail < Self.chunk / 2 else { return }
        if head > 0 { storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[head..<tail])) }
        (head, tail) = (0, kept)
        guard kept + Self.chunk > storage.count else { return }
        let size = kept + max(Self.chunk, min(kept, Self.growth))
        storage = UnsafeMutableRawBufferPointer(
            start: RawMemory.resize(storage.baseAddress, to: size),
            count: size
        )
    }
}
