/// Holds histories against the promises; pure, and sound: what it reports cannot have been right.
///
/// When a version was committed nobody can see. But once it was acknowledged to anyone, or answered to anyone, it was:
/// those times, of the one clock that all processes share, are what ages are counted from.
public struct HistoryChecker: Sendable {
    /// The bound on the age of answers to readers without a token, in nanoseconds.
    let staleness: Int
    /// How near to each other two reads of PostgreSQL for one key cannot be right, in nanoseconds, when all is quiet.
    let leaseTime: Int
    let events: [HistoryEvent]
    let committed: CommittedHistory

    /// Holds the events, in order of time, and what PostgreSQL says against each other.
    ///
    /// The times are those of the middleware's configuration. Of the lease time half is taken: that much a process may
    /// be behind with its history.
    public init(
        _ events: [HistoryEvent],
        _ committed: CommittedHistory,
        staleness: Duration = .seconds(1),
        leaseTime: Duration = .milliseconds(500)
    ) {
        self.events = events
        self.leaseTime = leaseTime.nanoseconds / 2
        self.committed = committed
        self.staleness = staleness.nanoseconds
    }

    /// Every breach of every promise.
    public func breaches() -> [Breach] {
        lostWrites() + repeatedWrites() + readsBelowTokens() + outdatedAnswers() + returnedValues() + differences()
            + repeatedFetches() + relayFaults()
    }

    // MARK: What the history says

    /// An acknowledged write.
    struct Acknowledgement {
        let instance: String
        let at: Int
        let key: String
        let mark: String
        let version: Int
    }

    /// An answered read.
    struct Answer {
        let instance: String
        let at: Int
        let read: HistoryRead
    }

    var acknowledgements: [Acknowledgement] {
        events.compactMap { event in
            guard case .acknowledged(let key, let mark, let version) = event.what else { return nil }
            return Acknowledgement(instance: event.instance, at: event.at, key: key, mark: mark, version: version)
        }
    }

    var answers: [Answer] {
        events.compactMap { event in
            guard case .answered(let read) = event.what else { return nil }
            return Answer(instance: event.instance, at: event.at, read: read)
        }
    }
}

/// Which version of each key is known to be committed since when.
struct KnownVersions {
    private struct Known {
        let at: Int
        let version: Int
    }

    /// For each key rising in both time and version.
    private var known: [String: [Known]] = [:]

    /// Notes that the version was committed by then; times must not fall.
    mutating func note(_ key: String, _ version: Int, at time: Int) {
        if let last = known[key]?.last, last.version >= version { return }
        known[key, default: []].append(Known(at: time, version: version))
    }

    /// The newest version that is known to have been committed at that time; 0 when none is.
    func newest(_ key: String, at time: Int) -> Int {
        guard let list = known[key] else { return 0 }
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle].at <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : list[low - 1].version
    }

    /// Since when a version above this one is known to be committed; nil when none is.
    func newer(_ key: String, than version: Int) -> Int? {
        known[key]?.first { $0.version > version }?.at
    }
}
