/// A JSON number as exact decimal text: never rounded, whatever its size.
struct DecimalText: Hashable, Sendable {
    let isNegative: Bool
    /// The digits from the first to the last that is not zero; empty for zero.
    let digits: [UInt8]
    /// The power of ten of the first digit.
    let exponent: DecimalExponent

    /// Reads the text of a valid number.
    init(_ text: ArraySlice<UInt8>) {
        var rest = text
        isNegative = rest.first == Ascii.minus
        if isNegative { rest.removeFirst() }
        let mantissa = rest.prefix { $0 | 0x20 != Ascii.e }
        let integer = mantissa.prefix { $0 != Ascii.dot }
        let all = integer + mantissa.dropFirst(integer.count + 1)
        let leadingZeros = all.prefix { $0 == Ascii.zero }.count
        let trailingZeros = all.dropFirst(leadingZeros).reversed().prefix { $0 == Ascii.zero }.count
        digits = Array(all.dropFirst(leadingZeros).dropLast(trailingZeros))
        let written = DecimalExponent(rest.dropFirst(mantissa.count + 1))
        exponent = written.adding(integer.count - 1 - leadingZeros)
    }

    /// Appends `-?d(.d+)?e<int>` without trailing zeros; zero is `0`.
    func appendCanonical(to output: inout [UInt8]) {
        guard let first = digits.first else { return output.append(Ascii.zero) }
        if isNegative { output.append(Ascii.minus) }
        output.append(first)
        if digits.count > 1 {
            output.append(Ascii.dot)
            output.append(contentsOf: digits.dropFirst())
        }
        output.append(Ascii.e)
        exponent.append(to: &output)
    }

    /// Appends the canonical form of the number in `text`; see the other method.
    static func appendCanonical(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        let digits = text.first == Ascii.minus ? text.dropFirst() : text
        // Most numbers are whole and short: no digit of them is moved.
        guard digits.count <= 18, digits.allSatisfy(\.isDigit), let first = digits.first, first != Ascii.zero else {
            return DecimalText(text).appendCanonical(to: &output)
        }
        if digits.count < text.count { output.append(Ascii.minus) }
        output.append(first)
        var end = digits.endIndex
        while digits[end - 1] == Ascii.zero { end -= 1 }
        if end > digits.startIndex + 1 {
            output.append(Ascii.dot)
            output.append(contentsOf: digits[(digits.startIndex + 1)..<end])
        }
        output.append(Ascii.e)
        if digits.count > 10 { output.append(Ascii.zero + 1) }
        output.append(Ascii.zero + UInt8((digits.count - 1) % 10))
    }

    /// The number when it is exactly a whole one that fits into 64 bits.
    var integer: Int64? {
        guard !digits.isEmpty else { return 0 }
        // 19 digits are enough for every Int64.
        guard case .small(let power) = exponent, power >= digits.count - 1, power <= 18 else { return nil }
        var value: Int64 = 0
        for place in 0...power {
            let digit = place < digits.count ? Int64(digits[place] - Ascii.zero) : 0
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, exceeds) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflows, !exceeds else { return nil }
            value = sum
        }
        return value
    }

    /// The number in `text` when it is exactly a whole one that fits into 64 bits.
    static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        let unsigned = text.first == Ascii.minus ? text.dropFirst() : text
        guard unsigned.count <= 18, unsigned.allSatisfy(\.isDigit) else { return DecimalText(text).integer }
        let value = unsigned.reduce(Int64(0)) { $0 * 10 + Int64($1 - Ascii.zero) }
        return unsigned.count == text.count ? value : -value
    }
}

/// The exponent of a decimal number: small ones are computed, huge ones stay digits.
enum DecimalExponent: Hashable, Sendable {
    /// Fits an `Int` with room to spare.
    case small(Int)
    /// More than 18 digits, without leading zeros.
    case large(isNegative: Bool, digits: [UInt8])

    /// Reads what stands behind `e`; nothing is 0.
    init(_ text: ArraySlice<UInt8>) {
        let isNegative = text.first == Ascii.minus
        let digits = text.drop { $0 == Ascii.minus || $0 == Ascii.plus }.drop { $0 == Ascii.zero }
        if digits.count > 18 {
            self = .large(isNegative: isNegative, digits: Array(digits))
        } else {
            let value = digits.reduce(0) { $0 * 10 + Int($1 - Ascii.zero) }
            self = .small(isNegative ? -value : value)
        }
    }

    /// The sum with a number that is at most the length of a text.
    func adding(_ amount: Int) -> DecimalExponent {
        switch self {
        case .small(let value): return .small(value + amount)
        case .large(let isNegative, var digits):
            // The magnitude grows when both have one sign; it is above 10^18, so it never changes sign.
            var carry = isNegative ? -amount : amount
            for place in digits.indices.reversed() where carry != 0 {
                let sum = Int(digits[place] - Ascii.zero) + carry
                let digit = ((sum % 10) + 10) % 10
                digits[place] = Ascii.zero + UInt8(digit)
                carry = (sum - digit) / 10
            }
            if carry > 0 { digits = Array(String(carry).utf8) + digits }
            let significant = digits.drop { $0 == Ascii.zero }
            return .large(isNegative: isNegative, digits: Array(significant))
        }
    }

    /// Appends the exponent in its shortest decimal form.
    func append(to output: inout [UInt8]) {
        switch self {
        case .small(let value): output.append(contentsOf: String(value).utf8)
        case .large(let isNegative, let digits):
            if isNegative { output.append(Ascii.minus) }
            output.append(contentsOf: digits)
        }
    }
}
