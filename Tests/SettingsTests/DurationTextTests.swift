import Settings
import Testing

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        "a duration is read with its units",
        arguments: [
            ("10s", 10_000_000), ("500ms", 500_000), ("1.5s", 1_500_000), ("2m", 120_000_000), ("2min", 120_000_000),
            ("1h30m", 5_400_000_000), ("1h 30m", 5_400_000_000), ("1d", 86_400_000_000), ("250us", 250), ("0s", 0),
            (" 3 s ", 3_000_000),
        ] as [(String, Int64)]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(Duration(settingText: text) == .microseconds(microseconds))
    }

    @Test(
        "a number without unit, a wrong order and other text are refused",
        arguments: ["", "10", "s", "-1s", "1s1s", "30m1h", "1.s", ".5s", "1x", "1e3s", "99999999999999d", "1..5s"]
    )
    func refuses(text: String) {
        #expect(Duration(settingText: text) == nil)
    }

    @Test(
        "the shown text reads back",
        arguments: [0, 1, 999, 1_000, 61_000_000, 5_400_000_000, 90_061_001_001] as [Int64]
    )
    func roundTrip(microseconds: Int64) {
        let duration = Duration.microseconds(microseconds)
        #expect(Duration(settingText: duration.settingText) == duration)
    }
}
