/// A view of one value of a document.
public struct JSONValue: Sendable {
    @usableFromInline let storage: JSONDocument.Storage
    @usableFromInline let index: Int

    @inlinable
    init(storage: JSONDocument.Storage, index: Int) {
        self.storage = storage
        self.index = index
    }

    @inlinable
    var node: TapeNode { storage.node(index) }

    /// What kind of value it is.
    @inlinable
    public var kind: JSONKind { node.kind }

    /// Where it stands, quotes and brackets included; absolute.
    @inlinable
    public var span: ByteSpan {
        ByteSpan(start: storage.base + Int(node.start), end: storage.base + Int(node.end))
    }

    /// The exact bytes of the source, quotes and brackets included.
    @inlinable
    public var rawText: ArraySlice<UInt8> {
        let first = storage.bytes.startIndex
        return storage.bytes[first + Int(node.start)..<first + Int(node.end)]
    }
}

// MARK: - Contents of objects and arrays

extension JSONValue {
    /// The number of members or elements, duplicate names counted each; 0 for other kinds.
    public var count: Int {
        guard kind == .object || kind == .array else { return 0 }
        guard node.count == TapeNode.countLimit else { return node.count }
        return elements.reduce(0) { sum, _ in sum + 1 } + members.reduce(0) { sum, _ in sum + 1 }
    }

    /// The members of an object in the order of the text, duplicates included; empty for other kinds.
    public var members: JSONMembers {
        JSONMembers(storage: storage, first: index + 1, end: kind == .object ? Int(node.next) : index + 1)
    }

    /// The elements of an array; empty for other kinds.
    public var elements: JSONElements {
        JSONElements(storage: storage, first: index + 1, end: kind == .array ? Int(node.next) : index + 1)
    }

    /// The value of the member with this name: the last of duplicates, as PostgreSQL's `jsonb` chooses; nil if none.
    ///
    /// Names are compared unescaped and byte by byte: forms of Unicode normalisation differ.
    public subscript(_ key: String) -> JSONValue? {
        var key = key
        return key.withUTF8 { member($0) }
    }

    /// The value of the member whose unescaped name has these bytes; see the other subscript.
    public subscript(_ key: [UInt8]) -> JSONValue? {
        key.withUnsafeBufferPointer { member($0) }
    }

    private func member(_ key: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        guard kind == .object else { return nil }
        var found = -1
        let end = Int(node.next)
        storage.bytes.withUnsafeBufferPointer { bytes in
            var name = index + 1
            while name < end {
                if JSONKey.matches(key, storage.node(name), in: bytes) { found = name + 1 }
                name = Int(storage.node(name + 1).next)
            }
        }
        return found < 0 ? nil : JSONValue(storage: storage, index: found)
    }

    /// The value that an RFC 6901 pointer names, such as `/tasks/0/id`; the value itself for an empty pointer.
    ///
    /// Nil when nothing is there or the pointer is malformed.
    public func value(at pointer: String) -> JSONValue? {
        guard let components = JSONPointer.components(of: pointer) else { return nil }
        var value = self
        for component in components {
            guard let child = value.child(component) else { return nil }
            value = child
        }
        return value
    }

    private func child(_ component: [UInt8]) -> JSONValue? {
        guard kind == .array else { return self[component] }
        guard let wanted = JSONPointer.arrayIndex(component), wanted < count else { return nil }
        var element = index + 1
        for _ in 0..<wanted { element = Int(storage.node(element).next) }
        return JSONValue(storage: storage, index: element)
    }
}

// MARK: - Scalars

extension JSONValue {
    /// The unescaped text of a string; nil for other kinds and when a lone surrogate makes it no Unicode text.
    public var string: String? {
        guard kind == .string else { return nil }
        return JSONText.string(rawText, hasEscapes: node.hasEscapes)
    }

    /// The bytes of a string that is written without escapes, as they stand in the source; nil for all other values.
    public var plainText: ArraySlice<UInt8>? {
        guard kind == .string, !node.hasEscapes else { return nil }
        return rawText.dropFirst().dropLast()
    }

    /// The unescaped bytes of a string, a lone surrogate as three bytes (WTF-8); nil for other kinds.
    public var unescaped: [UInt8]? {
        guard kind == .string else { return nil }
        return JSONText.unescape(rawText, hasEscapes: node.hasEscapes)
    }

    /// Whether a string holds a surrogate escape without its other half.
    public var hasLoneSurrogate: Bool {
        kind == .string && node.hasEscapes && JSONText.hasLoneSurrogate(rawText)
    }

    /// Whether a string holds `\u0000`, which PostgreSQL's `text` and `jsonb` refuse.
    public var hasNUL: Bool {
        kind == .string && node.hasEscapes && JSONText.unescape(rawText, hasEscapes: true).contains(0)
    }

    /// The text of a number as it stands in the source; nil for other kinds.
    public var numberText: String? {
        kind == .number ? String(decoding: rawText, as: UTF8.self) : nil
    }

    /// The number when it is exactly a whole one that fits, however it is written (`2`, `2.0`, `20e-1`); else nil.
    public var integer: Int64? {
        kind == .number ? DecimalText.integer(rawText) : nil
    }

    /// The value of `true` and `false`; nil for other kinds.
    public var boolean: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// Whether it is `null`.
    @inlinable
    public var isNull: Bool { kind == .null }
}
