import Diagnostics

/// What one pass of discovery found and did.
public struct DiscoveryReport: Sendable, Equatable, Codable {
    /// The tree.
    public var source: String
    /// Whether nothing was written.
    public var isDryRun: Bool
    /// How many files were found, without those that the rules leave out.
    public var files = 0
    /// How many of them were read; the others had the facts that they had when they were read before.
    public var read = 0
    /// How many entries the rules leave out.
    public var skipped = 0
    /// How many assets were made.
    public var created = 0
    /// How many assets were changed.
    public var updated = 0
    /// How many assets went with their files to another path.
    public var moved = 0
    /// How many assets were removed.
    public var removed = 0
    /// How many assets said already what was found.
    public var unchanged = 0
    /// Files that assets describe which discovery did not write; these are left alone.
    public var described: [Place] = []
    /// Assets of discovery whose files are gone.
    public var missing: [Place] = []
    /// Files and folders that could not be read; such files are assets all the same.
    public var unreadable: [Problem] = []
    /// Paths whose content, or name, looks like a secret.
    public var secretLooking: [String] = []
    /// What was done, one by one; in a dry run what would be done.
    public var changes: [Change] = []
    /// Changes that the catalog refused.
    public var failed: [Failure] = []
    /// How long it took.
    public var seconds = 0.0

    /// A report of nothing.
    public init(source: String, isDryRun: Bool) {
        self.source = source
        self.isDryRun = isDryRun
    }

    /// An asset and its file.
    public struct Place: Sendable, Equatable, Codable {
        /// The asset.
        public let id: String
        /// The file.
        public let path: String

        private enum CodingKeys: String, CodingKey {
            case path
            case id = "asset_id"
        }
    }

    /// What happens to an asset.
    public enum Action: String, Sendable, Codable {
        /// A file without an asset gets one.
        case created
        /// The file has changed.
        case updated
        /// The file has another path.
        case moved
        /// The file is gone.
        case removed
    }

    /// A place that could not be read.
    public struct Problem: Sendable, Equatable, Codable {
        /// The path.
        public let path: String
        /// Why.
        public let reason: String
    }

    /// One change.
    public struct Change: Sendable, Equatable, Codable {
        /// What happened.
        public let action: Action
        /// The asset.
        public let id: String
        /// The file.
        public let path: String

        private enum CodingKeys: String, CodingKey {
            case action, path
            case id = "asset_id"
        }
    }

    /// A change that the catalog refused.
    public struct Failure: Sendable, Equatable, Codable {
        /// The asset.
        public let id: String
        /// The file.
        public let path: String
        /// The code of the error.
        public let code: String
        /// What the catalog said.
        public let message: String

        private enum CodingKeys: String, CodingKey {
            case path, code, message
            case id = "asset_id"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case source, files, read, skipped, created, updated, moved, removed, unchanged, described, missing, unreadable
        case changes, failed, seconds
        case isDryRun = "dry_run"
        case secretLooking = "secret_looking"
    }

    // MARK: Counting

    mutating func note(_ scan: DiscoveryScan) {
        files = scan.files.count
        read = scan.read
        skipped = scan.skipped
        unreadable =
            scan.closedFolders.map { Problem(path: $0.path, reason: $0.reason) }
            + scan.files.filter { [.unreadable, .changing].contains($0.note.content) }
            .map { Problem(path: $0.note.path, reason: $0.note.error ?? "it cannot be read") }
        secretLooking = scan.files.filter(\.note.looksSecret).map(\.note.path)
    }

    mutating func note(_ plan: DiscoveryPlan) {
        unchanged = plan.unchanged
        described = plan.described
        missing = plan.missing
    }

    mutating func note(_ action: DiscoveryAction) {
        changes.append(Change(action: action.kind, id: action.id, path: action.path))
        switch action.kind {
        case .created: created += 1
        case .updated: updated += 1
        case .moved: moved += 1
        case .removed: removed += 1
        }
    }

    mutating func note(_ error: any CortexError, of action: DiscoveryAction) {
        failed.append(
            Failure(id: action.id, path: action.path, code: error.code.rawValue, message: error.message)
        )
    }
}
