/// A time as source files spell it, read without guessing.
///
/// Accepted as exact: RFC 3339 and its relatives with offset `Z`, `±hh:mm`, `±hhmm`, `±hh`, with `T` or one space,
/// with up to nine fractional digits (cut to microseconds only when the rest is zero, else `inexact`).
/// Everything else is either zoneless (a date and time that could be any of 27 hours) or no time at all.
public enum SourceInstant: Sendable, Equatable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    case exact(microseconds: Int64)
    /// Date and time without zone, or a date alone.
    case zoneless
    /// More than microsecond precision: cut to microseconds, the raw text must be kept.
    case inexact(microseconds: Int64)
    /// Not a time.
    case notATime

    /// Reads a text.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { InstantScanner.scan($0) }
    }

    /// Reads a text as its UTF-8 bytes.
    public init(utf8 text: ArraySlice<UInt8>) {
        self = text.withUnsafeBufferPointer { InstantScanner.scan($0) }
    }

    /// Reads a text as its UTF-8 bytes.
    public init(utf8 text: UnsafeBufferPointer<UInt8>) {
        self = InstantScanner.scan(text)
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
func daysFromCivil(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

private struct InstantScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    static func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> SourceInstant {
        var scanner = InstantScanner(bytes: bytes)
        return scanner.scan()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func scan() -> SourceInstant {
        guard let days = scanDate() else { return .notATime }
        if position == bytes.count { return .zoneless }
        guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: " ")) else { return .notATime }
        guard let hour = pair(), hour < 24, take(UInt8(ascii: ":")), let minute = pair(), minute < 60 else {
            return .notATime
        }
        var second = 0
        var fraction: (microseconds: Int, isExact: Bool) = (0, true)
        if take(UInt8(ascii: ":")) {
            guard let value = pair(), value < 60 else { return .notATime }
            second = value
            if take(UInt8(ascii: ".")) {
                guard let value = scanFraction() else { return .notATime }
                fraction = value
            }
        }
        if position == bytes.count { return .zoneless }
        guard let offset = scanOffset(), position == bytes.count else { return .notATime }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let microseconds = Int64(seconds) * 1_000_000 + Int64(fraction.microseconds)
        return fraction.isExact ? .exact(microseconds: microseconds) : .inexact(microseconds: microseconds)
    }

    private mutating func scanDate() -> Int? {
        guard let century = pair(), let yearOfCentury = pair(), century + yearOfCentury > 0 else { return nil }
        guard take(UInt8(ascii: "-")), let month = pair(), (1...12).contains(month) else { return nil }
        guard take(UInt8(ascii: "-")), let day = pair(), day >= 1 else { return nil }
        let year = century * 100 + yearOfCentury
        guard day <= Self.days(in: month, of: year) else { return nil }
        return daysFromCivil(year: year, month: month, day: day)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private mutating func scanFraction() -> (microseconds: Int, isExact: Bool)? {
        var value = 0
        var digits = 0
        var isExact = true
        while position < bytes.count, let digit = digit(bytes[position]) {
            if digits < 6 { value = value * 10 + digit } else if digit != 0 { isExact = false }
            digits += 1
            position += 1
        }
        guard (1...9).contains(digits) else { return nil }
        for _ in 0..<max(0, 6 - digits) { value *= 10 }
        return (value, isExact)
    }

    /// Offset in seconds east of UTC.
    private mutating func scanOffset() -> Int? {
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
        let sign: Int
        if take(UInt8(ascii: "+")) { sign = 1 } else if take(UInt8(ascii: "-")) { sign = -1 } else { return nil }
        guard let hours = pair(), hours < 16 else { return nil }
        if position == bytes.count { return sign * hours * 3_600 }
        _ = take(UInt8(ascii: ":"))
        guard let minutes = pair(), minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    private func digit(_ byte: UInt8) -> Int? {
        (48...57).contains(byte) ? Int(byte) - 48 : nil
    }

    /// The next two digits as a number.
    @inline(__always)
    private mutating func pair() -> Int? {
        guard position + 2 <= bytes.count else { return nil }
        let (tens, ones) = (bytes[position] &- UInt8(ascii: "0"), bytes[position + 1] &- UInt8(ascii: "0"))
        guard tens <= 9, ones <= 9 else { return nil }
        position += 2
        return Int(tens) * 10 + Int(ones)
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }
}
