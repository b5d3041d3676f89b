import Domain

/// A file as a scan found it.
struct ScannedFile: Sendable, Equatable {
    /// The path from the project's root, in bytes.
    let path: [UInt8]
    /// What is to be said about it.
    let note: DiscoveryNote
}

/// What a scan of a tree found.
struct DiscoveryScan: Sendable, Equatable {
    /// Everything that becomes an asset, in the order of the paths' bytes.
    var files: [ScannedFile] = []
    /// Folders that could not be listed, with the reason: what is below them is neither there nor gone.
    var closedFolders: [ClosedFolder] = []
    /// Only paths that begin with this were looked at; empty for all.
    var scope = ""
    /// How many entries the rules leave out.
    var skipped = 0
    /// How many files were read.
    var read = 0

    /// A folder that could not be listed.
    struct ClosedFolder: Sendable, Equatable {
        /// Its path.
        let path: String
        /// Why.
        let reason: String
    }

    /// Whether two scans saw the same tree, however much each had to read.
    func sawSame(as other: DiscoveryScan) -> Bool {
        files == other.files && closedFolders == other.closedFolders && scope == other.scope
    }

    /// Whether a file of this path would have been seen.
    func covers(_ path: String) -> Bool {
        path.utf8.starts(with: scope.utf8) && !closedFolders.contains { path.utf8.starts(with: ($0.path + "/").utf8) }
    }
}
