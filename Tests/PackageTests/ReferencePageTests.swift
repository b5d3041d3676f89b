import ArgumentParser
import Diagnostics
import Foundation
import Monitoring
import Reporting
import Settings
import Testing

@testable import Commands

@Suite("Reference pages")
struct ReferencePageTests {
    @Test("docs/errors.md has every error code with its exit status, HTTP status, log level, retry and meaning")
    func errors() throws {
        try check("docs/errors.md", table: ErrorCode.referenceTable)
    }

    @Test("docs/findings.md has every finding rule with its severity and meaning")
    func findings() throws {
        try check("docs/findings.md", table: FindingReference.table)
    }

    @Test("docs/configuration.md has every setting with its names, default and purpose")
    func configuration() throws {
        try check("docs/configuration.md", table: SettingsReference.table)
    }

    @Test("docs/metrics.md has every metric with its type, labels and meaning")
    func metrics() throws {
        try check("docs/metrics.md", table: MetricDefinition.referenceTable)
    }

    @Test("docs/commands.md has the help of every command, flag by flag")
    func commands() throws {
        try check("docs/commands.md", table: CommandReference.text)
    }

    @Test("every exit status is in docs/errors.md")
    func exitStatuses() throws {
        let page = try Repository.text("docs/errors.md")
        for status in ExitStatus.allCases { #expect(page.contains("\n| \(status.rawValue) | "), "\(status)") }
    }

    /// Compares what stands between the markers; `CORTEX_RECORD=1` writes it instead.
    private func check(_ path: String, table: String) throws {
        let page = try Repository.text(path)
        let start = try #require(page.firstRange(of: "<!-- table -->\n"))
        let end = try #require(page.firstRange(of: "<!-- end of table -->"))
        if ProcessInfo.processInfo.environment["CORTEX_RECORD"] == "1" {
            let text = page[..<start.upperBound] + table + page[end.lowerBound...]
            try Data(text.utf8).write(to: Repository.root.appending(path: path))
            return
        }
        let shown = page[start.upperBound..<end.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
        let current = table.split(separator: "\n", omittingEmptySubsequences: false)
        let difference = zip(shown, current).first { $0 != $1 }
        #expect(
            difference == nil && shown.count == current.count,
            "\(path) is not current; CORTEX_RECORD=1 writes it again"
        )
    }
}

/// The help of every command, as one text.
private enum CommandReference {
    static var text: String {
        section(RootCommand.self, path: ["cortex"])
    }

    private static func section(_ command: any ParsableCommand.Type, path: [String]) -> String {
        let help = RootCommand.helpMessage(for: command, includeHidden: false, columns: 100)
        let own = "## \(path.joined(separator: " "))\n\n```\n\(help)\n```\n\n"
        let groups = command.configuration.groupedSubcommands.flatMap(\.subcommands)
        let subcommands = command.configuration.ungroupedSubcommands + groups
        return own + subcommands.map { section($0, path: path + [name(of: $0)]) }.joined()
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? command._commandName
    }
}
