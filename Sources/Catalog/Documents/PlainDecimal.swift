/// A number as PostgreSQL's `numeric` writes it: digits and a point, no exponent, every digit kept.
struct PlainDecimal {
    /// The text.
    let text: String

    /// How far an exponent may move the point.
    private static let exponentLimit = 1_000

    /// Reads the text of a JSON number; nil for one whose exponent is too large.
    init?(_ number: some StringProtocol) {
        let parts = number.split(whereSeparator: { $0 == "e" || $0 == "E" })
        guard let mantissa = parts.first, let exponent = parts.count > 1 ? Int(parts[1]) : 0,
            abs(exponent) <= Self.exponentLimit
        else { return nil }
        let isNegative = mantissa.first == "-"
        let halves = mantissa.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = halves.first else { return nil }
        let fraction = halves.count > 1 ? String(halves[1]) : ""
        var digits = String(whole) + fraction
        var scale = fraction.count - exponent
        if scale < 0 {
            digits += String(repeating: "0", count: -scale)
            scale = 0
        }
        if digits.count <= scale { digits = String(repeating: "0", count: scale - digits.count + 1) + digits }
        let head = digits.dropLast(scale).drop { $0 == "0" }
        let tail = scale > 0 ? "." + digits.suffix(scale) : ""
        let isZero = !digits.contains { $0 != "0" }
        text = (isNegative && !isZero ? "-" : "") + (head.isEmpty ? "0" : String(head)) + tail
    }
}
