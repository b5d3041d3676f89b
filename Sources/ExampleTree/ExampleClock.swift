/// Times as coordination trees spell them: the seven spellings, from one instant on.
struct ExampleClock {
    /// How a time is written.
    enum Spelling: CaseIterable {
        /// `2025-11-16T11:26:10-0600`, the commonest.
        case offsetWithoutColon
        /// `2025-11-16T17:26:10Z`.
        case zulu
        /// `2025-11-16T11:26:10-06:00`.
        case offset
        /// `2025-11-16T17:26:10.542Z`.
        case milliseconds
        /// `2025-11-16T17:26:10.542318Z`.
        case microseconds
        /// `2025-11-16T11:26:10`, which could be any zone.
        case zoneless
        /// `2025-11-16T17:26:10+0000`.
        case zeroOffset
    }

    /// Seconds since 1970 of 2025-10-31T18:35:00Z.
    static let start = 1_761_935_700

    /// The time that many seconds after the start.
    static func text(_ seconds: Int, _ spelling: Spelling) -> String {
        switch spelling {
        case .offsetWithoutColon: local(seconds) + "-0600"
        case .zulu: universal(seconds) + "Z"
        case .offset: local(seconds) + "-06:00"
        case .milliseconds: universal(seconds) + "." + digits(seconds % 1_000, 3) + "Z"
        case .microseconds: universal(seconds) + "." + digits(seconds * 7_919 % 1_000_000, 6) + "Z"
        case .zoneless: local(seconds)
        case .zeroOffset: universal(seconds) + "+0000"
        }
    }

    /// The spelling of a queue's times: mostly the first three, as in real trees.
    static func spelling(_ random: inout SplitMix64) -> Spelling {
        switch random.below(100) {
        case ..<55: .offsetWithoutColon
        case ..<80: .zulu
        case ..<95: .offset
        case ..<97: .milliseconds
        case ..<99: .microseconds
        default: .zeroOffset
        }
    }

    private static func universal(_ seconds: Int) -> String {
        civil(start + seconds)
    }

    private static func local(_ seconds: Int) -> String {
        civil(start + seconds - 6 * 3_600)
    }

    /// Date and time of day (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"), years after 1970 only.
    private static func civil(_ time: Int) -> String {
        let shifted = time / 86_400 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let second = time % 86_400
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { digits($0, 2) }.joined(separator: ":")
        return "\(year)-\(digits(month, 2))-\(digits(day, 2))T\(clock)"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
