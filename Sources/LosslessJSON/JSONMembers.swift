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
