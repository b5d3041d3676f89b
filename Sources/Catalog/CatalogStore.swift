public import Domain
public import NIOCore

/// What the service serves and writes: one implementation per home of the data.
///
/// Every read takes the reader's clearance; what lies above it does not exist for that reader: not in lists, counts,
/// searches, walks or events. Errors are `CatalogError`, `SyncError` or another `CortexError`, and `CancellationError`.
public protocol CatalogStore: Sendable {
    /// Where the truth lives and which servers answer; never throws, since it is asked when things are broken.
    func status() async -> CatalogStatus

    // MARK: Documents

    /// The document if this process holds it and may answer with it at once to callers without a version token, else nil.
    ///
    /// Never waits: for the fast lane. Clearance is the caller's to check, on `sensitivity`.
    func cached(_ key: DocumentKey) -> StoredDocument?

    /// Asks the caches outside of this process for a document, for the fast lane on an event loop.
    ///
    /// The closure is called on `loop`, never before this returns, with what counts as `cached` does or with nil; then
    /// `document` says more.
    ///
    /// - Returns: false where nothing can be asked here and now; the closure is not called then.
    func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool

    /// A document; nil where there is none that the reader may see.
    ///
    /// - Parameters:
    ///   - key: which one.
    ///   - need: how new the answer has to be.
    ///   - clearance: the highest sensitivity that the reader may see.
    /// - Returns: the document with the place it came from.
    /// - Throws: `sync.unavailable` when nobody can answer in time; `not_found` marked stale where a cache says that there is
    ///   none and the truth cannot be asked.
    func document(_ key: DocumentKey, need: CatalogNeed, clearance: Sensitivity) async throws -> StoredDocument?

    /// Documents of a kind, in the order of their ids, page by page.
    ///
    /// - Throws: `catalog.invalid` for a filter that the kind does not have and for a cursor that is not of this list.
    func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage

    /// Assets that match words or hold a text, best first.
    func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult

    /// Changes one document.
    ///
    /// A repetition of a request with the same `Idempotency-Key` gets the first answer again.
    ///
    /// - Throws: `catalog.invalid` (with `CatalogError.faults`), `catalog.patch`, `catalog.precondition` (with the present
    ///   token), `catalog.exists`, `not_found`, `not_permitted`, `sync.key_reused`, `sync.in_flight`, `sync.refused`,
    ///   `sync.mode`, `sync.unavailable`, `sync.outcome_unknown`.
    func write(_ write: CatalogWrite) async throws -> WriteResult

    // MARK: Questions

    /// How many assets, tasks and agents there are, by what.
    func statistics(clearance: Sensitivity) async throws -> CatalogStatistics

    /// What an asset is made from and what is made from it; nil for an asset that the reader may not see.
    ///
    /// - Parameters:
    ///   - id: the asset.
    ///   - direction: which way to walk.
    ///   - depth: how many levels, 1 to 100.
    ///   - clearance: assets above it are neither shown nor walked through.
    /// - Returns: the graph and its trees.
    /// - Throws: `catalog.invalid` for a depth that no walk goes to, `sync.unavailable`.
    func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage?

    /// A task and its subtasks, by level; nil for an unknown task.
    func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy?

    /// Ancestors and descendants of a task by every kind of relation; nil for an unknown task.
    func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage?

    /// Every source record and every audit event of a task, oldest first; nil for a task of which nothing is known.
    func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory?

    /// Budget, runs and tasks of an agent; nil for an unknown agent.
    func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization?

    // MARK: Events

    /// The changes after an event, oldest first; where there are none yet, waits for some up to a time.
    ///
    /// - Parameters:
    ///   - position: the last event that the reader has; nil to begin with what comes next.
    ///   - limit: how many at most.
    ///   - wait: how long to wait for the first.
    ///   - clearance: changes of documents above it are passed over.
    /// - Returns: events, perhaps none, and the position to go on from.
    /// - Throws: `sync.unavailable` when nobody can answer in time.
    func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage
}

extension CatalogStore {
    /// Hand-overs of a task, page by page.
    public func taskHandoffs(
        _ id: String,
        cursor: String? = nil,
        limit: Int = ListQuery.defaultLimit,
        clearance: Sensitivity
    ) async throws -> DocumentPage {
        try await list(
            ListQuery(.handoffs, filters: ["task": id], cursor: cursor, limit: limit),
            clearance: clearance
        )
    }

    /// Runs of an agent, page by page.
    public func agentRuns(
        _ id: String,
        cursor: String? = nil,
        limit: Int = ListQuery.defaultLimit,
        clearance: Sensitivity
    ) async throws -> DocumentPage {
        try await list(
            ListQuery(.runs, filters: ["agent": id], cursor: cursor, limit: limit),
            clearance: clearance
        )
    }

    /// Notes that an agent is there: its `last_checkin_at` becomes the time given, its status and tokens what it says.
    ///
    /// - Parameters:
    ///   - id: the agent.
    ///   - checkIn: what it says.
    ///   - microseconds: the time, since 1970-01-01T00:00:00Z.
    ///   - author: who says it.
    ///   - idempotencyKey: the key under which a repetition gets the same answer.
    /// - Returns: the agent's document.
    /// - Throws: as `write`.
    public func checkIn(
        _ id: String,
        _ checkIn: AgentCheckIn,
        atMicroseconds microseconds: Int64,
        author: WriteAuthor,
        idempotencyKey: IdempotencyKey? = nil
    ) async throws -> WriteResult {
        try await write(
            CatalogWrite(
                DocumentKey(.agents, id),
                .mergePatch(checkIn.patch(atMicroseconds: microseconds)),
                author: author,
                idempotencyKey: idempotencyKey
            )
        )
    }
}
