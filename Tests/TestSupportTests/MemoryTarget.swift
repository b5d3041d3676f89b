import Synchronization
import TestSupport

/// A store in memory that keeps every promise, or breaks one on purpose.
final class MemoryTarget: LoadTarget {
    enum Flaw: Sendable {
        case none
        /// Every tenth write is acknowledged and forgotten.
        case losesWrites
        /// Retries run again.
        case repeatsWrites
        /// Tokens are not looked at, and answers are one version old.
        case ignoresTokens
    }

    private struct State {
        var rows: [String: [String]] = [:]
        var versions: [String: Int] = [:]
        var writes = 0
    }

    private let flaw: Flaw
    private let state = Mutex(State())

    init(_ flaw: Flaw) {
        self.flaw = flaw
    }

    func read(_ key: String, _ need: HistoryRead.Need) -> LoadAnswer? {
        let marks = state.withLock { $0.rows[key] ?? [] }
        let version = flaw == .ignoresTokens ? max(0, marks.count - 1) : marks.count
        return LoadAnswer(version: version, mark: version == 0 ? nil : marks[version - 1], source: "memory")
    }

    /// Every fifth reply to a write is lost.
    func write(_ key: String, mark: String) -> Int? {
        state.withLock { state in
            state.writes += 1
            let isLost = state.writes % 5 == 0
            if let version = state.versions[mark], flaw != .repeatsWrites { return isLost ? nil : version }
            let version = (state.rows[key]?.count ?? 0) + 1
            if flaw == .losesWrites, state.writes % 10 == 1 { return version }
            state.rows[key, default: []].append(mark)
            state.versions[mark] = version
            return isLost ? nil : version
        }
    }

    /// Removes nothing: a store may write instead.
    func remove(_ key: String, mark: String) -> Int? { write(key, mark: mark) }

    /// What is stored in the end.
    var changes: [CommittedHistory.Change] {
        state.withLock(\.rows).flatMap { key, marks in
            marks.enumerated().map { CommittedHistory.Change(key, $0.offset + 1, $0.element) }
        }
    }
}
