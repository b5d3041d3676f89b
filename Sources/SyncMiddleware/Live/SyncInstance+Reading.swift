import Diagnostics
import Synchronization

/// Reads: near-cache, single flight, and the read machine where they lead.
extension SyncInstance {
    /// The document of a row.
    ///
    /// A row that does not exist is an answer too.
    ///
    /// - Parameters:
    ///   - kind: the table.
    ///   - id: the key's text, the columns of a composite key joined with U+001F.
    ///   - need: how new the answer has to be.
    /// - Returns: what was current at most S ago, or what `need` asks for.
    /// - Throws: `usage` for a kind that there is not, `sync.unavailable` when neither PostgreSQL nor a cache can answer in
    ///   time, `CancellationError`.
    public func read(_ kind: String, _ id: String, _ need: ReadNeed = .recent) async throws -> Answer {
        _ = try DocumentSource.table(kind)
        let key = "\(kind):\(id)"
        let joinedAt = clock.now
        if let answer = looked(key, need) { return answer }
        while true {
            try Task.checkCancellation()
            switch await enter(key, need: need, joinedAt: joinedAt) {
            case .near(let document, let freshAsOf):
                return Answer(document, source: .near, age: .milliseconds(max(0, clock.now - freshAsOf)))
            case .lead(let flight, let ticket):
                let read = Flight(instance: self, kind: kind, id: id, need: need, flight: flight, ticket: ticket)
                return try await read.run()
            case .landed(.answer(let answer)):
                counters.add(.joinedReads)
                return answer
            case .landed(.again): continue
            case .landed(.failed(let error)): throw error
            case .landed(.cancelled): throw CancellationError()
            }
        }
    }

    /// The document of a row, if the near-cache has it and it is enough; for those who must not wait.
    ///
    /// Takes a lock and well under a microsecond. What it does not have `read` has; that counts it once more.
    public func near(_ kind: String, _ id: String, _ need: ReadNeed = .recent) -> Answer? {
        let now = clock.now
        guard
            case .near(let document, let freshAsOf)? = state.withLock({ $0.near("\(kind):\(id)", need: need, now: now) }
            )
        else { return nil }
        counters.add(.nearHits)
        return Answer(document, source: .near, age: .milliseconds(max(0, now - freshAsOf)))
    }

    /// The near-cache's answer; counts what came of it.
    private func looked(_ key: String, _ need: ReadNeed) -> Answer? {
        let now = clock.now
        let (hit, isAsked) = state.withLock { state in
            (state.near(key, need: need, now: now), state.near.isLive && need != .strong)
        }
        guard case .near(let document, let freshAsOf)? = hit else {
            counters.add(isAsked ? .nearMisses : .nearBypasses)
            return nil
        }
        counters.add(.nearHits)
        return Answer(document, source: .near, age: .milliseconds(max(0, now - freshAsOf)))
    }

    private func enter(_ key: String, need: ReadNeed, joinedAt: Int) async -> InstanceState.Entrance {
        let id = nextWaiter()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let entrance = state.withLock { state -> InstanceState.Entrance? in
                    if let hit = state.near(key, need: need, now: clock.now) { return hit }
                    let ticket = state.near.ticket(for: key)
                    let waiter = SingleFlightStateMachine.Waiter(id: id, need: need, joinedAt: joinedAt)
                    switch state.flights.join(key, waiter: waiter, ticket: ticket) {
                    case .lead(let flight): return .lead(flight: flight, ticket)
                    case .wait:
                        state.waiting[id] = continuation
                        return nil
                    }
                }
                if let entrance { continuation.resume(returning: entrance) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: .landed(.cancelled))
        }
    }

    // MARK: How flights end

    /// A flight has an answer: it is kept, and those who waited take it or ask anew.
    func land(_ flight: Int, _ found: ReadStateMachine.Answer, _ answer: Answer, key: String, ticket: NearCache.Ticket)
    {
        let ended = state.withLock {
            state -> [(CheckedContinuation<InstanceState.Entrance, Never>, InstanceState.Landing)] in
            guard answer.source != .stale else {
                // Older than what was asked for, but for all of them.
                return state.flights.failed(flight).compactMap { waiter in
                    state.waiting.removeValue(forKey: waiter.id).map { ($0, Self.staleLanding(waiter.need, answer)) }
                }
            }
            state.near.install(found.document, for: key, freshAsOf: found.freshAsOf, ticket: ticket)
            return state.flights.landed(flight, version: answer.version, freshAsOf: found.freshAsOf)
                .compactMap { waiter, landing in
                    state.waiting.removeValue(forKey: waiter.id).map {
                        ($0, landing == .take ? .answer(answer) : .again)
                    }
                }
        }
        for (continuation, landing) in ended { continuation.resume(returning: .landed(landing)) }
    }

    /// A flight brought nothing; those who waited get the same.
    func abort(_ flight: Int, _ landing: InstanceState.Landing) {
        let ended = state.withLock { state in
            state.flights.failed(flight).compactMap { state.waiting.removeValue(forKey: $0.id) }
        }
        for continuation in ended { continuation.resume(returning: .landed(landing)) }
    }

    private static func staleLanding(_ need: ReadNeed, _ answer: Answer) -> InstanceState.Landing {
        if case .version(let least) = need, answer.version < least { return .failed(.unavailable(nil)) }
        return .answer(answer)
    }
}
