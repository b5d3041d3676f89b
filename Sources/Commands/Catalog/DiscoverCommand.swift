import ArgumentParser
import Catalog
import Diagnostics
import Processes
import Settings
import SourceTree

/// `cortex discover`: keeps the assets of the catalog true to the files of a tree.
struct DiscoverCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover",
        abstract: "Scan a tree for assets and write them into the catalog.",
        discussion: """
            Every file becomes an asset with size, time, SHA-256 and what the rules say about its path. A second run \
            reads only what changed and writes only what differs; what people or programs wrote into an asset stays. \
            Nothing is removed unless --remove-missing says so. docs/discovery.md has the details.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var database: TargetOption

    @Option(help: ArgumentHelp("The tree (default: CORTEX_SOURCE).", valueName: "dir"))
    var source: String?
    @Option(help: ArgumentHelp("Rules instead of the shipped ones.", valueName: "file"))
    var rules: String?
    @Option(help: ArgumentHelp("The mapping of the tree in mode json (default: the shipped one).", valueName: "file"))
    var mapping: String?
    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false
    @Flag(help: "Remove assets that discovery wrote and whose files are gone.")
    var removeMissing = false
    @Flag(help: "With --remove-missing: without a question.")
    var yes = false
    @Flag(help: "Look again and again, until SIGINT or SIGTERM.")
    var watch = false
    @Option(help: ArgumentHelp("With --watch: how long between two looks.", valueName: "duration"))
    var interval = "2s"

    var settingFlags: [SettingFlag] { [SettingFlag(.source, source), SettingFlag(.mapping, mapping)] }

    func validate() throws {
        if watch, dryRun { throw ValidationError("--watch and --dry-run exclude each other.") }
        if yes, !removeMissing { throw ValidationError("--yes belongs to --remove-missing.") }
        guard let pause = Duration(settingText: interval), pause >= .milliseconds(10) else {
            throw ValidationError("--interval is a duration of at least 10ms, such as 2s.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let root = try SourceRoot(validating: context.path(try context.sourceText()))
        let rules = try assetRules(in: context)
        if removeMissing, !dryRun { try context.confirm("Remove assets whose files are gone", yes: yes) }
        let selection = try context.target(database.target)
        let state = DiscoveryState(home: context.home, source: root)
        let work = { @Sendable () async throws -> ExitStatus in
            try await context.withCatalog(selection, source: root, name: "cortex-discover") { store in
                var configuration = DiscoveryConfiguration()
                configuration.isDryRun = dryRun
                configuration.removesMissing = removeMissing
                configuration.excludedDirectories = [context.home]
                let discovery = Discovery(store: store, source: root, rules: rules, configuration: configuration)
                return watch
                    ? try await watch(discovery, root, state, in: context)
                    : try await runOnce(discovery, state, in: context)
            }
        }
        if dryRun { return try await work() }
        return try await LockFile.withLock(at: context.home + "/run/discover.lock", holder: "cortex discover", work)
    }

    private func assetRules(in context: CommandContext) throws -> AssetRules {
        guard let rules else { return try AssetRules.shipped() }
        guard let text = try SmallFile.read(context.path(rules)) else {
            throw CommandError(
                .discoveryInvalid,
                "there are no rules at \(rules)",
                hint: "Check the path given with --rules."
            )
        }
        return try AssetRules(yaml: text, file: rules)
    }

    // MARK: Passes

    private func runOnce(
        _ discovery: Discovery,
        _ state: DiscoveryState,
        in context: CommandContext
    ) async throws -> ExitStatus {
        let before = state.read()
        var cache = before
        let report: DiscoveryReport
        do {
            report = try await discovery.run(&cache)
        } catch {
            // What was read is worth keeping; when that fails too, the first error is the one to tell.
            if !dryRun, cache != before { try? state.write(cache) }
            throw error
        }
        if !dryRun, cache != before { try state.write(cache) }
        for change in report.changes { context.output.detail(DiscoveryText.line(change)) }
        try context.output.result(report, text: DiscoveryText.text(report))
        return report.failed.isEmpty ? .done : .failed
    }

    private func watch(
        _ discovery: Discovery,
        _ root: SourceRoot,
        _ state: DiscoveryState,
        in context: CommandContext
    ) async throws -> ExitStatus {
        context.output.note("watching \(root.label); end with Ctrl-C or SIGTERM")
        let totals = WatchTotals(source: root.label)
        try await discovery.watch(
            every: Duration(settingText: interval) ?? .seconds(2),
            cache: state.read(),
            keep: { try state.write($0) },
            onEvent: { event in
                switch event {
                case .pass(let report):
                    totals.add(report)
                    try context.output.item(report, text: DiscoveryText.text(report))
                case .unavailable(let error):
                    context.output.warning("\(error.message); trying again")
                }
            }
        )
        try context.output.result(totals.summary, text: totals.summary.text)
        return .done
    }
}
