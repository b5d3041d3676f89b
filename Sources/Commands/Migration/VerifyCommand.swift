import ArgumentParser
import DataMigration
import Diagnostics
import Domain
import Processes
import Settings

/// `cortex verify`: compares a tree and a database.
struct VerifyCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a tree with the database: files, records, ledger, rows, references.",
        discussion: """
            Reads the tree again, hashes the stored bytes, maps every record again and compares column by column. \
            Writes nothing, unless --repair brings back from the tree what differs. Exit status: 0 when all is equal, \
            after the repair if there was one; 2 with every difference named by file, record, table, key and column.
            """
    )

    @OptionGroup var global: GlobalOptions
    @Option(help: "The tree, or the redis:// URL that was imported.")
    var source: String?
    @Option(help: "The database: local, or a URL.")
    var target: String?
    @Option(help: "A mapping file instead of the shipped one.")
    var mapping: String?
    @Option(name: .customLong("max-record"), help: "The limit that the import was made with, such as 8MiB.")
    var maximumRecord: String?
    @Option(help: "How progress is shown: auto, plain or none.")
    var progress: ProgressMode = .auto
    @Flag(help: "The import was made with --accept-repairs.")
    var acceptRepairs = false
    @Flag(help: "Rows that programs changed or deleted after the cutover are no differences.")
    var ignoreChanged = false
    @Flag(help: "Bring back what differs from the tree; rows changed or deleted after the cutover stay.")
    var repair = false
    @Flag(help: "With --repair: rows changed or deleted after the cutover too.")
    var overwriteChanged = false

    func validate() throws {
        if overwriteChanged, !repair { throw ValidationError("--overwrite-changed belongs to --repair") }
    }

    var settingFlags: [SettingFlag] {
        [
            SettingFlag(.source, source), SettingFlag(.mapping, mapping),
            SettingFlag(.maximumRecordSize, maximumRecord),
        ]
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let source = try context.migrationSource()
        let mapping = try context.mapping()
        let selection = try context.target(target)
        return try await context.withTree(of: source) { root in
            let setup = MigrationSetup(source: root, mapping: mapping, context: context) { options in
                options.acceptRepairs = acceptRepairs
                options.overwriteChanged = overwriteChanged
            }
            let migration = setup.migration(progress: context.progress(progress))
            if repair { return try await self.repair(migration, setup: setup, selection: selection, in: context) }
            let report = try await context.withCurrentDatabase(selection) { session in
                try await migration.verify(session: session, toleratesChanges: ignoreChanged)
            }
            try context.output.result(report, text: Self.text(report))
            return report.passed ? .done : .differences
        }
    }

    private func repair(
        _ migration: Migration,
        setup: MigrationSetup,
        selection: TargetSelection,
        in context: CommandContext
    ) async throws -> ExitStatus {
        let facts = try await LockFile.withLock(at: context.home + "/run/migrate.lock", holder: "cortex verify") {
            try await context.withCurrentDatabase(selection) { session in
                try await migration.repair(session: session, facts: setup.newFacts(target: selection.name))
            }
        }
        let found = facts.before.checks.reduce(0) { $0 + $1.different }
        let done =
            found == 0
            ? "Nothing was to be repaired."
            : "\(found) differences found, \(facts.files) files read again, \(facts.rowsChanged) rows written."
        try context.output.result(facts, text: done + "\n" + Self.text(facts.after))
        return facts.after.passed ? .done : .differences
    }

    private static func text(_ report: VerificationReport) -> String {
        let checks = TextTable(
            ["check", "compared", "different", ""],
            report.checks.map { [$0.name, "\($0.compared)", "\($0.different)", $0.passed ? "ok" : "DIFFERENT"] }
        ).description
        guard !report.passed else { return checks + "\n" + "The tree and the database are equal." }
        let differences = TextTable(
            ["layer", "file", "record", "table", "key", "column", "expected", "actual"],
            report.differences.map {
                [
                    $0.layer, $0.path ?? "", $0.recordID ?? "", $0.table ?? "", $0.key ?? "", $0.column ?? "",
                    String(($0.expected ?? "").prefix(60)), String(($0.actual ?? "").prefix(60)),
                ]
            }
        ).description
        return checks + "\n" + differences
    }
}
