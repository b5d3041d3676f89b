/// Counts line feeds up to a place that only moves forward.
struct LineCounter: Hashable, Sendable {
    /// How far has been counted, as an absolute offset.
    private(set) var position: Int
    /// The line of `position`, from 1.
    private(set) var line = 1
    /// The absolute offset of that line's first byte.
    private(set) var lineStart: Int

    init(position: Int) {
        self.position = position
        lineStart = position
    }

    /// Counts on to the absolute offset `target`; `bytes[0]` is at `base`, which is not behind `position`.
    mutating func advance(to target: Int, in bytes: UnsafeRawBufferPointer, base: Int) {
        guard target > position, let text = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let (start, end) = (position - base, target - base)
        position = target
        let count = ByteSearch.count(of: Ascii.newline, in: text, start, end)
        guard count > 0 else { return }
        line += count
        var last = end - 1
        while text[last] != Ascii.newline { last -= 1 }
        lineStart = base + last + 1
    }

    /// The error for `fault`, which lies in `bytes` or at their end, not before `position`.
    func locate(_ fault: Fault, in bytes: UnsafeRawBufferPointer, base: Int) -> JSONSyntaxError {
        var counter = self
        counter.advance(to: fault.offset, in: bytes, base: base)
        return JSONSyntaxError(fault, line: counter.line, column: fault.offset - counter.lineStart + 1)
    }
}
