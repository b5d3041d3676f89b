import Catalog

/// The reports of discovery for people.
enum DiscoveryText {
    /// How many places of one kind are listed; JSON lists all.
    private static let listed = 20

    static func text(_ report: DiscoveryReport) -> String {
        let would = report.isDryRun ? "would be " : ""
        var lines = [
            "\(report.files) files, \(report.read) read: \(report.created) assets \(would)created, "
                + "\(report.updated) updated, \(report.moved) moved, \(report.removed) removed, "
                + "\(report.unchanged) unchanged."
        ]
        if report.skipped > 0 { lines.append("\(report.skipped) entries are left out by the rules.") }
        if !report.described.isEmpty {
            lines.append(
                "\(report.described.count) files have assets that discovery did not write; they were left alone."
            )
        }
        let kept = report.missing.filter { place in
            !report.changes.contains { $0.action == .removed && $0.id == place.id }
        }
        lines += list("missing, kept", kept.map { "\($0.id)  \($0.path)" })
        lines += list("unreadable", report.unreadable.map { "\($0.path)  (\($0.reason))" })
        lines += list("looks secret", report.secretLooking)
        lines += list("refused", report.failed.map { "\($0.id)  \($0.code): \($0.message)" })
        return lines.map { TerminalText.safe($0) }.joined(separator: "\n")
    }

    static func line(_ change: DiscoveryReport.Change) -> String {
        "\(change.action.rawValue)  \(change.id)  \(change.path)"
    }

    private static func list(_ title: String, _ places: [String]) -> [String] {
        places.prefix(listed).map { "\(title)  \($0)" }
            + (places.count > listed ? ["\(title)  and \(places.count - listed) more"] : [])
    }
}
