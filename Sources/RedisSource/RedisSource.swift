import Diagnostics
import Processes
public import Redis
public import SourceTree

/// A Redis as the source of a migration: its keys are copied into a tree of files, which is then read like any other.
///
/// Only reading commands are sent. The layout of the files is documented in `docs/redis-source.md`.
public struct RedisSource: Sendable {
    private let configuration: RedisConfiguration

    /// A source given as `redis://…`, `rediss://…` or `unix://…`.
    ///
    /// Throws `setting.invalid`; the URL itself is in no error.
    public init(url: String) throws(RedisError) {
        var configuration = try RedisConfiguration(url: url, clientName: "cortex-migrate")
        // A large value over a slow line takes its time; nobody waits for it but this copy.
        configuration.commandTimeout = .seconds(60)
        self.configuration = configuration
    }

    /// Copies the database of a Redis whose URL was read before.
    public init(url: RedisURL) {
        var configuration = RedisConfiguration(url, clientName: "cortex-migrate")
        configuration.commandTimeout = .seconds(60)
        self.configuration = configuration
    }

    /// Whether a source's text is the URL of a Redis.
    public static func isURL(_ text: String) -> Bool { RedisURL.looksLikeURL(text) }

    /// The URL without the password: what imports and reports call the source.
    public var label: String { configuration.url.description }

    /// Copies the database into a directory of its own below `parent` (which must exist) for as long as the body runs.
    ///
    /// Directories that a killed process left there are removed. Throws `source.empty` when there is no key,
    /// `source.hot` when a key changes whenever it is read, `disk.full`, `file.cannot_write`, and what `RedisError` says
    /// about the server.
    public func withSnapshot<R>(
        below parent: String,
        _ body: (RedisSnapshot) async throws -> R
    ) async throws -> R {
        try SnapshotDirectory.removeAbandoned(below: parent)
        return try await TemporaryDirectory.withDirectory(prefix: SnapshotDirectory.prefix, in: parent) { path in
            let files = try SnapshotFiles(path: path)
            let counts = try await read(into: files)
            guard counts.keys > 0 else {
                throw RedisSourceError(
                    .sourceEmpty,
                    "\(label) holds no keys",
                    hint: "Check the number of the database at the end of the URL."
                )
            }
            try files.settle()
            return try await body(
                RedisSnapshot(root: try SourceRoot(validating: path, label: label), counts: counts)
            )
        }
    }

    private func read(into files: SnapshotFiles) async throws -> RedisSnapshotCounts {
        do {
            return try await RedisClient.withClient(configuration) { client in
                try await SnapshotReader(client: client, files: files).read()
            }
        } catch let error as RedisError where error.code == .redisCancelled {
            // It is the run that was interrupted, not one command.
            throw CancellationError()
        }
    }
}

/// A copy of a Redis as files.
public struct RedisSnapshot: Sendable {
    /// The tree; its label is the URL without the password.
    public let root: SourceRoot
    /// How much there was.
    public let counts: RedisSnapshotCounts
}

/// What a copy found.
public struct RedisSnapshotCounts: Sendable, Hashable {
    /// Keys that were copied, or are listed as not importable.
    public var keys = 0
    /// Keys that ended or were deleted before they could be read.
    public var vanished = 0
    /// Keys by the type that cannot be imported.
    public var notImportable: [String: Int] = [:]

    /// One line for people.
    public var summary: String {
        var text = "\(keys) keys were copied"
        if vanished > 0 { text += "; \(vanished) went away while they were read" }
        for (type, count) in notImportable.sorted(by: { $0.key < $1.key }) {
            text += "; \(count) of type \(type) cannot be imported and are listed"
        }
        return text + "."
    }
}
