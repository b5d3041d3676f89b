/// Counts denials so that a row is written at a bounded rate, however many there are; pure.
///
/// The first of a kind gives a row at once; those of the same kind that follow within `window` are one row at its end.
struct DenialTallyStateMachine: Sendable {
    /// How much is told.
    struct Limits: Sendable, Equatable {
        /// How long denials of one kind are counted together; 10 s.
        var window: Duration = .seconds(10)
        /// How many kinds are counted apart within a window; 100, all others share a row.
        var kinds = 100
        /// How many rows wait to be written; 1,000, then further ones are counted and not told.
        var rows = 1_000
    }

    private struct Kind {
        var since: ContinuousClock.Instant
        var count = 0
        /// When the first of those that are counted was.
        var first: ContinuousClock.Instant?
    }

    private let limits: Limits
    private var kinds: [Denial: Kind] = [:]
    private var others = Kind(since: .now)
    private var due: [(denial: Denial?, count: Int, first: ContinuousClock.Instant)] = []

    init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Somebody was not let in.
    mutating func note(_ denial: Denial, at now: ContinuousClock.Instant) {
        if var known = kinds[denial] {
            known.count += 1
            known.first = known.first ?? now
            kinds[denial] = known
        } else if kinds.count < limits.kinds {
            kinds[denial] = Kind(since: now)
            add(denial, count: 1, first: now)
        } else {
            others.count += 1
            others.first = others.first ?? now
        }
    }

    /// The rows that are due, and those windows that have ended with them.
    ///
    /// At most `limits.rows` at a time; what is taken has to be given back with `failed` where it could not be written.
    mutating func take(at now: ContinuousClock.Instant) -> [DenialRow] {
        for (denial, kind) in kinds where now - kind.since >= limits.window {
            if let first = kind.first { add(denial, count: kind.count, first: first) }
            kinds[denial] = kind.count > 0 ? Kind(since: now) : nil
        }
        if now - others.since >= limits.window {
            if let first = others.first { add(nil, count: others.count, first: first) }
            others = Kind(since: now)
        }
        defer { due = [] }
        return due.map { DenialRow(denial: $0.denial, count: $0.count, age: now - $0.first) }
    }

    /// Rows could not be written: they are due again, as far as there is room.
    mutating func failed(_ rows: [DenialRow], takenAt: ContinuousClock.Instant) {
        for row in rows { add(row.denial, count: row.count, first: takenAt - row.age) }
    }

    private mutating func add(_ denial: Denial?, count: Int, first: ContinuousClock.Instant) {
        guard due.count < limits.rows else { return }
        due.append((denial, count, first))
    }
}
