/// The members of an object in the order of the text, duplicates included.
public struct JSONMembers: Sequence, Sendable {
    let storage: JSONDocument.Storage
    let first: Int
    let end: Int

    /// Starts at the first member.
    public func makeIterator() -> Iterator {
        Iterator(storage: storage, position: first, end: end)
    }

    /// Goes through the members once.
    public struct Iterator: IteratorProtocol, Sendable {
        let storage: JSONDocument.Storage
        var position: Int
        let end: Int

        /// The next member, or nil behind the last.
        public mutating func next() -> (key: JSONKey, value: JSONValue)? {
            guard position < end else { return nil }
            let name = position
            position = Int(storage.node(name + 1).next)
            return (JSONKey(storage: storage, index: name), JSONValue(storage: storage, index: name + 1))
        }
    }
}

/// The elements of an array.
public struct JSONElements: Sequence, Sendable {
    let storage: JSONDocument.Storage
    let first: Int
    let end: Int

    /// Starts at the first element.
    public func makeIterator() -> Iterator {
        Iterator(storage: storage, position: first, end: end)
    }

    /// Goes through the elements once.
    public struct Iterator: IteratorProtocol, Sendable {
        let storage: JSONDocument.Storage
        var position: Int
        let end: Int

        /// The next element, or nil behind the last.
        public mutating func next() -> JSONValue? {
            guard position < end else { return nil }
            let element = position
            position = Int(storage.node(element).next)
            return JSONValue(storage: storage, index: element)
        }
    }
}

/// Where a member of an object stands: a number that means something to that object alone.
///
/// Holds no reference to the document, so that lists of them cost nothing to make and to drop.
public struct JSONMemberPlace: Hashable, Sendable {
    @usableFromInline let index: Int32

    @inlinable
    init(index: Int32) {
        self.index = index
    }
}

extension JSONValue {
    /// Hands out the place of each member of an object, with the text of its name between the quotes and whether that
    /// has escapes.
    ///
    /// In the order of the text, duplicates included; the text is valid in the closure only. Other kinds have none.
    @inlinable
    public func forEachMember(_ body: (JSONMemberPlace, UnsafeBufferPointer<UInt8>, _ hasEscapes: Bool) -> Void) {
        guard kind == .object else { return }
        let end = Int(node.next)
        storage.bytes.withUnsafeBufferPointer { bytes in
            var name = index + 1
            while name < end {
                let node = storage.node(name)
                let text = UnsafeBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1])
                body(JSONMemberPlace(index: Int32(truncatingIfNeeded: name)), text, node.hasEscapes)
                name = Int(storage.node(name + 1).next)
            }
        }
    }

    /// The name of the member at a place of this object.
    public func key(at place: JSONMemberPlace) -> JSONKey { JSONKey(storage: storage, index: Int(place.index)) }

    /// The value of the member at a place of this object.
    @inlinable
    public func value(at place: JSONMemberPlace) -> JSONValue {
        JSONValue(storage: storage, index: Int(place.index) + 1)
    }
}
