extension Duration {
    /// Reads a duration as people write it: `10s`, `500ms`, `1.5s`, `2m`, `1h30m`, `1 d`; nil when it is none.
    ///
    /// Units are `us`, `ms`, `s`, `m` or `min`, `h`, `d`, each at most once and from large to small; a number without
    /// unit is refused, because it would be a guess. The sum has to fit 100 years.
    public init?(settingText text: String) {
        var rest = text.trimmingSpaces[...]
        guard !rest.isEmpty else { return nil }
        var microseconds = 0.0
        var lastFactor = Double.infinity
        while !rest.isEmpty {
            let digits = rest.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
            guard let first = digits.first, first != ".", digits.last != ".", let number = Double(digits) else {
                return nil
            }
            rest = rest.dropFirst(digits.count).trimmingSpaces[...]
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            guard let factor = Self.microsecondFactors[String(unit)], factor < lastFactor else { return nil }
            rest = rest.dropFirst(unit.count).trimmingSpaces[...]
            microseconds += number * factor
            lastFactor = factor
        }
        guard microseconds <= 100 * 365 * 86_400e6 else { return nil }
        self = .microseconds(Int64(microseconds.rounded()))
    }

    private static let microsecondFactors: [String: Double] = [
        "us": 1, "ms": 1e3, "s": 1e6, "m": 60e6, "min": 60e6, "h": 3_600e6, "d": 86_400e6,
    ]

    /// The shortest exact spelling of whole microseconds that `init(settingText:)` reads back: `10s`, `1h30m`, `250ms`.
    public var settingText: String {
        let (seconds, attoseconds) = components
        var rest = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        let units: [(String, Int64)] = [
            ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
        ]
        for (unit, factor) in units where rest >= factor {
            text += "\(rest / factor)\(unit)"
            rest %= factor
        }
        return text
    }
}
