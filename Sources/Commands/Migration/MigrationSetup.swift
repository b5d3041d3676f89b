import DataMigration
import Diagnostics
import Domain
import Foundation
import Postgres
import SchemaMigration
import Settings
import SourceTree

/// What the commands that read a tree have in common: the tree, the mapping and the options.
struct MigrationSetup: Sendable {
    let source: SourceRoot
    let mapping: Mapping
    let options: MigrationOptions

    /// Takes a tree, and the rest from a context's settings.
    init(
        source: SourceRoot,
        mapping: Mapping,
        context: CommandContext,
        configure: (inout MigrationOptions) -> Void = { _ in }
    ) {
        self.source = source
        self.mapping = mapping
        var options = MigrationOptions()
        options.maximumRecordBytes = context.settings[.maximumRecordSize].bytes
        options.maximumQuarantined = context.settings[.maximumQuarantined]
        options.excludedDirectories = [context.home]
        options.toolVersion = CortexTool.version
        configure(&options)
        self.options = options
    }

    /// A migration of these parts.
    func migration(progress: @escaping @Sendable (ProgressEvent) -> Void) -> Migration {
        Migration(source: source, mapping: mapping, options: options, progress: progress)
    }

    /// Facts of a run that begins now.
    func newFacts(target: String) -> RunFacts {
        RunFacts(
            runID: Self.makeRunID(),
            dryRun: options.dryRun,
            source: source.label,
            target: target,
            toolVersion: CortexTool.version,
            startedAt: Date.now.formatted(.iso8601)
        )
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

extension CommandContext {
    /// The mapping of the settings, or the shipped one.
    func mapping() throws -> Mapping {
        guard let file = settings[.mapping] else { return try Mapping.shipped() }
        let path = path(file)
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandError(
                .mappingInvalid,
                "cannot read the mapping \(path)",
                hint: "Check the path given with --mapping.",
                cause: error
            )
        }
        return try Mapping(yaml: Array(data), file: path)
    }

    /// Works with the running database of a target, which must have the schema of this program.
    func withCurrentDatabase<R>(
        _ selection: TargetSelection,
        _ body: (PostgresSession) async throws -> R
    ) async throws -> R {
        try await withRunningDatabase(selection) { session in
            let status = try await SchemaMigrator(session: session).status()
            if let problem = status.problem { throw problem }
            guard status.state == .current else {
                throw CommandError(
                    .schemaOutdated,
                    "the database is at schema version \(status.current), this program needs \(status.latest)",
                    hint: "Run cortex migrate on a tree first, or cortex schema up."
                )
            }
            return try await body(session)
        }
    }
}
