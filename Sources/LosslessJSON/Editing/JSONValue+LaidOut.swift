extension JSONValue {
    /// The value over several lines: names sorted by their unescaped bytes, two blanks a level, scalars as they are.
    ///
    /// Unlike the canonical form it keeps the spelling of numbers. Empty containers, and what is nested deeper than 64
    /// levels, stay as they are.
    public var laidOut: [UInt8] {
        var output: [UInt8] = []
        appendLaidOut(to: &output, depth: 0)
        return output
    }

    private func appendLaidOut(to output: inout [UInt8], depth: Int) {
        guard count > 0, depth < 64 else { return output.append(contentsOf: rawText) }
        func newLine(_ depth: Int) {
            output.append(Ascii.newline)
            output += [UInt8](repeating: Ascii.space, count: 2 * depth)
        }
        output.append(kind == .object ? Ascii.openBrace : Ascii.openBracket)
        var isFirst = true
        func separate() {
            if !isFirst { output.append(Ascii.comma) }
            isFirst = false
            newLine(depth + 1)
        }
        for name in kind == .object ? MemberOrder.sorted(self) : [] {
            separate()
            output += JSONKey(storage: storage, index: name.index).rawText
            output += [Ascii.colon, Ascii.space]
            JSONValue(storage: storage, index: name.index + 1).appendLaidOut(to: &output, depth: depth + 1)
        }
        for element in elements {
            separate()
            element.appendLaidOut(to: &output, depth: depth + 1)
        }
        newLine(depth)
        output.append(kind == .object ? Ascii.closeBrace : Ascii.closeBracket)
    }
}
