import ArgumentParser
import DataMigration
import Diagnostics
import Domain
import EmbeddedServers
import Foundation
import Postgres
import Processes
import Reporting
import RuntimeTargets
import SchemaMigration
import Settings
import SourceTree

/// `cortex migrate`: moves a tree into PostgreSQL, verifies it and cuts over.
struct MigrateCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Move a tree of JSON files into PostgreSQL, verify it, and cut over.",
        discussion: """
            Reads every file without changing one, keeps every byte, resolves conflicts, and compares the result with \
            the tree five ways. Killed or interrupted, it goes on where it stopped when it is started again; over an \
            unchanged tree it writes nothing. Exit status: 0 verified; 2 differences were found; 65 more records were \
            quarantined than allowed; 75 interrupted.
            """
    )

    @OptionGroup var global: GlobalOptions
    @Option(
        help:
            "The tree: a project root with coordination/ and agents/, or the coordination folder itself; or redis://… for the catalog in a Redis."
    )
    var source: String?
    @Option(help: "Where to: local, or the URL of a PostgreSQL that is already there.")
    var target: String?
    @Option(help: "A mapping file instead of the shipped one.")
    var mapping: String?
    @Option(name: .customLong("max-record"), help: "Quarantine larger records, such as 8MiB.")
    var maximumRecord: String?
    @Option(name: .customLong("max-quarantined"), help: "Stop with status 65 when more records are quarantined.")
    var maximumQuarantined: String?
    @Option(help: "How progress is shown: auto, plain or none.")
    var progress: ProgressMode = .auto
    @Flag(help: "Do everything and keep nothing.")
    var dryRun = false
    @Flag(help: "Leave the mode as it is after a verified import.")
    var noCutover = false
    @Flag(help: "Read records of broken files through mechanical repairs; stored bytes never change.")
    var acceptRepairs = false
    @Flag(help: "Overwrite rows that were changed or deleted after the cutover.")
    var overwriteChanged = false
    @Flag(help: "Do not ask.")
    var yes = false

    var settingFlags: [SettingFlag] {
        [
            SettingFlag(.source, source), SettingFlag(.mapping, mapping),
            SettingFlag(.maximumRecordSize, maximumRecord), SettingFlag(.maximumQuarantined, maximumQuarantined),
        ]
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let selection = try context.target(target)
        let source = try context.migrationSource()
        let mapping = try context.mapping()
        if !dryRun {
            try context.confirm("Move \(source.label) into \(selection.name)", yes: yes)
        }
        return try await LockFile.withLock(at: context.home + "/run/migrate.lock", holder: "cortex migrate") {
            let facts = try await context.withTree(of: source) { root in
                let setup = MigrationSetup(source: root, mapping: mapping, context: context) { options in
                    configure(&options)
                    if !dryRun { options.secondSession = { try await context.withRunningDatabase(selection, $0) } }
                }
                return try await withSession(selection, context: context) { session in
                    try await setup.migration(progress: context.progress(progress))
                        .run(session: session, facts: setup.newFacts(target: selection.name))
                }
            }
            let report = MigrationReport(facts: facts)
            let path = try report.write(toDirectory: context.runsDirectory + "/" + facts.runID)
            try context.output.result(report.summary(reportPath: path), text: report.text)
            return Self.exitStatus(facts)
        }
    }

    private func configure(_ options: inout MigrationOptions) {
        options.dryRun = dryRun
        options.noCutover = noCutover
        options.acceptRepairs = acceptRepairs
        options.overwriteChanged = overwriteChanged
    }

    /// A session of the target, started and with the schema of this program.
    ///
    /// A dry run starts and changes nothing: where there is no database with the schema it works on a scratch server.
    private func withSession<R>(
        _ selection: TargetSelection,
        context: CommandContext,
        _ body: (PostgresSession) async throws -> R
    ) async throws -> R {
        if dryRun {
            if try await hasSchema(selection, context: context) {
                return try await context.withCurrentDatabase(selection, body)
            }
            return try await withScratchPostgres { url in
                try await PostgresClient.withClient(context.postgresConfiguration(url), maximumSessions: 1) { client in
                    try await client.withSession { session in
                        try await SchemaMigrator.ensureCurrent(session)
                        return try await body(session)
                    }
                }
            }
        }
        for note in try await selection.target.up().notes { context.output.note(note) }
        return try await context.withRunningDatabase(selection) { session in
            try await context.bringSchemaUp(selection, session: session)
            return try await body(session)
        }
    }

    private func hasSchema(_ selection: TargetSelection, context: CommandContext) async throws -> Bool {
        guard try await selection.connectionURL() != nil else { return false }
        return try await context.withRunningDatabase(selection) { session in
            let status = try await SchemaMigrator(session: session).status()
            if let problem = status.problem { throw problem }
            return status.state == .current
        }
    }

    private static func exitStatus(_ facts: RunFacts) -> ExitStatus {
        switch facts.status {
        case .completed, .dryRun: facts.verification?.passed == false ? .differences : .done
        case .quarantineExceeded: .badData
        case .interrupted: .interrupted
        case .failed: .differences
        case .running, .rolledBack: .failed
        }
    }
}
