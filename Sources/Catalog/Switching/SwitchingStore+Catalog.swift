public import Domain
public import NIOCore

/// Each question goes to the home of the present mode.
extension SwitchingStore: CatalogStore {
    /// The mode as it was last seen, and how the servers of its home are.
    public func status() async -> CatalogStatus {
        let (machine, isAnswered) = seen
        guard let store = homeNow() else {
            return CatalogStatus(
                mode: machine.mode,
                modeEpoch: machine.epoch,
                home: machine.home ?? .tree,
                postgres: machine.hasDatabase ? .unavailable : .unused,
                redis: .unused,
                canRead: false,
                canWrite: false
            )
        }
        let found = await store.status()
        // The tree does without PostgreSQL, but is not written to before that has said where the truth is.
        let holdsMode = found.home == .tree && machine.hasDatabase
        return CatalogStatus(
            mode: machine.mode,
            modeEpoch: machine.epoch,
            home: found.home,
            postgres: holdsMode ? (isAnswered ? .connected : .unavailable) : found.postgres,
            redis: found.redis,
            canRead: found.canRead,
            canWrite: found.canWrite && machine.writing != .held && (isAnswered || !holdsMode)
        )
    }

    /// What the near-cache has while PostgreSQL is the home; never of a home that is not that of the present mode.
    public func cached(_ key: DocumentKey) -> StoredDocument? {
        homeNow(.postgres)?.cached(key)
    }

    /// What Redis has while PostgreSQL is the home, at the beginning and at the end.
    public func fetchCached(
        _ key: DocumentKey,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (StoredDocument?) -> Void
    ) -> Bool {
        guard let home = homeNow(.postgres) else { return false }
        return home.fetchCached(key, on: loop) { [self] found in
            completion(homeNow(.postgres) == nil ? nil : found)
        }
    }

    /// A document.
    public func document(
        _ key: DocumentKey,
        need: CatalogNeed,
        clearance: Sensitivity
    ) async throws -> StoredDocument? {
        try await reading(need) { try await $0.document(key, need: need, clearance: clearance) }
    }

    /// A page of documents.
    public func list(_ query: ListQuery, clearance: Sensitivity) async throws -> DocumentPage {
        try await reading { try await $0.list(query, clearance: clearance) }
    }

    /// Assets that match.
    public func search(_ query: SearchQuery, clearance: Sensitivity) async throws -> SearchResult {
        try await reading { try await $0.search(query, clearance: clearance) }
    }

    /// A write; it waits while the mode is `frozen`.
    ///
    /// Throws what the home throws, and `catalog.moving` where the wait was in vain.
    public func write(_ write: CatalogWrite) async throws -> WriteResult {
        try await writing { try await $0.write(write) }
    }

    /// Counts.
    public func statistics(clearance: Sensitivity) async throws -> CatalogStatistics {
        try await reading { try await $0.statistics(clearance: clearance) }
    }

    /// The lineage of an asset.
    public func assetLineage(
        _ id: String,
        direction: LineageDirection,
        depth: Int,
        clearance: Sensitivity
    ) async throws -> AssetLineage? {
        try await reading {
            try await $0.assetLineage(id, direction: direction, depth: depth, clearance: clearance)
        }
    }

    /// A task and its subtasks.
    public func taskHierarchy(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskHierarchy? {
        try await reading { try await $0.taskHierarchy(id, depth: depth, clearance: clearance) }
    }

    /// A task's ancestors and descendants.
    public func taskLineage(_ id: String, depth: Int, clearance: Sensitivity) async throws -> TaskLineage? {
        try await reading { try await $0.taskLineage(id, depth: depth, clearance: clearance) }
    }

    /// What is known of a task's past.
    public func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory? {
        try await reading { try await $0.taskHistory(id, clearance: clearance) }
    }

    /// Figures of an agent.
    public func agentUtilization(_ id: String, clearance: Sensitivity) async throws -> AgentUtilization? {
        try await reading { try await $0.agentUtilization(id, clearance: clearance) }
    }

    /// Events of the present home; a position of another one gets a reset.
    public func events(
        after position: EventPosition?,
        limit: Int,
        wait: Duration,
        clearance: Sensitivity
    ) async throws -> EventPage {
        try await reading {
            try await $0.events(after: position, limit: limit, wait: wait, clearance: clearance)
        }
    }
}
