import Domain
import Testing

@Suite("Times written like others")
struct InstantSpellingTests {
    @Test(
        "separator, digits and zone are kept, and what the instant needs is added",
        arguments: [
            ("2025-11-01T12:30:45Z", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
            ("2025-11-01T12:30:45-0600", "2024-02-29T23:59:59Z", "2024-02-29T17:59:59-0600"),
            ("2025-11-01 12:30:45+05:30", "2024-02-29T23:59:59Z", "2024-03-01 05:29:59+05:30"),
            ("2025-11-01t12:30:45.000z", "2024-02-29T23:59:59Z", "2024-02-29t23:59:59.000z"),
            ("2025-11-01T12:30:45.000Z", "2024-02-29T23:59:59.123456Z", "2024-02-29T23:59:59.123456Z"),
            ("2025-11-01T12:30:45.123456789Z", "2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500000000Z"),
            ("2025-11-01T12:30Z", "2024-02-29T23:59:00Z", "2024-02-29T23:59Z"),
            ("2025-11-01T12:30Z", "2024-02-29T23:59:01Z", "2024-02-29T23:59:01Z"),
            ("2025-11-01T12:30:45-06", "1969-12-31T23:59:59.5Z", "1969-12-31T17:59:59.5-06"),
            ("soon", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2025-11-01", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ]
    )
    func spelling(model: String, instant: String, expected: String) throws {
        guard case .exact(let microseconds) = SourceInstant(instant) else {
            Issue.record("\(instant)")
            return
        }
        #expect(InstantSpelling(of: model).text(microseconds: microseconds) == expected)
    }

    @Test(
        "every instant is read again as itself",
        arguments: ["2025-11-01T12:30:45Z", "2025-11-01 12:30:45.12+0545", "2025-11-01T12:30-11:30"]
    )
    func again(model: String) throws {
        let spelling = InstantSpelling(of: model)
        for number in -2_000...2_000 {
            let microseconds = Int64(number) * 29_000_000_123_457
            let text = try #require(spelling.text(microseconds: microseconds))
            #expect(SourceInstant(text) == .exact(microseconds: microseconds), "\(text)")
        }
    }

    @Test("outside of the years 1 to 9999 there is no text", arguments: [Int64.min, .max, 253_402_300_800_000_000])
    func outside(microseconds: Int64) {
        #expect(InstantSpelling(of: "").text(microseconds: microseconds) == nil)
    }
}
