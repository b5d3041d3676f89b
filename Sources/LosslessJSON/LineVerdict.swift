/// What a line is that begins with a string, a number or a literal outside of any value.
enum LineVerdict: Hashable, Sendable {
    /// It holds whole scalars up to its end or to the first bracket.
    case values
    /// It begins with a number or a literal, but goes on with words.
    case text
    /// It holds a broken string, or punctuation from inside a value; the index is where.
    case invalid(Expectation, index: Int)

    /// Judges `range` of `bytes`; `isCut` says that the line goes on behind it.
    init(of bytes: UnsafeRawBufferPointer, in range: Range<Int>, isCut: Bool) {
        let line = UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound])
        var machine = GrammarStateMachine(maximumDepth: 0, isLenient: true)
        var sink = SilentSink()
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = line[index]
            if byte.isJSONWhitespace {
                index += 1
                continue
            }
            if byte.opensContainer { break }
            guard byte.beginsScalar, Self.isApart(index, in: line, from: range.lowerBound) else {
                self = Self.refusal(.line, at: index, in: line, from: range.lowerBound)
                return
            }
            machine.reset()
            let (next, outcome) = machine.run(line, from: index, base: 0, isFinal: !isCut, sink: &sink)
            if case .failed(let fault) = outcome {
                self = Self.refusal(fault.expectation, at: fault.offset, in: line, from: range.lowerBound)
                return
            }
            if outcome == .starved { break }
            index = next
        }
        self = .values
    }

    /// Whether a scalar may begin at `index`: not glued to a number or literal before it, unless one of the two is a string.
    private static func isApart(_ index: Int, in line: UnsafeRawBufferPointer, from start: Int) -> Bool {
        guard index > start, line[index] != Ascii.quote else { return true }
        return line[index - 1].isJSONWhitespace || line[index - 1] == Ascii.quote
    }

    private static func refusal(
        _ expectation: Expectation,
        at index: Int,
        in line: UnsafeRawBufferPointer,
        from start: Int
    ) -> LineVerdict {
        let isPunctuation = index < line.count && line[index].isInnerPunctuation
        return line[start] == Ascii.quote || isPunctuation ? .invalid(expectation, index: index) : .text
    }
}
