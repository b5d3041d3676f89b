extension JSONValue {
    /// Appends the canonical form: two values have the same one exactly when they mean the same.
    ///
    /// UTF-8 without white space; members sorted by unescaped name bytes, duplicates in the order of the text; minimal
    /// escapes, lone surrogates as `\uxxxx`; numbers as exact decimals `-?d(.d+)?e<int>` without trailing zeros, zero as
    /// `0`. (Not RFC 8785, which sends numbers through doubles.) The form of a canonical text is itself, numbers included.
    public func appendCanonical(to output: inout [UInt8]) {
        storage.bytes.withUnsafeBytes { bytes in
            var writer = CanonicalWriter(storage: storage, bytes: bytes)
            writer.append(index, to: &output)
        }
    }

    /// The canonical form; see `appendCanonical(to:)`.
    public var canonical: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(rawText.count)
        appendCanonical(to: &output)
        return output
    }
}

/// Writes canonical text with a stack of its own.
private struct CanonicalWriter {
    /// A container that is being written.
    private struct Frame {
        let isObject: Bool
        /// For an object: its names in order, and how many of them are written.
        let names: [MemberOrder.Name]
        var written = 0
        /// For an array: the node of the next element, and the one behind the last.
        var element: Int
        let end: Int
    }

    let storage: JSONDocument.Storage
    /// The storage's bytes.
    let bytes: UnsafeRawBufferPointer
    private var frames: [Frame] = []

    init(storage: JSONDocument.Storage, bytes: UnsafeRawBufferPointer) {
        self.storage = storage
        self.bytes = bytes
    }

    mutating func append(_ root: Int, to output: inout [UInt8]) {
        begin(root, &output)
        while !frames.isEmpty {
            guard let value = nextValue(&output) else {
                let frame = frames.removeLast()
                output.append(frame.isObject ? Ascii.closeBrace : Ascii.closeBracket)
                continue
            }
            begin(value, &output)
        }
    }

    /// Writes a scalar, or the bracket that opens a container.
    private mutating func begin(_ index: Int, _ output: inout [UInt8]) {
        let node = storage.node(index)
        switch node.kind {
        case .object:
            output.append(Ascii.openBrace)
            frames.append(
                Frame(isObject: true, names: MemberOrder.sorted(value(index)), element: index, end: index)
            )
        case .array:
            output.append(Ascii.openBracket)
            frames.append(Frame(isObject: false, names: [], element: index + 1, end: Int(node.next)))
        case .string: appendString(index, node, &output)
        case .number: DecimalText.appendCanonical(value(index).rawText, to: &output)
        case .true, .false, .null: output.append(contentsOf: text(of: node))
        }
    }

    private func value(_ index: Int) -> JSONValue { JSONValue(storage: storage, index: index) }

    private func text(of node: TapeNode) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
    }

    /// Writes a string or a name: without escapes the text is canonical already, everything that must be escaped is.
    private func appendString(_ index: Int, _ node: TapeNode, _ output: inout [UInt8]) {
        guard node.hasEscapes else { return output.append(contentsOf: text(of: node)) }
        JSONText.appendCanonicalEscaped(value(index).rawText, to: &output)
    }

    /// Writes what stands before the innermost container's next value; nil when there is none.
    private mutating func nextValue(_ output: inout [UInt8]) -> Int? {
        let top = frames.count - 1
        let written = frames[top].written
        frames[top].written += 1
        guard frames[top].isObject else {
            let element = frames[top].element
            guard element < frames[top].end else { return nil }
            if written > 0 { output.append(Ascii.comma) }
            frames[top].element = Int(storage.node(element).next)
            return element
        }
        guard written < frames[top].names.count else { return nil }
        if written > 0 { output.append(Ascii.comma) }
        let name = frames[top].names[written].index
        appendString(name, storage.node(name), &output)
        output.append(Ascii.colon)
        return name + 1
    }
}
