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
    @Option(help: "The tree: a project root with coordination/ and agents/, or the coordination folder itself.")
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
        let setup = try MigrationSetup(context: context) { options in
            options.dryRun = dryRun
            options.noCutover = noCutover
            options.acceptRepairs = acceptRepairs
            options.overwriteChanged = overwriteChanged
        }
        if !dryRun {
            try context.confirm("Move \(setup.source.path) into \(selection.name)", yes: yes)
        }
        return try await LockFile.withLock(at: context.home + "/run/migrate.lock", holder: "cortex migrate") {
            try await withTarget(selection) { endpoints in
                try await migrate(setup, to: endpoints, selection: selection, context: context)
            }
        }
    }

    /// The target, started where it is local; a dry run without a local database works on a scratch server.
    private func withTarget<Result>(
        _ selection: TargetSelection,
        _ body: (TargetEndpoints) async throws -> Result
    ) async throws -> Result {
        if dryRun && selection.isLocal, try await selection.target.status().postgres.state != .running {
            return try await withScratchPostgres { url in
                try await body(TargetEndpoints(postgresURL: url, superuserURL: url, redisURL: nil))
            }
        }
        return try await body(try await selection.target.up())
    }

    private func migrate(
        _ setup: MigrationSetup,
        to endpoints: TargetEndpoints,
        selection: TargetSelection,
        context: CommandContext
    ) async throws -> ExitStatus {
        let initial = RunFacts(
            runID: Self.makeRunID(),
            dryRun: dryRun,
            source: setup.source.path,
            target: selection.name,
            toolVersion: CortexTool.version,
            startedAt: Date.now.formatted(.iso8601)
        )
        let migration = setup.migration(progress: context.progress(progress))
        let configuration = try context.postgresConfiguration(endpoints.postgresURL)
        let facts = try await PostgresClient.withClient(configuration, maximumSessions: 2) { client in
            if dryRun && selection.isLocal || !dryRun {
                try await SchemaMigrator(client: client).ensureCurrent()
            }
            return try await migration.run(client: client, facts: initial)
        }
        if !dryRun { try await selection.target.finishSchema() }
        let report = MigrationReport(facts: facts)
        let path = try report.write(toDirectory: context.runsDirectory + "/" + facts.runID)
        try context.output.result(report.summary(reportPath: path), text: report.text)
        return switch facts.status {
        case .quarantineExceeded: .badData
        case .completed, .dryRun: facts.verification?.passed == false ? .differences : .done
        default: .differences
        }
    }

    /// Sorts by time and is unique: the time to the second and four random letters.
    private static func makeRunID() -> String {
        let time = Date.now.formatted(
            .verbatim(
                "\(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)-\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)",
                timeZone: .gmt,
                calendar: Calendar(identifier: .gregorian)
            )
        )
        let suffix = (0..<4).map { _ in "abcdefghijkmnpqrstuvwxyz".randomElement() ?? "x" }
        return time + "-" + String(suffix)
    }
}
