/// Names by number, and numbers by name: such as the slots of the top-level members that a shape reads.
struct NumberedNames: Sendable {
    /// How many there are.
    var count: Int { names.count }
    /// The names, one behind the other.
    private var text: [UInt8] = []
    private var names: [Name] = []
    /// An open hash table of numbers, -1 where there is none; its size is a power of two, at least twice the names.
    ///
    /// A `Dictionary` would hash the hash again, for every member of every record.
    private var table: [Int32] = [-1, -1]

    private struct Name {
        let hash: UInt64
        let start: Int
        let count: Int
    }

    /// The number of a name, which is added where it is new.
    mutating func add(_ name: String) -> Int {
        var name = name
        return name.withUTF8 { bytes in
            if let number = number(of: bytes) { return number }
            names.append(Name(hash: NameHash.words(bytes), start: text.count, count: bytes.count))
            text.append(contentsOf: bytes)
            if count * 2 > table.count { table = Array(repeating: -1, count: table.count * 2) }
            // Anew, because the table may have grown.
            for place in table.indices { table[place] = -1 }
            for number in names.indices { table[place(of: names[number].hash) { _ in false }] = Int32(number) }
            return count - 1
        }
    }

    /// The number of a name.
    func number(of name: String) -> Int? {
        var name = name
        return name.withUTF8 { number(of: $0) }
    }

    /// The names in the order of their numbers.
    var all: [String] { names.map { String(decoding: text[$0.start..<$0.start + $0.count], as: UTF8.self) } }

    /// The number of a name from its bytes.
    @inline(__always)
    func number(of name: UnsafeBufferPointer<UInt8>) -> Int? {
        let hash = NameHash.words(name)
        let number = table[place(of: hash) { names[$0].hash == hash && isName(names[$0], name) }]
        return number < 0 ? nil : Int(number)
    }

    private func isName(_ known: Name, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { text in
            ByteMarks.areEqual(UnsafeBufferPointer(rebasing: text[known.start..<known.start + known.count]), name)
        }
    }

    /// The first place for a hash that is free, or whose number is the one that is looked for.
    private func place(of hash: UInt64, _ isWanted: (Int) -> Bool) -> Int {
        let mask = table.count - 1
        var place = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while table[place] >= 0, !isWanted(Int(table[place])) { place = (place + 1) & mask }
        return place
    }

    /// The bit of a number in a mask; numbers beyond the 63rd share the last one.
    @inline(__always)
    static func bit(_ number: Int) -> UInt64 {
        1 << UInt64(min(number, 63))
    }
}
