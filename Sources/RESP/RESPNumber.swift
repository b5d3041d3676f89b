/// The numbers of the protocol, read from their text without allocating where it can be helped.
enum RESPNumber {
    /// `[+-]digits` that fit; nil for everything else.
    static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        var digits = text
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        guard !digits.isEmpty else { return nil }
        var result: Int64 = 0
        for byte in digits {
            guard isDigit(byte) else { return nil }
            // Counted downwards, so that the smallest number fits too.
            let (tens, overflow) = result.multipliedReportingOverflow(by: 10)
            let (next, overflow2) = tens.subtractingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
            guard !overflow, !overflow2 else { return nil }
            result = next
        }
        if isNegative { return result }
        return result == .min ? nil : -result
    }

    /// A decimal number, `inf`, `-inf` or `nan`; nil for everything else, hexadecimal numbers included.
    static func double(_ text: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: text, as: UTF8.self) {
        case "inf", "+inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        case let digits:
            guard text.allSatisfy({ isDigit($0) || "+-.eE".utf8.contains($0) }) else { return nil }
            return Double(digits)
        }
    }

    /// Whether the text is `[+-]digits` of any length.
    static func isBigNumber(_ text: ArraySlice<UInt8>) -> Bool {
        let digits = text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+") ? text.dropFirst() : text
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
