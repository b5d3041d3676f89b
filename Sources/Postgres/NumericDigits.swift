/// A decimal in the parts of PostgreSQL's `numeric`: groups of four digits, the first of weight 10000^weight.
///
/// Follows `numeric_in` in what it keeps: `1.50e1` has one decimal, `1.5e3` none.
struct NumericDigits {
    /// 0x0000 positive, 0x4000 negative, 0xC000 not a number.
    let sign: UInt16
    /// The digits in groups of four, without leading and trailing groups of zero.
    let groups: [UInt16]
    /// The power of 10000 of the first group.
    let weight: Int
    /// How many digits behind the point are shown.
    let decimals: Int

    init(_ text: String) throws(PostgresError) {
        if text == "NaN" {
            sign = 0xC000
            groups = []
            weight = 0
            decimals = 0
            return
        }
        guard let parts = Parts(text) else {
            throw PostgresError.misuse("a value for numeric is no decimal number")
        }
        let significant = parts.digits.drop { $0 == 0 }
        let pointAt = parts.integerDigits + parts.exponent - (parts.digits.count - significant.count)
        decimals = max(0, parts.digits.count - parts.integerDigits - parts.exponent)
        guard let last = significant.lastIndex(where: { $0 != 0 }) else {
            try Self.check(weight: 0, decimals: decimals)
            sign = 0
            groups = []
            weight = 0
            return
        }
        let digits = significant[...last]
        // The point falls between groups: pad in front up to a whole group.
        let wholeGroups = pointAt > 0 ? (pointAt + 3) / 4 : -(-pointAt / 4)
        weight = wholeGroups - 1
        try Self.check(weight: weight, decimals: decimals)
        groups = Self.grouped(digits, padding: wholeGroups * 4 - pointAt)
        sign = parts.isNegative ? 0x4000 : 0
    }

    private static func grouped(_ digits: ArraySlice<UInt8>, padding: Int) -> [UInt16] {
        var groups = [UInt16](repeating: 0, count: (padding + digits.count + 3) / 4)
        var position = padding
        for digit in digits {
            groups[position / 4] += UInt16(digit) * [1_000, 100, 10, 1][position % 4]
            position += 1
        }
        return groups
    }

    private static func check(weight: Int, decimals: Int) throws(PostgresError) {
        guard weight <= 0x7FFF, decimals <= 0x3FFF else {
            throw PostgresError.misuse(
                "a value for numeric is beyond its range (131,072 digits before and 16,383 behind the point)"
            )
        }
    }

    /// Sign, digits and exponent as written.
    private struct Parts {
        var isNegative = false
        var digits: [UInt8] = []
        var integerDigits = 0
        var exponent = 0

        init?(_ text: String) {
            var rest = Substring(text).utf8
            if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
                isNegative = first == UInt8(ascii: "-")
                rest = rest.dropFirst()
            }
            takeDigits(&rest)
            integerDigits = digits.count
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
                takeDigits(&rest)
            }
            guard !digits.isEmpty else { return nil }
            if let first = rest.first {
                guard first == UInt8(ascii: "e") || first == UInt8(ascii: "E") else { return nil }
                // Exponents beyond this are out of range for every number of digits; capped they stay so.
                guard let exponent = Self.exponent(rest.dropFirst()) else { return nil }
                self.exponent = exponent
            }
        }

        private mutating func takeDigits(_ rest: inout Substring.UTF8View) {
            while let byte = rest.first, (0x30...0x39).contains(byte) {
                digits.append(byte - 0x30)
                rest = rest.dropFirst()
            }
        }

        private static func exponent(_ text: Substring.UTF8View) -> Int? {
            var rest = text
            var isNegative = false
            if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
                isNegative = first == UInt8(ascii: "-")
                rest = rest.dropFirst()
            }
            guard !rest.isEmpty else { return nil }
            var value = 0
            for byte in rest {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = min(value * 10 + Int(byte - 0x30), 1 << 40)
            }
            return isNegative ? -value : value
        }
    }
}
