/// The members of an object in canonical order: by unescaped name bytes, duplicates in the order of the text.
enum MemberOrder: Sendable {
    /// A member name with the bytes that it is ordered by.
    struct Name: Sendable {
        /// The index of the name's node; its value's node follows.
        let index: Int
        /// The unescaped bytes when the text holds escapes; nil: the text itself.
        let unescaped: [UInt8]?
        /// The first eight bytes, zeros behind a shorter name: two names that differ in it are in its order.
        fileprivate let head: UInt64

        func hasSameName(as other: Name, in storage: JSONDocument.Storage) -> Bool {
            storage.bytes.withUnsafeBytes { compare(self, other, storage, $0) == 0 }
        }
    }

    /// The names of an object's members in order.
    static func sorted(_ object: JSONValue) -> [Name] {
        let storage = object.storage
        var names: [Name] = []
        names.reserveCapacity(object.node.count)
        return storage.bytes.withUnsafeBytes { bytes in
            var index = object.index + 1
            let end = Int(object.node.next)
            var isSorted = true
            while index < end {
                let name = name(at: index, storage, bytes)
                if let last = names.last, compare(last, name, storage, bytes) > 0 { isSorted = false }
                names.append(name)
                index = Int(storage.node(index + 1).next)
            }
            guard !isSorted else { return names }
            names.sort { first, second in
                let order = compare(first, second, storage, bytes)
                return order == 0 ? first.index < second.index : order < 0
            }
            return names
        }
    }

    private static func name(at index: Int, _ storage: JSONDocument.Storage, _ bytes: UnsafeRawBufferPointer) -> Name {
        guard !storage.node(index).hasEscapes else {
            let unescaped = JSONKey(storage: storage, index: index).unescaped
            return Name(index: index, unescaped: unescaped, head: unescaped.withUnsafeBytes(head))
        }
        return Name(index: index, unescaped: nil, head: head(of: text(of: storage.node(index), in: bytes)))
    }

    private static func text(of node: TapeNode, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1])
    }

    private static func head(of name: UnsafeRawBufferPointer) -> UInt64 {
        if name.count >= 8 { return UInt64(bigEndian: name.loadUnaligned(as: UInt64.self)) }
        return name.reduce(0) { $0 << 8 | UInt64($1) } << UInt64((8 - name.count) * 8)
    }

    /// Negative, zero or positive, by bytes.
    private static func compare(
        _ first: Name,
        _ second: Name,
        _ storage: JSONDocument.Storage,
        _ bytes: UnsafeRawBufferPointer
    ) -> Int {
        if first.head != second.head { return first.head < second.head ? -1 : 1 }
        return withBytes(of: first, storage, bytes) { left in
            withBytes(of: second, storage, bytes) { right in
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
        _ storage: JSONDocument.Storage,
        _ bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        if let unescaped = name.unescaped { return unescaped.withUnsafeBytes(body) }
        return body(text(of: storage.node(name.index), in: bytes))
    }
}
