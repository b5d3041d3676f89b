/// Numbers as people read them, the same on every machine.
public enum Quantity: Sendable {
    /// Thousands separated by commas: `1,234,567`.
    public static func count(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// A count with its noun, the noun in the plural except for 1: `1 file`, `3 files`.
    public static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// Bytes in binary units, one decimal from 1 KiB on: `512 B`, `1.5 MiB`.
    public static func bytes(_ number: Int) -> String {
        guard number >= 1_024 else { return "\(number) B" }
        var value = Double(number)
        var unit = "B"
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1_024 {
            value /= 1_024
            unit = larger
        }
        return "\(fixed(value, decimals: 1)) \(unit)"
    }

    /// A duration: `0.012 s`, `4.2 s`, `3 min 05 s`, `2 h 03 min`.
    public static func seconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "–" }
        if seconds < 1 { return "\(fixed(seconds, decimals: 3)) s" }
        if seconds < 60 { return "\(fixed(seconds, decimals: 1)) s" }
        let whole = Int(seconds.rounded())
        if whole < 3_600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        return "\(whole / 3_600) h \(padded(whole % 3_600 / 60)) min"
    }

    /// A rate: `1,234/s`, or a dash where nothing was counted or no time passed.
    public static func rate(_ number: Int, over seconds: Double) -> String {
        guard number > 0, seconds > 0 else { return "–" }
        return "\(count(Int((Double(number) / seconds).rounded())))/s"
    }

    /// A byte rate: `12.5 MiB/s`, or a dash.
    public static func byteRate(_ number: Int, over seconds: Double) -> String {
        guard number > 0, seconds > 0 else { return "–" }
        return "\(bytes(Int(Double(number) / seconds)))/s"
    }

    private static func fixed(_ value: Double, decimals: Int) -> String {
        let factor = decimals == 3 ? 1_000 : 10
        let scaled = Int((value * Double(factor)).rounded())
        let digits = String(scaled % factor)
        return "\(scaled / factor)." + String(repeating: "0", count: decimals - digits.count) + digits
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
