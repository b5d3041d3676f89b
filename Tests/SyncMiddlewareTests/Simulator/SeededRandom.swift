import TestSupport

/// Choices whose sequence is fixed by a seed on every machine.
struct SeededRandom {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> UInt64 { generator.next() }

    /// A number in `0..<bound`.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next() >> 33) % bound
    }

    /// Whether something with a chance of one in `odds` happens.
    mutating func oneIn(_ odds: Int) -> Bool {
        below(odds) == 0
    }
}
