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
}

// It points into the bytes of its document, for the time of a call.
@available(*, unavailable)
extension JSONPart: Sendable {}

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
