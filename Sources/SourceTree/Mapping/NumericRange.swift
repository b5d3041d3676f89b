/// What PostgreSQL's `numeric` holds: 131,072 digits before the point and 16,383 after it.
enum NumericRange {
    private static let digitsBefore = 131_072
    private static let digitsAfter = 16_383

    /// Whether `numeric` (and so `jsonb`) holds a JSON number.
    static func holds(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = Parts(text)
        guard let exponent = parts.exponent else { return parts.isZeroMantissa && parts.exponentIsShort }
        let before = max(0, parts.significantBefore + exponent)
        let after = max(0, parts.after - exponent)
        return before <= digitsBefore && after <= digitsAfter
    }

    /// Whether `numeric` gives the very spelling back: digits and a point, no exponent, no negative zero.
    static func keepsSpelling(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }) else {
            return false
        }
        return text.first != UInt8(ascii: "-") || text.contains { (49...57).contains($0) }
    }

    private struct Parts {
        /// Digits before the point, leading zeros not counted; for `0.00x` minus the zeros behind the point.
        var significantBefore = 0
        var after = 0
        /// Nil where it has more than nine digits.
        var exponent: Int? = 0
        var isZeroMantissa = true
        var exponentIsShort = true

        init(_ text: ArraySlice<UInt8>) {
            let mark = text.firstIndex { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") } ?? text.endIndex
            var isBehindPoint = false
            for byte in text[..<mark] {
                if byte == UInt8(ascii: ".") { isBehindPoint = true }
                guard (48...57).contains(byte) else { continue }
                if byte != 48 { isZeroMantissa = false }
                if isBehindPoint {
                    after += 1
                    if isZeroMantissa { significantBefore -= 1 }
                } else if !isZeroMantissa {
                    significantBefore += 1
                }
            }
            guard mark < text.endIndex else { return }
            let digits = text[text.index(after: mark)...].filter { (48...57).contains($0) }.drop { $0 == 48 }
            let isNegative = text[text.index(after: mark)...].first == UInt8(ascii: "-")
            guard digits.count <= 9 else {
                exponent = nil
                exponentIsShort = false
                return
            }
            let value = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
            exponent = isNegative ? -value : value
        }
    }
}
