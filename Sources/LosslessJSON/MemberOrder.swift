/// The members of an object in canonical order: by unescaped name bytes, duplicates in the order of the text.
enum MemberOrder: Sendable {
    /// A member name with the bytes that it is ordered by.
    struct Name: Sendable {
        /// The index of the name's node; its value's node follows.
        let index: Int
        /// The unescaped bytes when the text holds escapes; nil: the text itself.
        let unescaped: [UInt8]?

        func hasSameName(as other: Name, in storage: JSONDocument.Storage) -> Bool {
            compare(self, other, in: storage) == 0
        }
    }

    /// The names of an object's members in order.
    static func sorted(_ object: JSONValue) -> [Name] {
        let storage = object.storage
        var names: [Name] = []
        names.reserveCapacity(object.node.count)
        var index = object.index + 1
        let end = Int(object.node.next)
        var isSorted = true
        while index < end {
            let key = JSONKey(storage: storage, index: index)
            let name = Name(index: index, unescaped: storage.node(index).hasEscapes ? key.unescaped : nil)
            if let last = names.last, compare(last, name, in: storage) > 0 { isSorted = false }
            names.append(name)
            index = Int(storage.node(index + 1).next)
        }
        guard !isSorted else { return names }
        names.sort { first, second in
            let order = compare(first, second, in: storage)
            return order == 0 ? first.index < second.index : order < 0
        }
        return names
    }

    /// Negative, zero or positive, by bytes.
    private static func compare(_ first: Name, _ second: Name, in storage: JSONDocument.Storage) -> Int {
        withBytes(of: first, in: storage) { left in
            withBytes(of: second, in: storage) { right in
                var index = 0
                let shared = min(left.count, right.count)
                while index < shared {
                    if left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
                    index += 1
                }
                return left.count - right.count
            }
        }
    }

    private static func withBytes<R>(
        of name: Name,
        in storage: JSONDocument.Storage,
        _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        if let unescaped = name.unescaped { return unescaped.withUnsafeBytes(body) }
        let node = storage.node(name.index)
        return storage.bytes.withUnsafeBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1]))
        }
    }
}
