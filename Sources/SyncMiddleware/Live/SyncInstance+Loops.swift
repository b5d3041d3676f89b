public import NIOCore
import Redis
import Synchronization

/// Reads on event loops: what Redis holds, without a task.
extension SyncInstance {
    /// The document of a row as Redis has it, for callers on an event loop that must not wait.
    ///
    /// Goes the way of `read` up to Redis's answer, over a connection of that loop. What Redis does not have, cannot answer for, or
    /// cannot be asked about just now `read` has; that counts it.
    ///
    /// - Parameters:
    ///   - kind: the table.
    ///   - id: the key's text, as for `read`.
    ///   - loop: where the caller is.
    ///   - completion: gets the answer on the loop, nil where there is none; never called before this returns.
    /// - Returns: false when Redis cannot be asked; the closure is not called then.
    public func fetchCached(
        _ kind: String,
        _ id: String,
        on loop: any EventLoop,
        _ completion: @escaping @Sendable (Answer?) -> Void
    ) -> Bool {
        guard let reads = reads(on: loop) else { return false }
        let key = "\(kind):\(id)"
        var machine = ReadStateMachine(need: .recent, token: "", patience: readPatience)
        let (access, run) = accessAndRun(.recent)
        let (ticket, hasNear) = state.withLock { ($0.near.ticket(for: key), $0.near.isLive) }
        guard case .get(let epoch) = machine.start(access) else { return false }
        return reads.get(CacheKey.name(key, epoch: epoch), on: run) { [self, machine] found, filledAt in
            var machine = machine
            guard case .document(let document) = found, document.content != .absent,
                case .answer(let found, _) = machine.found(found, access: access)
            else { return completion(nil) }
            counters.add(hasNear ? .nearMisses : .nearBypasses)
            counters.add(.redisHits)
            state.withLock {
                _ = $0.near.install(found.document, for: key, freshAsOf: found.freshAsOf, ticket: ticket)
            }
            completion(Answer(found, source: .redis, filledAt: filledAt, now: clock.now))
        }
    }

    /// The reads on a loop; made when they are first asked for, usable once their server is known.
    private func reads(on loop: any EventLoop) -> LoopReads? {
        loopReads.withLock { known in
            let name = ObjectIdentifier(loop)
            if let reads = known[name] { return reads }
            guard let connection = redis.connection(on: loop) else { return nil }
            let link =
                connection === redis.connection
                ? store.link : CacheLink(connection, configuration: configuration, counters: counters)
            let reads = LoopReads(link)
            known[name] = reads
            return reads
        }
    }

    /// Asks each new connection of the loops for the run id of its server, until the task is cancelled.
    func followLoopServers() async {
        while !Task.isCancelled {
            let links = loopReads.withLock { $0.values.map(\.link) }
            await withTaskGroup { group in
                for link in links where link !== store.link && link.run == nil {
                    group.addTask { _ = await link.identify() }
                }
            }
            await rest(Self.serverCheckInterval)
        }
    }
}
