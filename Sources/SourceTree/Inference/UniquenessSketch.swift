/// Whether values repeat, told in bounded memory.
///
/// Hashes are kept until there are too many; then only those whose low bits are zero, one bit more each time. What is
/// kept is kept with all its repetitions, so that a sample of the *different* values is checked exactly.
struct UniquenessSketch: Sendable {
    /// Hashes that one sketch keeps.
    static let capacity = 1 << 18

    /// How many values were added.
    private(set) var total = 0
    /// A value that came twice; nil while none did.
    private(set) var repeated: String?
    private var seen: Set<UInt64> = []
    private var mask: UInt64 = 0

    /// Whether no value came twice among those that were kept; false for no value at all.
    var isUnique: Bool { total > 0 && repeated == nil }

    /// Whether every value was kept.
    var isExact: Bool { mask == 0 }

    /// How many hashes are kept.
    var size: Int { seen.count }

    /// Adds a value; `scope` keeps equal values of different scopes apart.
    mutating func add(_ value: String, scope: UInt64 = 0) {
        total += 1
        guard repeated == nil else { return }
        let hash = Self.mixed(NameHash.hash(value.utf8) &+ Self.mixed(scope))
        guard hash & mask == 0 else { return }
        guard seen.insert(hash).inserted else {
            repeated = value
            seen = []
            return
        }
        if seen.count > Self.capacity { halve() }
    }

    /// Keeps about half of what is kept.
    mutating func halve() {
        mask = mask << 1 | 1
        seen = seen.filter { [mask] in $0 & mask == 0 }
    }

    /// Forgets the values, not whether one came twice: for what must be unique within each file.
    mutating func startScope() {
        if !seen.isEmpty { seen.removeAll(keepingCapacity: seen.count <= 1_024) }
        mask = 0
    }

    /// Spreads a hash over all bits (the finaliser of SplitMix64).
    private static func mixed(_ hash: UInt64) -> UInt64 {
        var value = hash &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
