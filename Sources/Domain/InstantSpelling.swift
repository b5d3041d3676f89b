/// How a time is spelled: separator, digits of the second's fraction, zone.
///
/// A time that is written in the place of another one takes its spelling, so that a tree keeps the one of its seven
/// spellings that it has at that place.
public struct InstantSpelling: Sendable, Hashable {
    /// `T`, `t` or a blank.
    private var separator: UInt8 = UInt8(ascii: "T")
    private var hasSeconds = true
    private var fractionDigits = 0
    /// The zone as written: `Z`, `-0600`, `+02:00`, `+01`.
    private var zone = "Z"
    private var offsetSeconds = 0

    /// `2025-11-01T10:00:00Z`, with as many digits of a fraction as are needed.
    public init() {}

    /// The spelling of a text; the plain one where the text is no time with a zone.
    public init(of text: String) {
        switch SourceInstant(text) {
        case .exact, .inexact: break
        case .zoneless, .notATime: return
        }
        let bytes = Array(text.utf8)
        separator = bytes[10]
        var position = 16
        hasSeconds = bytes[position] == UInt8(ascii: ":")
        if hasSeconds {
            position += 3
            if bytes[position] == UInt8(ascii: ".") {
                fractionDigits = bytes[(position + 1)...].prefix { (48...57).contains($0) }.count
                position += 1 + fractionDigits
            }
        }
        zone = String(decoding: bytes[position...], as: UTF8.self)
        offsetSeconds = Self.offset(bytes[position...])
    }

    private static func offset(_ zone: ArraySlice<UInt8>) -> Int {
        let digits = zone.filter { (48...57).contains($0) }.map { Int($0) - 48 }
        guard digits.count >= 2 else { return 0 }
        let minutes = digits.count >= 4 ? digits[2] * 10 + digits[3] : 0
        let seconds = (digits[0] * 10 + digits[1]) * 3_600 + minutes * 60
        return zone.first == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// The text of an instant; nil outside of the years 1 to 9999.
    ///
    /// Digits of a fraction are added where the instant needs them, and seconds where there were none.
    public func text(microseconds: Int64) -> String? {
        let (local, overflows) = microseconds.addingReportingOverflow(Int64(offsetSeconds) * 1_000_000)
        guard !overflows else { return nil }
        let days = local.flooredQuotient(86_400_000_000)
        guard let date = Self.civil(days: Int(days)) else { return nil }
        let ofDay = local - days * 86_400_000_000
        let (seconds, fraction) = (ofDay / 1_000_000, Int(ofDay % 1_000_000))
        var text = "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
        text += String(UnicodeScalar(separator))
        text += "\(Self.padded(Int(seconds / 3_600), 2)):\(Self.padded(Int(seconds / 60 % 60), 2))"
        if hasSeconds || seconds % 60 != 0 || fraction != 0 {
            text += ":" + Self.padded(Int(seconds % 60), 2) + Self.fraction(fraction, digits: fractionDigits)
        }
        return text + zone
    }

    private static func fraction(_ microseconds: Int, digits wanted: Int) -> String {
        var digits = padded(microseconds, 6)
        while digits.utf8.count > wanted, digits.hasSuffix("0") { digits.removeLast() }
        while digits.utf8.count < wanted { digits += "0" }
        return digits.isEmpty ? "" : "." + digits
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// The date of a day since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int)? {
        guard (daysFromCivil(year: 1, month: 1, day: 1)...daysFromCivil(year: 9_999, month: 12, day: 31)).contains(days)
        else { return nil }
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    /// The quotient rounded down.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
