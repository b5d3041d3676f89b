import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys that were verified lately: answers without asking the store, for as long as what is known is fresh.
///
/// A key is fresh for `freshness` after the question whose answer it is. When the store cannot answer about it, it counts
/// for `outageGrace` after the last answer instead, so that losing the database does not lock everybody out. What is revoked,
/// expired or gone is dropped and decided anew by the store.
struct KeyCacheStateMachine {
    /// What a presented key is worth.
    enum Action {
        /// It is valid.
        case grant(Caller)
        /// Ask the store.
        case ask
    }

    private struct Entry {
        /// The text that was verified, so that it is compared and not hashed at each request.
        let text: [UInt8]
        var record: APIKeyRecord
        var caller: Caller
        /// When the store was last asked and answered.
        var checkedAt: ContinuousClock.Instant
        /// Whether the store could not answer when it was last asked.
        var isUnanswered = false
        /// When it was last presented.
        var usedAt: ContinuousClock.Instant
    }

    private let configuration: AccessConfiguration
    private var entries: [APIKeyID: Entry] = [:]

    init(_ configuration: AccessConfiguration) {
        self.configuration = configuration
    }

    /// How many keys are kept.
    var count: Int { entries.count }

    /// A key is presented.
    mutating func present(_ id: APIKeyID, _ text: UnsafeRawBufferPointer, at now: ContinuousClock.Instant) -> Action {
        guard let index = entries.index(forKey: id) else { return .ask }
        let entry = entries.values[index]
        let limit = entry.isUnanswered ? configuration.outageGrace : configuration.freshness
        guard now - entry.checkedAt <= limit, entry.text.withUnsafeBytes({ ConstantTime.areEqual($0, text) }) else {
            return .ask
        }
        entries.values[index].usedAt = now
        return .grant(entry.caller)
    }

    /// The store, asked at this time, knows a key and it is valid: keeps it, if need be in place of the one that was presented
    /// longest ago, and gives its caller, which is the one kept before as long as the record is the same.
    mutating func verified(
        _ record: APIKeyRecord,
        text: [UInt8],
        askedAt: ContinuousClock.Instant
    ) -> Caller {
        if var known = entries[record.id], known.record == record {
            if known.checkedAt < askedAt { (known.checkedAt, known.isUnanswered) = (askedAt, false) }
            known.usedAt = max(known.usedAt, askedAt)
            entries[record.id] = known
            return known.caller
        }
        let caller = Caller(record.principal, limit: configuration.keyLimit)
        if entries[record.id] == nil, entries.count >= configuration.maximumKeys,
            let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt })?.key
        {
            entries[oldest] = nil
        }
        entries[record.id] = Entry(text: text, record: record, caller: caller, checkedAt: askedAt, usedAt: askedAt)
        return caller
    }

    /// Time for a refresh: forgets the keys that nobody presented for `outageGrace`, and says which to ask about.
    mutating func refresh(at now: ContinuousClock.Instant) -> Set<APIKeyID> {
        entries = entries.filter { now - $0.value.usedAt <= configuration.outageGrace }
        return Set(entries.keys)
    }

    /// The store's answer about these keys, which it was asked about at this time.
    mutating func refreshed(
        _ ids: Set<APIKeyID>,
        _ lookup: KeyLookup,
        askedAt: ContinuousClock.Instant,
        wallClock: Date
    ) {
        for id in ids {
            guard var entry = entries[id], entry.checkedAt <= askedAt else { continue }
            if lookup.unanswered.contains(id) {
                entry.isUnanswered = true
                entries[id] = entry.record.refusal(at: wallClock) == nil ? entry : nil
            } else if let record = lookup.records[id], record.sha256 == entry.record.sha256,
                record.refusal(at: wallClock) == nil
            {
                if record != entry.record {
                    entry.record = record
                    entry.caller = Caller(record.principal, limit: configuration.keyLimit)
                }
                (entry.checkedAt, entry.isUnanswered) = (askedAt, false)
                entries[id] = entry
            } else {
                entries[id] = nil
            }
        }
    }
}
