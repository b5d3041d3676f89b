/// A value or the name of a member, as one goes over a document from its first byte to its last.
public struct JSONPart {
    @usableFromInline let node: TapeNode
    @usableFromInline let bytes: UnsafeBufferPointer<UInt8>

    @inlinable
    init(node: TapeNode, bytes: UnsafeBufferPointer<UInt8>) {
        self.node = node
        self.bytes = bytes
    }

    /// What kind of value it is; a name is a string.
    @inlinable
    public var kind: JSONKind { node.kind }

    /// Whether it is the name of a member, whose value is the next part.
    @inlinable
    public var isName: Bool { node.isName }

    /// Whether a string holds a backslash.
    @inlinable
    public var hasEscapes: Bool { node.hasEscapes }

    /// For an object or array: the number of the part behind its contents.
    @inlinable
    public var next: Int { Int(node.next) }

    /// The exact bytes of the source, quotes and brackets included.
    @inlinable
    public var rawText: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
    }

    /// What stands between the quotes of a string, escapes as they are written.
    @inlinable
    public var quotedText: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1])
    }

    /// The text of a string that is written without escapes; nil for all other values.
    @inlinable
    public var plainText: UnsafeBufferPointer<UInt8>? {
        kind == .string && !hasEscapes ? quotedText : nil
    }
}

// It points into the bytes of its document, for the time of a call.
@available(*, unavailable)
extension JSONPart: Sendable {}

/// The parts of a document, for the time of a call: without references, so that whoever looks at many of them counts none.
public struct JSONParts {
    @usableFromInline let tape: UnsafeMutableBufferPointer<TapeNode>
    @usableFromInline let bytes: UnsafeBufferPointer<UInt8>

    @inlinable
    init(tape: UnsafeMutableBufferPointer<TapeNode>, bytes: UnsafeBufferPointer<UInt8>) {
        self.tape = tape
        self.bytes = bytes
    }

    /// The name of the member at a place of this document.
    @inlinable
    public func name(at place: JSONMemberPlace) -> JSONPart {
        JSONPart(node: tape[Int(place.index)], bytes: bytes)
    }

    /// The value of the member at a place of this document.
    @inlinable
    public func value(at place: JSONMemberPlace) -> JSONPart {
        JSONPart(node: tape[Int(place.index) + 1], bytes: bytes)
    }
}

// They point into the bytes of their document, for the time of a call.
@available(*, unavailable)
extension JSONParts: Sendable {}

extension JSONValue {
    /// Hands out the parts of the document that the value is of.
    @inlinable
    public func withParts<Result>(_ body: (JSONParts) -> Result) -> Result {
        storage.bytes.withUnsafeBufferPointer { body(JSONParts(tape: storage.tape, bytes: $0)) }
    }
}

extension JSONDocument {
    /// Whether `isWanted` holds for all parts, which it is given in the order of the text, numbered from 0, until it says no.
    ///
    /// A part is valid for the time of the call only.
    @inlinable
    public func allParts(_ isWanted: (Int, JSONPart) -> Bool) -> Bool {
        storage.bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<storage.tape.count
            where !isWanted(index, JSONPart(node: storage.tape[index], bytes: bytes)) { return false }
            return true
        }
    }
}
