import ArgumentParser
import DataMigration
import Diagnostics
import LosslessJSON
import Settings
import SourceTree

/// `cortex export`: the database as a tree of files.
struct ExportCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the tree again, to a new directory, as the database has it now.",
        discussion: """
            Files whose rows did not change are written with the bytes that were imported, with mode and time. In the \
            others only the values that changed are replaced, in the file's own spelling and layout; deleted rows are taken \
            out, and rows that no file holds get a file of their own. Nothing is dropped silently: what cannot be written is \
            listed with its reason. The database is not changed. The directory must not exist or be empty. \
            docs/export.md has the rules.
            """
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: "The database: local, or a URL.")
    var target: String?
    @Option(help: "The mapping file that the tree was imported with, instead of the shipped one.")
    var mapping: String?
    @Option(name: .customLong("max-record"), help: "The limit that the import was made with, such as 8MiB.")
    var maximumRecord: String?
    @Option(name: .customLong("to"), help: "The directory to write.")
    var directory: String
    @Flag(help: "Write only the files that differ from what was imported; the result lists those that are gone.")
    var changedSinceCutover = false
    @Flag(help: "Write the bytes that were imported, whatever the database says now.")
    var originalBytes = false

    var settingFlags: [SettingFlag] {
        [SettingFlag(.mapping, mapping), SettingFlag(.maximumRecordSize, maximumRecord)]
    }

    func validate() throws {
        guard !(originalBytes && changedSinceCutover) else {
            throw ValidationError("--original-bytes and --changed-since-cutover exclude each other")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let extractor = try context.extractor()
        let facts = try await context.withCurrentDatabase(try context.target(target)) { session in
            let export = TreeExport(session: session)
            let directory = context.path(directory)
            guard !originalBytes else { return try await export.writeOriginalBytes(to: directory) }
            return try await export.writePresentState(
                to: directory,
                extractor: extractor,
                changedOnly: changedSinceCutover
            )
        }
        try context.output.result(facts, text: Self.text(facts))
        return .done
    }

    private static func text(_ facts: ExportFacts) -> String {
        var lines = ["\(facts.files) files, \(facts.entries) entries, \(facts.bytes) bytes"]
        lines += facts.patched.map { "changed: \($0)" }
        lines += facts.created.map { "new: \($0)" }
        lines += facts.removed.map { "gone: \($0)" }
        lines += facts.removedCopies.map { "older record taken out: \($0.path) (\($0.table) \($0.key))" }
        lines += facts.omitted.map { "not made: \($0.path) (\($0.reason))" }
        lines += facts.notExported.map { "not exported: \(name($0)) (\($0.reason))" }
        lines += facts.resurfacing.map { "comes back when imported: \(name($0)) (\($0.reason))" }
        return lines.joined(separator: "\n")
    }

    private static func name(_ item: ExportFacts.NotExported) -> String {
        "\(item.table)\(item.column.map { "." + $0 } ?? "") \(item.key)\(item.path.map { " in " + $0 } ?? "")"
    }
}

extension CommandContext {
    /// What maps records, with the mapping and the limit of the settings.
    fileprivate func extractor() throws -> RecordExtractor {
        var limits = ExtractionLimits()
        limits.json.maximumRecordBytes = settings[.maximumRecordSize].bytes
        return RecordExtractor(mapping: try mapping(), limits: limits)
    }
}
