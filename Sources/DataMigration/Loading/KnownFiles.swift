import Domain

/// The files that the database already holds whole, 16 bytes each, searched without a copy of the manifest in memory.
struct KnownFiles: Sendable {
    private var ids: [DeterministicID] = []

    /// Nothing is known.
    init() {}

    /// These ids, in any order.
    init(_ ids: [DeterministicID]) {
        self.ids = ids.sorted(by: Self.isLess)
    }

    /// Whether the file is known.
    func contains(_ id: DeterministicID) -> Bool {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if Self.isLess(ids[middle], id) { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }

    private static func isLess(_ left: DeterministicID, _ right: DeterministicID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
