/// What was acknowledged and what was read of some documents, each written by one writer at a time; pure.
///
/// Each write of a document carries a number above that of the write before. A read is stale when a write with a higher number
/// than the one read was acknowledged before the read was sent; how stale is the time since the first such acknowledgement:
/// since then the value read was no longer the current one.
struct ReadWriteHistory {
    private struct Document {
        /// When each number was acknowledged; nil: it was not.
        var acknowledged: [ContinuousClock.Instant?] = []
        /// Whether the outcome of a write is not known: it may take effect at any time, so nothing can be said any more.
        var isUncertain = false
    }

    private var documents: [Document]
    /// How many reads were stale.
    private(set) var staleReads = 0
    /// How stale the stalest was.
    private(set) var maximumStaleness: Duration = .zero

    init(documents: Int) {
        self.documents = Array(repeating: Document(), count: documents)
    }

    /// A write was acknowledged.
    mutating func acknowledged(_ document: Int, _ number: Int, at now: ContinuousClock.Instant) {
        let missing = number + 1 - documents[document].acknowledged.count
        if missing > 0 { documents[document].acknowledged += Array(repeating: nil, count: missing) }
        documents[document].acknowledged[number] = now
    }

    /// It is not known whether a write took effect.
    mutating func uncertain(_ document: Int) {
        documents[document].isUncertain = true
    }

    /// A read that was sent at this time gave this number.
    mutating func read(_ document: Int, _ number: Int, sentAt: ContinuousClock.Instant) {
        guard !documents[document].isUncertain else { return }
        let times = documents[document].acknowledged
        guard number + 1 < times.count, let first = times[(number + 1)...].lazy.compactMap({ $0 }).first,
            first <= sentAt
        else { return }
        staleReads += 1
        maximumStaleness = max(maximumStaleness, sentAt - first)
    }
}
