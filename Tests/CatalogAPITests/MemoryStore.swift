import Diagnostics
import Domain
import NIOCore
import Synchronization

@testable import Catalog

/// A catalog in memory: documents that are put there, all of them held by the process; writes are recorded.
final class MemoryStore: CatalogStore {
    struct State {
        var documents: [DocumentKey: StoredDocument] = [:]
        var writes: [CatalogWrite] = []
        var lists: [ListQuery] = []
        var needs: [CatalogNeed] = []
        var answer: WriteResult?
        var events: [CatalogEvent] = []
        var isReset = false
        var delay: Duration = .zero
        /// Whether documents of the tier `redis` can be fetched on event loops, how long that takes, and how often it was done.
        var hasFarCache = false
        var fetchDelay: Duration = .milliseconds(1)
        var fetches = 0
        /// How often somebody waited for events.
        var waits = 0
    }

    let state = Mutex(State())

    /// Puts a document, as near as the tier says.
    func put(
        _ key: DocumentKey,
        _ body: String,
        version: Int = 1,
        sensitivity: Sensitivity = .internal,
        tier: StoredDocument.Tier = .near
    ) {
        let document = StoredDocument(
            key: key,
            body: Array(body.utf8),
            version: version,
            token: .row(epoch: 7, version: version),
            sensitivity: sensitivity,
            tier: tier
        )
        state.withLock { $0.documents[key] = document }
    }

    func status() async -> CatalogStatus {
        CatalogStatus(
            mode: .postgres,
            modeEpoch: 7,
            postgres: .connected,
            redis: .connected,
            canRead: true,
            canWrite: true
        )
    }

    func cached(_ key: DocumentKey) -> StoredDocument? {
        state.withLock { $0.documents[key] }.flatMap { $0.tier == .near ? $0 : nil }
    }

    func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool {
        let (found, delay, isAsked) = state.withLock { state in
            if state.hasFarCache { state.fetches += 1 }
            return (state.documents[key], state.fetchDelay, state.hasFarCache)
        }
        guard isAsked else { return false }
        loop.scheduleTask(in: .init(delay)) { completion(found?.tier == .redis ? found : nil) }
        return true
    }

    func document(_ key: DocumentKey, need: CatalogNeed, clearance: Sensitivity) async throws -> StoredDocument? {
        let (document, delay) = state.withLock { state in
            state.needs.append(need)
            return (state.documents[key], state.delay)
        }
        if delay > .zero { try await Task.sleep(for: delay) }
        return document.flatMap { $0.sensitivity <= clearance ? $0 : nil }
    }

    func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage {
        let found = state.withLock { state in
            state.lists.append(query)
            return state.documents.values.filter { $0.key.kind == query.kind && $0.sensitivity <= clearance }
        }.sorted { $0.key.text < $1.key.text }
        let rest = found.filter { query.cursor == nil || $0.key.text > query.cursor ?? "" }
        let page = Array(rest.prefix(query.limit))
        return DocumentPage(
            documents: page,
            next: rest.count > page.count ? page.last?.key.text : nil,
            total: query.wantsTotal ? found.count : nil
        )
    }

    func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult {
        let found = state.withLock { Array($0.documents.values) }.filter { $0.key.kind == .assets }
        return SearchResult(total: found.count, documents: found, duration: .microseconds(1_234))
    }

    func write(_ write: CatalogWrite) async throws -> WriteResult {
        let answer = state.withLock { state in
            state.writes.append(write)
            return state.answer
        }
        guard let answer else { throw CatalogError(.notFound, "there is no such document") }
        return answer
    }

    func statistics(clearance: Sensitivity) async throws -> CatalogStatistics {
        throw CatalogError(.internal, "the row of secrets is hunter2")
    }

    func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage? {
        guard let document = state.withLock({ $0.documents[DocumentKey(.assets, id)] }) else { return nil }
        let root = AssetLineage.Node(id: id, depth: 0, document: document)
        let far = AssetLineage.Node(id: "raw", depth: 2, document: nil)
        let near = AssetLineage.Node(id: id, depth: 1, document: document)
        return AssetLineage(
            root: root,
            upstream: [.init(node: near, branches: [.init(node: far, branches: [])])],
            downstream: [],
            nodes: [root, far],
            edges: [.init(upstream: "raw", downstream: id, type: "derived", confidence: "0.50")],
            isTruncated: false
        )
    }

    func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy? { nil }

    func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage? { nil }

    func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory? { nil }

    func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization? { nil }

    func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        let (events, isReset) = state.withLock { state in
            let after =
                position.map { position in state.events.filter { $0.position.sequence > position.sequence } } ?? []
            return (after, state.isReset && position != nil)
        }
        if events.isEmpty, wait > .zero {
            state.withLock { $0.waits += 1 }
            try await Task.sleep(for: min(wait, .milliseconds(20)))
        }
        state.withLock { $0.isReset = false }
        return EventPage(
            events: events,
            position: events.last?.position ?? position ?? EventPosition(timeline: 1, sequence: 0),
            isReset: isReset
        )
    }
}
