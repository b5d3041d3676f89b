public import Diagnostics

extension Discovery {
    /// What a watcher is told.
    public enum WatchEvent: Sendable {
        /// A pass was made; the first one, and each after a change of the tree.
        case pass(DiscoveryReport)
        /// The stores do not answer; the next look at the tree tries again.
        case unavailable(any CortexError)
    }

    /// Looks at the tree again and again until it is cancelled, and brings the catalog up to date when it has changed.
    ///
    /// - Parameters:
    ///   - interval: how long between two looks.
    ///   - cache: what earlier scans read.
    ///   - keep: is given the cache after each scan that read something.
    ///   - onEvent: is told of each pass.
    /// - Throws: what a pass throws when no later one can do better; not `CancellationError`.
    public func watch(
        every interval: Duration,
        cache: ContentCache,
        keep: @Sendable (ContentCache) throws -> Void,
        onEvent: @Sendable (WatchEvent) async throws -> Void
    ) async throws {
        var cache = cache
        var seen: DiscoveryScan?
        do {
            while true {
                let scan = try scan(&cache)
                if scan.read > 0 { try keep(cache) }
                if !(seen.map { scan.sawSame(as: $0) } ?? false) {
                    do {
                        try await onEvent(.pass(try await apply(scan)))
                        seen = scan
                    } catch let error as any CortexError where error.code.meaning.exitStatus == .unavailable {
                        try await onEvent(.unavailable(error))
                    }
                }
                try await Task.sleep(for: interval)
            }
        } catch is CancellationError {
            // That is how watching ends.
        } catch {
            // A store whose work was cut off by the cancellation says so in its own words.
            guard Task.isCancelled else { throw error }
        }
    }
}
