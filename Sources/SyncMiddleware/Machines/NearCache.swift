import Domain

/// One shard of the cache inside the process: bounded by bytes, CLOCK replacement, entries of bounded age.
///
/// An entry may be used until S after `freshAsOf`, the time up to which it is known to hold every change; so a value
/// taken from Redis lives shorter here than one read from PostgreSQL, and the two ages never add up.
/// The link of invalidations is `lost` (nothing is stored or served) or `live`. Whoever fetches takes a `Ticket`
/// first; what comes is stored only if neither its stripe nor the link has moved since.
struct NearCache: Sendable {
    /// A moment before a fetch.
    struct Ticket: Sendable, Equatable {
        fileprivate let stripe: Int
        fileprivate let generation: Int
        fileprivate let link: Int
    }

    private struct Entry {
        let key: String
        var document: VersionedDocument
        var freshAsOf: Int
        var wasUsed: Bool
    }

    /// What an entry costs besides its key and body.
    private static let allowance = 160

    private let limit: Int
    private let staleness: Int
    private let guards: SyncGuards
    private var generations: [Int]
    private var linkGeneration = 0
    private(set) var isLive = false
    private var places: [ExactText: Int] = [:]
    private var slots: [Entry?] = []
    private var free: [Int] = []
    private var hand = 0
    /// The bytes in use, allowances included; never above the limit.
    private(set) var bytes = 0

    init(_ configuration: SyncConfiguration) {
        limit = configuration.nearCacheBytes
        staleness = configuration.staleness.milliseconds
        guards = configuration.guards
        generations = Array(repeating: 0, count: max(1, configuration.nearCacheStripes))
    }

    /// The number of entries.
    var count: Int { places.count }

    // MARK: The link

    /// Invalidations arrive from now on.
    mutating func linkEstablished() {
        isLive = true
        linkGeneration += 1
    }

    /// Invalidations may have been missed, or the epoch moved: everything goes.
    ///
    /// - Parameter staysLive: the link itself is fine (the epoch moved).
    mutating func clear(staysLive: Bool) {
        isLive = isLive && staysLive
        linkGeneration += 1
        places = [:]
        slots = []
        free = []
        hand = 0
        bytes = 0
    }

    // MARK: Entries

    /// To be taken before anything is fetched for the key.
    func ticket(for key: String) -> Ticket {
        let stripe = stripe(of: key)
        return Ticket(stripe: stripe, generation: generations[stripe], link: linkGeneration)
    }

    /// Whether nothing was invalidated in the ticket's stripe since.
    func isCurrent(_ ticket: Ticket) -> Bool {
        generations[ticket.stripe] == ticket.generation && linkGeneration == ticket.link
    }

    /// The document, if it is there and young enough.
    mutating func document(for key: String, now: Int) -> (document: VersionedDocument, freshAsOf: Int)? {
        guard isLive, let place = places[ExactText(key)], let entry = slots[place] else { return nil }
        guard now < entry.freshAsOf + staleness else {
            remove(place)
            return nil
        }
        slots[place]?.wasUsed = true
        return (entry.document, entry.freshAsOf)
    }

    /// Stores what was fetched since the ticket was taken.
    ///
    /// - Returns: false when it was not stored.
    @discardableResult
    mutating func install(
        _ document: VersionedDocument,
        for key: String,
        freshAsOf: Int,
        ticket: Ticket
    ) -> Bool {
        guard isLive, linkGeneration == ticket.link else { return false }
        guard !guards.contains(.generation) || isCurrent(ticket) else { return false }
        let size = document.size + key.utf8.count + Self.allowance
        guard size <= limit, !document.isSecretMark else { return false }
        if let place = places[ExactText(key)], let old = slots[place] {
            if old.document.version > document.version { return false }
            remove(place)
        }
        while bytes + size > limit { evictOne() }
        let entry = Entry(key: key, document: document, freshAsOf: freshAsOf, wasUsed: false)
        if let place = free.popLast() {
            slots[place] = entry
            places[ExactText(key)] = place
        } else {
            places[ExactText(key)] = slots.count
            slots.append(entry)
        }
        bytes += size
        return true
    }

    /// A version of the key is known: an older entry goes, and no fetch under way may bring one back.
    mutating func invalidate(_ key: String, version: Int) {
        generations[stripe(of: key)] += 1
        if let place = places[ExactText(key)], let entry = slots[place], entry.document.version < version {
            remove(place)
        }
    }

    /// The same for a write of ours, whose document is stored if nothing was invalidated since the ticket was taken.
    mutating func replace(_ document: VersionedDocument, for key: String, freshAsOf: Int, ticket: Ticket) {
        let isCurrent = isCurrent(ticket)
        invalidate(key, version: document.version)
        if isCurrent { install(document, for: key, freshAsOf: freshAsOf, ticket: self.ticket(for: key)) }
    }

    // MARK: Private parts

    /// CLOCK: the hand passes over entries that were used since it last came by.
    private mutating func evictOne() {
        while true {
            if hand >= slots.count { hand = 0 }
            let place = hand
            hand += 1
            guard let entry = slots[place] else { continue }
            guard entry.wasUsed else {
                return remove(place)
            }
            slots[place]?.wasUsed = false
        }
    }

    private mutating func remove(_ place: Int) {
        guard let entry = slots[place] else { return }
        slots[place] = nil
        places[ExactText(entry.key)] = nil
        free.append(place)
        bytes -= entry.document.size + entry.key.utf8.count + Self.allowance
    }

    /// FNV-1a, so that the same keys share a stripe in every run.
    private func stripe(of key: String) -> Int {
        if generations.count == 1 { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int(hash % UInt64(generations.count))
    }
}
