import Diagnostics
public import Domain
public import NIOCore
import Postgres
public import SyncMiddleware
import Synchronization

/// The catalog in PostgreSQL, read and written through the sync middleware.
///
/// Single documents come from its caches; lists, searches, walks and counts are one statement each in the read lane, so
/// they say what PostgreSQL says now.
public final class HybridStore: CatalogStore {
    let instance: SyncInstance
    let counter = StatisticsCounter()
    /// The end of the change feed, and when it was read.
    let feedEnd = Mutex<(position: EventPosition, at: ContinuousClock.Instant)?>(nil)
    private let mode: Mutex<(mode: SystemMode, epoch: Int)?>

    private init(_ instance: SyncInstance) {
        self.instance = instance
        mode = Mutex(nil)
    }

    /// How often the mode is looked at.
    private static let modeInterval = Duration.milliseconds(250)

    /// Runs a store for as long as the body does; it follows the mode of the system beside it.
    @discardableResult
    public static func withStore<R: Sendable>(
        _ instance: SyncInstance,
        _ body: @Sendable (HybridStore) async throws -> R
    ) async throws -> R {
        let store = HybridStore(instance)
        _ = await store.status()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    // Whoever is cancelled looks at that next.
                    try? await Task.sleep(for: modeInterval)
                    _ = await store.status()
                }
            }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(store))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            return try result.get()
        }
    }

    // MARK: Status

    /// The mode as PostgreSQL has it, and who answers.
    public func status() async -> CatalogStatus {
        let row: PostgresRow?
        do {
            row = try await instance.query("SELECT mode, epoch FROM cortex.system_mode").first
        } catch {
            // That it does not answer is the answer.
            row = nil
        }
        let isThere = row != nil
        if let row, let name = row["mode"].string.flatMap(SystemMode.init), let epoch = row["epoch"].integer {
            mode.withLock { $0 = (name, Int(epoch)) }
        }
        let known = mode.withLock { $0 }
        let hasRedis = instance.isRedisConnected
        return CatalogStatus(
            mode: known?.mode ?? .postgres,
            modeEpoch: known?.epoch ?? 0,
            home: .postgres,
            postgres: isThere ? .connected : .unavailable,
            redis: hasRedis ? .connected : .unavailable,
            canRead: isThere || hasRedis,
            canWrite: isThere && known?.mode == .postgres
        )
    }

    /// The token of a row's version now.
    func token(_ version: Int) -> VersionToken {
        .row(epoch: max(1, mode.withLock { $0?.epoch } ?? 1), version: version)
    }

    // MARK: Documents

    /// The near-cache's document.
    public func cached(_ key: DocumentKey) -> StoredDocument? {
        instance.near(key.kind.table.name, key.text).flatMap { document(key, $0) }
    }

    /// Redis's document.
    public func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool {
        instance.fetchCached(key.kind.table.name, key.text, on: loop) { [self] answer in
            completion(answer.flatMap { document(key, $0) })
        }
    }

    /// A document from the nearest tier that may answer; throws `not_found` marked stale where only a cache says that there is none.
    public func document(
        _ key: DocumentKey,
        need: CatalogNeed,
        clearance: Sensitivity
    ) async throws -> StoredDocument? {
        guard key.canExist else { return nil }
        let answer = try await instance.read(key.kind.table.name, key.text, readNeed(need))
        guard let found = document(key, answer), found.sensitivity <= clearance else {
            // That there is none may be old too, and has to say so.
            if answer.source == .stale { throw CatalogError.missing(key, isStale: true) }
            return nil
        }
        return found
    }

    /// What a need asks of a row: a token of the tree, or of an earlier epoch, is met by any row that is there now.
    private func readNeed(_ need: CatalogNeed) -> ReadNeed {
        switch need {
        case .recent, .atLeast(.record): .recent
        case .strong: .strong
        case .atLeast(.row(let epoch, let version)):
            epoch < mode.withLock({ $0?.epoch ?? 0 }) ? .strong : .version(version)
        }
    }

    private func document(_ key: DocumentKey, _ answer: Answer) -> StoredDocument? {
        guard let body = answer.body else { return nil }
        let tier: StoredDocument.Tier =
            switch answer.source {
            case .near: .near
            case .redis, .stale: .redis
            case .database: .postgres
            }
        return StoredDocument(
            key: key,
            body: body,
            version: answer.version,
            token: token(answer.version),
            // A word that is none of ours hides the document.
            sensitivity: answer.sensitivity.flatMap(Sensitivity.init) ?? .secret,
            tier: tier,
            age: answer.age,
            isStale: answer.source == .stale
        )
    }

    /// The document of a row of `DocumentStatement`.
    func document(_ kind: CatalogKind, _ row: PostgresRow) -> StoredDocument? {
        guard let text = row["key"].string, let version = row["version"].integer, let body = row["body"].bytes else {
            return nil
        }
        return StoredDocument(
            key: DocumentKey(kind, text),
            body: body,
            version: Int(version),
            token: token(Int(version)),
            sensitivity: row["sensitivity"].string.flatMap(Sensitivity.init) ?? .secret,
            tier: .postgres
        )
    }
}
