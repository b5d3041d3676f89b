import Catalog
import Domain
import NIOCore
import Synchronization

/// A store that counts what is asked of it, and lets a test step in before each write.
final class WatchedStore: CatalogStore {
    private let store: any CatalogStore
    private let counts = Mutex((writes: 0, lists: 0))
    private let beforeWrite: @Sendable (_ number: Int, CatalogWrite) async throws -> Void

    init(
        _ store: any CatalogStore,
        beforeWrite: @escaping @Sendable (_ number: Int, CatalogWrite) async throws -> Void = { _, _ in }
    ) {
        self.store = store
        self.beforeWrite = beforeWrite
    }

    /// How many writes were asked for.
    var writes: Int { counts.withLock { $0.writes } }
    /// How many pages were read.
    var lists: Int { counts.withLock { $0.lists } }

    func write(_ write: CatalogWrite) async throws -> WriteResult {
        let number = counts.withLock { counts in
            counts.writes += 1
            return counts.writes
        }
        try await beforeWrite(number, write)
        return try await store.write(write)
    }

    func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage {
        counts.withLock { $0.lists += 1 }
        return try await store.list(query, clearance: clearance)
    }

    func status() async -> CatalogStatus { await store.status() }

    func cached(_ key: DocumentKey) -> StoredDocument? { store.cached(key) }

    func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool { store.fetchCached(key, on: loop, completion) }

    func document(_ key: DocumentKey, need: CatalogNeed, clearance: Sensitivity) async throws -> StoredDocument? {
        try await store.document(key, need: need, clearance: clearance)
    }

    func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult {
        try await store.search(query, clearance: clearance)
    }

    func statistics(clearance: Sensitivity) async throws -> CatalogStatistics {
        try await store.statistics(clearance: clearance)
    }

    func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage? {
        try await store.assetLineage(id, direction: direction, depth: depth, clearance: clearance)
    }

    func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy? {
        try await store.taskHierarchy(id, depth: depth, clearance: clearance)
    }

    func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage? {
        try await store.taskLineage(id, depth: depth, clearance: clearance)
    }

    func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory? {
        try await store.taskHistory(id, clearance: clearance)
    }

    func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization? {
        try await store.agentUtilization(id, clearance: clearance)
    }

    func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        try await store.events(after: position, limit: limit, wait: wait, clearance: clearance)
    }
}
