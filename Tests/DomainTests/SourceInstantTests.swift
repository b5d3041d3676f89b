import Domain
import Foundation
import Testing

@Suite("Times as source files spell them")
struct SourceInstantTests {
    @Test(
        "an exact spelling gives the microsecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2025-11-01T12:30:45Z", 1_762_000_245_000_000),
            ("2025-11-01t12:30:45z", 1_762_000_245_000_000),
            ("2025-11-01 12:30:45Z", 1_762_000_245_000_000),
            ("2025-11-01T12:30Z", 1_762_000_200_000_000),
            ("2025-11-01T12:30:45+00:00", 1_762_000_245_000_000),
            ("2025-11-01T12:30:45-00:00", 1_762_000_245_000_000),
            ("2025-11-01T12:30:45-06:00", 1_762_021_845_000_000),
            ("2025-11-01T12:30:45-0600", 1_762_021_845_000_000),
            ("2025-11-01T12:30:45-06", 1_762_021_845_000_000),
            ("2025-11-01T12:30:45+05:30", 1_761_980_445_000_000),
            ("2025-11-01T12:30:45.5Z", 1_762_000_245_500_000),
            ("2025-11-01T12:30:45.123456Z", 1_762_000_245_123_456),
            ("2025-11-01T12:30:45.123456000Z", 1_762_000_245_123_456),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("2000-02-29T23:59:59Z", 951_868_799_000_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("1969-12-31T23:59:59.999999Z", -1),
        ] as [(String, Int64)]
    )
    func exact(text: String, microseconds: Int64) {
        #expect(SourceInstant(text) == .exact(microseconds: microseconds))
        #expect(SourceInstant(utf8: Array(text.utf8)[...]) == .exact(microseconds: microseconds))
    }

    @Test(
        "more than microseconds is cut and said, towards the past",
        arguments: [
            ("1970-01-01T00:00:00.1234567Z", 123_456), ("1970-01-01T00:00:00.000000001Z", 0),
            ("1969-12-31T23:59:59.9999999Z", -1),
        ] as [(String, Int64)]
    )
    func inexact(text: String, microseconds: Int64) {
        #expect(SourceInstant(text) == .inexact(microseconds: microseconds))
    }

    @Test(
        "a date, or a time without zone, is no instant",
        arguments: ["2025-11-01", "2025-11-01T12:30:45", "2025-11-01 12:30", "2025-11-01T12:30:45.123"]
    )
    func zoneless(text: String) {
        #expect(SourceInstant(text) == .zoneless)
    }

    @Test(
        "everything else is no time",
        arguments: [
            "", " ", "now", "null", "$(date -Iseconds)", "1762000245", "2025", "2025-11", "2025-11-1", "25-11-01",
            "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2025-04-31T00:00:00Z", "2025-11-00T00:00:00Z", "0000-01-01T00:00:00Z", "2025-11-01T24:00:00Z",
            "2025-11-01T12:60:00Z", "2025-11-01T12:30:60Z", "2025-11-01T12:30:45+16:00", "2025-11-01T12:30:45+05:60",
            "2025-11-01T12:30:45+5", "2025-11-01T12:30:45+05:", "2025-11-01T12:30:45.Z",
            "2025-11-01T12:30:45.1234567890Z",
            "2025-11-01T12Z", "2025-11-01Z", " 2025-11-01T12:30:45Z", "2025-11-01T12:30:45Z ", "2025-11-01T12:30:45ZZ",
            "2025-11-01  12:30:45Z", "+2025-11-01T12:30:45Z", "2025/11/01T12:30:45Z", "٢٠٢٥-11-01T12:30:45Z",
        ]
    )
    func notATime(text: String) {
        #expect(SourceInstant(text) == .notATime)
    }

    @Test("days agree with an independent calendar, over 4,000 random instants of the years 1600 to 9999")
    func agreesWithCalendar() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        var generator = SplitMix(state: 20_251_101)
        for _ in 0..<4_000 {
            let year = Int.random(in: 1_600...9_999, using: &generator)
            let month = Int.random(in: 1...12, using: &generator)
            let day = Int.random(in: 1...28, using: &generator)
            let second = Int.random(in: 0..<86_400, using: &generator)
            let parts = DateComponents(
                year: year,
                month: month,
                day: day,
                hour: second / 3_600,
                minute: second / 60 % 60,
                second: second % 60
            )
            let date = try #require(calendar.date(from: parts))
            let text =
                "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(padded(second / 3_600)):"
                + "\(padded(second / 60 % 60)):\(padded(second % 60))Z"
            let expected = Int64(date.timeIntervalSince1970.rounded()) * 1_000_000
            #expect(SourceInstant(text) == .exact(microseconds: expected), "\(text)")
        }
    }

    @Test("every day of 207 years follows the day before it by one")
    func everyDay() throws {
        var previous: Int64?
        for year in 1_899...2_105 {
            for month in 1...12 {
                for day in 1...31 {
                    guard case .exact(let now) = SourceInstant("\(year)-\(padded(month))-\(padded(day))T00:00:00Z")
                    else { continue }
                    if let previous { try #require(now - previous == 86_400_000_000, "\(year)-\(month)-\(day)") }
                    previous = now
                }
            }
        }
    }

    private func padded(_ number: Int, _ width: Int = 2) -> String {
        String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
    }
}

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"): the same numbers every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
