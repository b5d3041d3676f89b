import Processes
import RedisSource
import SourceTree

/// What `--source` names: a tree of files, or a Redis that is copied into one for as long as it is needed.
enum MigrationSource: Sendable {
    case tree(SourceRoot)
    case redis(RedisSource)

    /// What to call it; a URL is without its password.
    var label: String {
        switch self {
        case .tree(let root): root.label
        case .redis(let source): source.label
        }
    }
}

extension CommandContext {
    /// The source of the settings; a tree is checked, a Redis not yet asked.
    func migrationSource() throws -> MigrationSource {
        let text = try sourceText()
        if RedisSource.isURL(text) { return .redis(try RedisSource(url: text)) }
        return .tree(try SourceRoot(validating: path(text)))
    }

    /// Gives the source as a tree; that of a Redis is a copy below the home, gone when the body returns.
    func withTree<R>(of source: MigrationSource, _ body: (SourceRoot) async throws -> R) async throws -> R {
        switch source {
        case .tree(let root):
            return try await body(root)
        case .redis(let redis):
            let parent = home + "/run"
            try Directory.make(parent, mode: 0o700)
            output.note("Reading \(redis.label) with reading commands only.")
            return try await redis.withSnapshot(below: parent) { snapshot in
                output.note("\(redis.label): \(snapshot.counts.summary)")
                return try await body(snapshot.root)
            }
        }
    }
}
