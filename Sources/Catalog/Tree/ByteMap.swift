import Foundation

/// A map in the order of its keys' bytes, made to be copied: a copy shares all stretches but those that change.
///
/// Finding is a binary search; a change of a copy costs one stretch and the list of stretches, whatever else is in it.
struct ByteMap<Value: Sendable>: Sendable {
    /// A key and what it stands for.
    struct Entry: Sendable {
        let key: [UInt8]
        var value: Value
    }

    /// How many entries a stretch has at most; a full one is cut in two.
    private static var stretchLimit: Int { 128 }

    /// In order, none of them empty.
    private var stretches: [[Entry]] = []
    /// How many entries there are.
    private(set) var count = 0

    /// An empty map.
    init() {}

    /// The value of a key; nil for none, and to take it out.
    subscript(key: [UInt8]) -> Value? {
        get {
            let (place, isThere) = place(of: key)
            return isThere ? stretches[place.stretch][place.offset].value : nil
        }
        set {
            let (place, isThere) = place(of: key)
            switch (newValue, isThere) {
            case (let value?, true): stretches[place.stretch][place.offset].value = value
            case (let value?, false): insert(Entry(key: key, value: value), at: place)
            case (nil, true): remove(at: place)
            case (nil, false): break
            }
        }
    }

    /// All entries, by key.
    var entries: some Sequence<Entry> { stretches.joined() }

    /// All values, by key.
    var values: some Sequence<Value> { values(after: nil) }

    /// The values of the keys behind one, in order; all of them where none is given.
    func values(after key: [UInt8]?) -> some Sequence<Value> {
        var rest = stretches[...]
        var first: ArraySlice<Entry> = []
        if let key, !stretches.isEmpty {
            let (place, isThere) = place(of: key)
            rest = stretches[(place.stretch + 1)...]
            first = stretches[place.stretch].dropFirst(place.offset + (isThere ? 1 : 0))
        }
        return ([first] + rest.map { $0[...] }).lazy.joined().lazy.map(\.value)
    }

    // MARK: Places

    private struct Place {
        let stretch: Int
        let offset: Int
    }

    /// Where a key is, or belongs.
    private func place(of key: [UInt8]) -> (Place, isThere: Bool) {
        // The last stretch that begins at or before the key.
        let stretch = Swift.max(
            0,
            Self.firstIndex(in: stretches.count) { Self.precedes(key, stretches[$0][0].key) } - 1
        )
        guard stretch < stretches.count else { return (Place(stretch: 0, offset: 0), false) }
        let entries = stretches[stretch]
        let offset = Self.firstIndex(in: entries.count) { !Self.precedes(entries[$0].key, key) }
        let isThere = offset < entries.count && entries[offset].key == key
        return (Place(stretch: stretch, offset: offset), isThere)
    }

    /// The first of so many for which something holds that holds for all behind it.
    private static func firstIndex(in count: Int, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let order = left.withUnsafeBytes { left in
            right.withUnsafeBytes { right -> Int32 in
                guard let first = left.baseAddress, let second = right.baseAddress else { return 0 }
                return memcmp(first, second, min(left.count, right.count))
            }
        }
        return order == 0 ? left.count < right.count : order < 0
    }

    // MARK: Changes

    private mutating func insert(_ entry: Entry, at place: Place) {
        count += 1
        guard !stretches.isEmpty else {
            stretches = [[entry]]
            return
        }
        stretches[place.stretch].insert(entry, at: place.offset)
        let size = stretches[place.stretch].count
        guard size > Self.stretchLimit else { return }
        // What comes in order fills each stretch; what comes anywhere leaves both halves room.
        let cut = place.stretch == stretches.count - 1 && place.offset == size - 1 ? size - 1 : size / 2
        stretches.insert(Array(stretches[place.stretch][cut...]), at: place.stretch + 1)
        stretches[place.stretch].removeLast(size - cut)
    }

    private mutating func remove(at place: Place) {
        count -= 1
        stretches[place.stretch].remove(at: place.offset)
        if stretches[place.stretch].isEmpty { stretches.remove(at: place.stretch) }
    }
}
