import Synchronization

/// The counters of an instance, for any thread.
final class SyncCounters: Sendable {
    /// What is counted.
    enum Counter: Int, Sendable, CaseIterable {
        case fills, refusedFills, repairedKeys, redisFailures, failedPolls, joinedReads
        case nearHits, nearMisses, nearBypasses, redisHits, redisMisses, redisBypasses, databaseReads, strongReads,
            databaseFailures
        case staleAnswers, failedReads, acknowledgedWrites, unknownWrites, repeatedAnswers, lostLinks, elections
        case passedRows, epochMoves, suspensions, trimmedRows, failedPublications

        fileprivate var path: WritableKeyPath<SyncStatistics, Int> {
            switch self {
            case .fills: \.fills
            case .refusedFills: \.refusedFills
            case .repairedKeys: \.repairedKeys
            case .redisFailures: \.redisFailures
            case .failedPolls: \.failedPolls
            case .nearHits: \.nearHits
            case .nearMisses: \.nearMisses
            case .nearBypasses: \.nearBypasses
            case .redisHits: \.redisHits
            case .redisMisses: \.redisMisses
            case .redisBypasses: \.redisBypasses
            case .databaseReads: \.databaseReads
            case .strongReads: \.strongReads
            case .databaseFailures: \.databaseFailures
            case .joinedReads: \.joinedReads
            case .staleAnswers: \.staleAnswers
            case .failedReads: \.failedReads
            case .acknowledgedWrites: \.acknowledgedWrites
            case .unknownWrites: \.unknownWrites
            case .repeatedAnswers: \.repeatedAnswers
            case .lostLinks: \.lostLinks
            case .elections: \.elections
            case .passedRows: \.passedRows
            case .epochMoves: \.epochMoves
            case .suspensions: \.suspensions
            case .trimmedRows: \.trimmedRows
            case .failedPublications: \.failedPublications
            }
        }
    }

    private let counts = Mutex(Array(repeating: 0, count: Counter.allCases.count))

    /// Counts.
    func add(_ counter: Counter, _ count: Int = 1) {
        counts.withLock { $0[counter.rawValue] += count }
    }

    /// All counts.
    var snapshot: SyncStatistics {
        let counts = counts.withLock { $0 }
        var statistics = SyncStatistics()
        for counter in Counter.allCases { statistics[keyPath: counter.path] = counts[counter.rawValue] }
        return statistics
    }
}
