import Synchronization

/// The counters of an instance, for any thread: an atomic addition for each count.
///
/// `@unchecked Sendable`: the counts are atomics, and the pointer to them does not change between `init` and `deinit`.
final class SyncCounters: @unchecked Sendable {
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

    private let counts: UnsafeMutablePointer<Atomic<Int>>

    init() {
        counts = .allocate(capacity: Counter.allCases.count)
        for counter in Counter.allCases { (counts + counter.rawValue).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: Counter.allCases.count)
        counts.deallocate()
    }

    /// Counts.
    func add(_ counter: Counter, _ count: Int = 1) {
        counts[counter.rawValue].wrappingAdd(count, ordering: .relaxed)
    }

    /// All counts; one may be ahead of another that is counted with it.
    var snapshot: SyncStatistics {
        var statistics = SyncStatistics()
        for counter in Counter.allCases {
            statistics[keyPath: counter.path] = counts[counter.rawValue].load(ordering: .relaxed)
        }
        return statistics
    }
}
