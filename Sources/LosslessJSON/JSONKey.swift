/// The name of a member, compared by its unescaped bytes.
public struct JSONKey: Sendable {
    let storage: JSONDocument.Storage
    let index: Int

    private var value: JSONValue { JSONValue(storage: storage, index: index) }

    /// Where it stands, quotes included; absolute.
    public var span: ByteSpan { value.span }

    /// The exact bytes of the source, quotes included.
    public var rawText: ArraySlice<UInt8> { value.rawText }

    /// Whether the text holds a backslash; without one the name's bytes are those between the quotes.
    public var hasEscapes: Bool { value.node.hasEscapes }

    /// The unescaped text; nil when a lone surrogate makes it no Unicode text.
    public var string: String? { value.string }

    /// The unescaped bytes, a lone surrogate as three bytes (WTF-8).
    public var unescaped: [UInt8] { JSONText.unescape(rawText, hasEscapes: value.node.hasEscapes) }

    /// Whether it holds a surrogate escape without its other half.
    public var hasLoneSurrogate: Bool { value.hasLoneSurrogate }

    /// Whether it holds `\u0000`.
    public var hasNUL: Bool { value.hasNUL }

    /// Whether the unescaped name has exactly these bytes.
    public func matches(_ name: [UInt8]) -> Bool {
        name.withUnsafeBufferPointer { matches($0) }
    }

    private func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        storage.bytes.withUnsafeBufferPointer { Self.matches(name, storage.node(index), in: $0) }
    }

    /// Whether the unescaped name of a node has exactly these bytes; `bytes` are the document's.
    @inline(__always)
    static func matches(
        _ name: UnsafeBufferPointer<UInt8>,
        _ node: TapeNode,
        in bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard !node.hasEscapes else {
            let raw = Array(bytes[Int(node.start)..<Int(node.end)])
            return JSONText.unescape(raw[...], hasEscapes: true).elementsEqual(name)
        }
        guard Int(node.end - node.start) == name.count + 2 else { return false }
        let first = Int(node.start) + 1
        for offset in name.indices where bytes[first + offset] != name[offset] { return false }
        return true
    }
}

/// A name that occurs more than once in one object.
public struct DuplicateKey: Hashable, Sendable {
    /// The unescaped bytes of the name.
    public let name: [UInt8]
    /// Where the name stands each time, quotes included, in the order of the text; absolute.
    public let spans: [ByteSpan]

    /// The name for people; a lone surrogate shows as U+FFFD.
    public var displayName: String { String(decoding: name, as: UTF8.self) }
}

extension JSONValue {
    /// The names that occur more than once in this object, in the order of their first place; inner objects not looked at.
    public var duplicateKeys: [DuplicateKey] {
        guard kind == .object, count > 1 else { return [] }
        let names = MemberOrder.sorted(self)
        var found: [DuplicateKey] = []
        var first = 0
        while first < names.count {
            var last = first + 1
            while last < names.count, names[last].hasSameName(as: names[first], in: storage) { last += 1 }
            if last - first > 1 {
                let keys = names[first..<last].map { JSONKey(storage: storage, index: $0.index) }
                found.append(DuplicateKey(name: keys[0].unescaped, spans: keys.map(\.span)))
            }
            first = last
        }
        return found.sorted { $0.spans[0].start < $1.spans[0].start }
    }
}
