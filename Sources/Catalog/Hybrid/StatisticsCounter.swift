import Domain
import Synchronization

/// Counts of the whole catalog: made for one caller at a time, because they read every row.
///
/// What took long to count is kept for as long, times four, so that whoever asks all the time takes a fifth of one session; what
/// is counted quickly is counted anew each time.
final class StatisticsCounter: Sendable {
    private struct Kept {
        let statistics: CatalogStatistics
        let until: ContinuousClock.Instant
    }

    private struct State {
        var kept: [Sensitivity: Kept] = [:]
        var isCounting = false
        /// Those who come after the one who counts, in their order.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// A count that takes less is not kept.
    private let quick: Duration
    private let state = Mutex(State())

    init(quick: Duration = .milliseconds(200)) {
        self.quick = quick
    }

    /// What somebody with this clearance may know, which `count` makes.
    ///
    /// Throws what that throws.
    func statistics(
        clearance: Sensitivity,
        count: @Sendable () async throws -> CatalogStatistics
    ) async throws -> CatalogStatistics {
        await enter()
        defer { leave() }
        try Task.checkCancellation()
        return try await keptOrCounted(clearance, count)
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isCounting { state.waiting.append(continuation) }
                defer { state.isCounting = true }
                return !state.isCounting
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isCounting = !state.waiting.isEmpty
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }

    private func keptOrCounted(
        _ clearance: Sensitivity,
        _ count: @Sendable () async throws -> CatalogStatistics
    ) async throws -> CatalogStatistics {
        let start = ContinuousClock.now
        if let kept = state.withLock({ $0.kept[clearance] }), start < kept.until { return kept.statistics }
        let statistics = try await count()
        let end = ContinuousClock.now
        let isQuick = start.duration(to: end) < quick
        state.withLock { state in
            let until = end + start.duration(to: end) * 4
            state.kept[clearance] = isQuick ? nil : Kept(statistics: statistics, until: until)
        }
        return statistics
    }
}
