import Diagnostics
import Domain
public import SourceTree

/// How discovery works.
public struct DiscoveryConfiguration: Sendable {
    /// Whether to say what would be done instead of doing it; no by default.
    public var isDryRun = false
    /// Whether assets of discovery whose files are gone are removed; no by default.
    public var removesMissing = false
    /// Directories that are left out, by their paths; none by default.
    public var excludedDirectories: [String] = []
    /// How many writes are under way at a time; 8.
    public var writers = 8
    /// How often the plan is made anew when others changed assets meanwhile; 3.
    public var attempts = 3

    /// The defaults.
    public init() {}
}

/// Keeps the assets of a catalog true to the files of a tree.
///
/// Each pass scans the tree, reads what the catalog says, works out a plan and carries it out. Each change expects the
/// version that the plan was made from, so a pass may be killed at any instant and run again, and no change that
/// somebody makes meanwhile is lost.
public struct Discovery: Sendable {
    private let store: any CatalogStore
    private let source: SourceRoot
    private let rules: AssetRules
    private let configuration: DiscoveryConfiguration

    /// Who writes, in the audit log.
    private static let author = WriteAuthor(principal: "discovery", clearance: .secret)

    /// Discovery of a tree's files as assets of a store.
    public init(
        store: any CatalogStore,
        source: SourceRoot,
        rules: AssetRules,
        configuration: DiscoveryConfiguration = DiscoveryConfiguration()
    ) {
        self.store = store
        self.source = source
        self.rules = rules
        self.configuration = configuration
    }

    // MARK: One pass

    /// Makes one pass; the cache then knows what was read, also when the pass fails afterwards.
    ///
    /// Changes that the catalog refuses for themselves are in the report. Throws what stands in the way of all of them,
    /// such as `source.unreadable` and `sync.unavailable`, and `CancellationError`; what is done then stays, and the next
    /// pass does the rest.
    public func run(_ cache: inout ContentCache) async throws -> DiscoveryReport {
        try await apply(try scan(&cache))
    }

    func scan(_ cache: inout ContentCache) throws -> DiscoveryScan {
        try DiscoveryScanner(source: source, rules: rules, excluding: configuration.excludedDirectories).scan(&cache)
    }

    /// Brings the catalog up to date with a scan.
    func apply(_ scan: DiscoveryScan) async throws -> DiscoveryReport {
        let started = ContinuousClock.now
        var report = DiscoveryReport(source: source.label, isDryRun: configuration.isDryRun)
        report.note(scan)
        for attempt in 1...max(1, configuration.attempts) {
            let plan = DiscoveryPlan(
                scan: scan,
                assets: try await assets(),
                rules: rules,
                removesMissing: configuration.removesMissing
            )
            if attempt == 1 { report.note(plan) }
            if configuration.isDryRun {
                plan.actions.forEach { report.note($0) }
                break
            }
            let outcomes = try await perform(plan.actions)
            report.failed = []
            var isOvertaken = false
            for (action, outcome) in outcomes {
                switch outcome {
                case .done: report.note(action)
                case .overtaken(let error):
                    isOvertaken = true
                    report.note(error, of: action)
                case .refused(let error): report.note(error, of: action)
                }
            }
            // What was refused for itself is refused again, so only the last attempt's failures count.
            if !isOvertaken { break }
        }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    /// Everything that the catalog says about assets.
    private func assets() async throws -> [CatalogedAsset] {
        var assets: [CatalogedAsset] = []
        var cursor: String?
        repeat {
            try Task.checkCancellation()
            let page = try await store.list(
                ListQuery(.assets, cursor: cursor, limit: ListQuery.maximumLimit),
                clearance: Self.author.clearance
            )
            for document in page.documents { assets.append(try CatalogedAsset(document)) }
            cursor = page.next
        } while cursor != nil
        return assets
    }

    // MARK: Writing

    private enum Outcome: Sendable {
        case done
        /// Somebody changed the asset meanwhile.
        case overtaken(any CortexError)
        /// The catalog does not take this change.
        case refused(any CortexError)
    }

    /// Carries actions out, some at a time; the outcomes are in the order of the actions.
    private func perform(_ actions: [DiscoveryAction]) async throws -> [(DiscoveryAction, Outcome)] {
        try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            var outcomes: [Int: Outcome] = [:]
            for (index, action) in actions.enumerated() {
                if index >= max(1, configuration.writers), let (done, outcome) = try await group.next() {
                    outcomes[done] = outcome
                }
                group.addTask { (index, try await perform(action)) }
            }
            for try await (done, outcome) in group { outcomes[done] = outcome }
            return actions.indices.compactMap { index in outcomes[index].map { (actions[index], $0) } }
        }
    }

    private func perform(_ action: DiscoveryAction) async throws -> Outcome {
        do {
            _ = try await store.write(action.write(by: Self.author))
            return .done
        } catch let error as any CortexError {
            switch error.code {
            case .catalogPrecondition, .catalogExists, .notFound, .syncConflict, .catalogBusy: return .overtaken(error)
            case .catalogInvalid, .catalogPatch, .catalogUnwritable, .syncRefused, .notPermitted: return .refused(error)
            default: throw error
            }
        }
    }
}
