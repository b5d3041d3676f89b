/// A small random generator whose sequence is fixed by its seed on every machine.
///
/// Algorithm: SplitMix64 of Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in `0..<bound`; the tiny bias of the remainder does not matter here.
    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// Whether something with a chance of one in `odds` happens.
    mutating func oneIn(_ odds: Int) -> Bool {
        below(odds) == 0
    }

    /// One of the elements.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// Upper-case hexadecimal digits.
    mutating func hex(_ digits: Int) -> String {
        let text = String(next(), radix: 16, uppercase: true)
        return String((String(repeating: "0", count: 16) + text).suffix(digits))
    }
}
