import ArgumentParser
import Diagnostics
import Settings
import SourceTree

/// `cortex mapping check`: validates a mapping and shows which rule takes which file of a tree.
struct MappingCheckCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a mapping and show which rule takes which file.",
        discussion:
            "Reads names only, and the lists of members of compressed files. Exit status 65 when the mapping does not validate."
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("The tree (default: CORTEX_SOURCE).", valueName: "dir"))
    var source: String?

    @Option(help: ArgumentHelp("A mapping instead of the built-in one.", valueName: "file"))
    var mapping: String?

    @Flag(help: "List every file with its rule.")
    var files = false

    var settingFlags: [SettingFlag] { [SettingFlag(.source, source), SettingFlag(.mapping, mapping)] }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let source = try context.migrationSource()
        let mapping = try context.mapping()
        let survey = try await context.withTree(of: source) { root in
            var survey = MappingSurvey(root: root, check: MappingCheck(mapping: mapping))
            try survey.walk(excluding: context.home)
            return survey
        }
        for warning in survey.warnings { context.output.warning(warning) }
        let report = MappingReport(mapping: mapping.name, check: survey.check)
        try context.output.result(report, text: report.text(listsFiles: files))
        return .done
    }
}
