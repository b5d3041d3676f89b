import Diagnostics
public import Domain
import Foundation
public import NIOCore
public import SourceTree

/// The catalog in a coordination tree as it is: mode `json`.
///
/// The tree is read into memory and looked at again when a reader wants to know: at once for `strong`, when the picture is
/// a quarter of a second old for `recent`. A write looks at the files that decide its document at once. `docs/catalog.md`
/// says what this home cannot promise.
public final class JSONTreeStore: CatalogStore {
    /// How old the picture of the tree may be for readers that want nothing newer.
    static let staleness = Duration.milliseconds(250)

    let keeper: TreeKeeper
    let files: TreeFiles
    let repeats: RepeatedWrites
    let lockPath: String
    let lastWriter: LastWriter
    /// Told of each file that was put in its place: from before the check to after the rename.
    let committed: @Sendable (Range<ContinuousClock.Instant>) -> Void

    /// Reads the tree.
    ///
    /// - Parameters:
    ///   - source: the tree.
    ///   - mapping: how its records become documents.
    ///   - runDirectory: where locks and the answers of idempotent requests are kept (`$CORTEX_HOME/run`).
    ///   - excluding: directories that are no part of the tree wherever they lie, such as `$CORTEX_HOME`; none by default.
    /// - Throws: `source.unreadable` when the tree cannot be walked, `file.cannot_write` for the directory.
    public convenience init(
        source: SourceRoot,
        mapping: Mapping,
        runDirectory: String,
        excluding: [String] = []
    ) async throws {
        try await self.init(source: source, mapping: mapping, runDirectory: runDirectory, excluding: excluding) { _ in }
    }

    init(
        source: SourceRoot,
        mapping: Mapping,
        runDirectory: String,
        excluding: [String],
        committed: @escaping @Sendable (Range<ContinuousClock.Instant>) -> Void
    ) async throws {
        self.committed = committed
        files = TreeFiles(source: source, extractor: RecordExtractor(mapping: mapping), excluding: excluding)
        keeper = try TreeKeeper(
            files: files,
            log: TreeEventLog(timeline: Int(Date().timeIntervalSince1970 * 1_000))
        )
        repeats = try RepeatedWrites(directory: runDirectory + "/idempotency")
        lockPath = runDirectory + "/tree.lock"
        lastWriter = LastWriter(path: runDirectory + "/tree.writer")
    }

    /// The mode is `json`; neither server is used.
    public func status() async -> CatalogStatus {
        CatalogStatus(mode: .json, modeEpoch: 0, postgres: .unused, redis: .unused, canRead: true, canWrite: true)
    }

    /// Nothing: what the tree says now is only known after a look at it.
    public func cached(_ key: DocumentKey) -> StoredDocument? { nil }

    /// A tree has no caches outside of this process.
    public func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool { false }

    /// A document of the tree.
    public func document(
        _ key: DocumentKey,
        need: CatalogNeed,
        clearance: Sensitivity
    ) async throws -> StoredDocument? {
        let snapshot = try await snapshot(need)
        guard let row = snapshot.row(key.kind.table, key.text), row.sensitivity <= clearance else { return nil }
        return snapshot.document(key.kind, row)
    }

    /// A picture of the tree that is new enough.
    func snapshot(_ need: CatalogNeed) async throws -> TreeSnapshot {
        guard need == .recent else { return try await keeper.snapshot(maximumAge: nil) }
        if let latest = keeper.latest(maximumAge: Self.staleness) { return latest }
        return try await keeper.snapshot(maximumAge: Self.staleness)
    }
}
