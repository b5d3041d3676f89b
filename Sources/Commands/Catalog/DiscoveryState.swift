import Catalog
import Processes
import SourceTree

/// Where discovery keeps what it read of a tree: a file per tree below `$CORTEX_HOME/discovery`; safe to delete.
struct DiscoveryState: Sendable {
    private let directory: String
    private let source: SourceRoot

    init(home: String, source: SourceRoot) {
        directory = home + "/discovery"
        self.source = source
    }

    /// What earlier runs read; nothing where there is no usable file.
    func read() -> ContentCache { ContentCache(of: source, in: directory) }

    /// Keeps what was read.
    func write(_ cache: ContentCache) throws {
        try Directory.make(directory, mode: 0o700)
        try cache.write(of: source, in: directory)
    }
}
