import ArgumentParser
import Diagnostics
import Reporting
import Settings
import SourceTree

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `cortex mapping infer`: drafts a mapping for a tree that no mapping knows.
struct MappingInferCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer",
        abstract: "Draft a mapping for a tree of JSON files that no mapping knows.",
        discussion: """
            Reads the tree, groups files that look alike, finds the records in them and what identifies them, and prints \
            a mapping in which every kind of record becomes rows of documents; comments say why. Writes nothing but --to \
            FILE. Equal trees give equal drafts. Exit status 65 when the tree holds no JSON.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("The tree (default: CORTEX_SOURCE).", valueName: "dir"))
    var source: String?

    @Option(help: ArgumentHelp("Write the mapping to this file instead of standard output.", valueName: "file"))
    var to: String?

    @Flag(help: "Overwrite the file.")
    var yes = false

    var settingFlags: [SettingFlag] { [SettingFlag(.source, source)] }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let source = try context.migrationSource()
        if let to, FileManager.default.fileExists(atPath: context.path(to)) {
            try context.confirm("Overwriting \(context.path(to))", yes: yes)
        }
        let draft = try await context.withTree(of: source) { root in
            let draft = try MappingInference(root: root, excluding: [context.home]).draft()
            guard !draft.rules.isEmpty else { throw Self.noJSON(draft, root: root) }
            return draft
        }
        for problem in draft.problems { context.output.warning(problem) }
        if let to { try Self.write(draft.yaml, to: context.path(to)) }
        context.output.note(Self.summary(draft))
        let text = to == nil ? draft.yaml : ""
        try context.output.result(MappingDraftReport(draft), text: text)
        return .done
    }

    private static func write(_ text: String, to path: String) throws(CommandError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandError(
                .cannotWrite,
                "cannot write \(path)",
                hint: "Check that the folder exists and may be written.",
                cause: error
            )
        }
    }

    private static func noJSON(_ draft: MappingDraft, root: SourceRoot) -> CommandError {
        let broken = draft.unmapped.prefix(10).map { "\(TreePath.text($0.path)) (\($0.reason))" }
        let named =
            broken.isEmpty
            ? "" : "; named as JSON: \(broken.joined(separator: ", "))\(draft.unmapped.count > 10 ? ", …" : "")"
        return CommandError(
            .sourceEmpty,
            "\(root.path) holds no file that can be read as JSON\(named)",
            hint: "Check the path given with --source."
        )
    }

    private static func summary(_ draft: MappingDraft) -> String {
        let kinds = Set(draft.rules.map(\.kind)).count
        let records = draft.rules.reduce(0) { $0 + $1.records }
        return "drafted \(Quantity.count(Set(draft.rules.map(\.name)).count, "rule")) for "
            + "\(Quantity.count(records, "record")) of \(Quantity.count(kinds, "kind")); "
            + "\(Quantity.count(draft.unmapped.count, "file")) named as JSON stay unmapped"
    }
}
