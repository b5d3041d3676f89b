/// The guards of the protocol, each of which a test takes away to see the promises break.
///
/// They are switched inside the production code and not in a copy of it, so that a guard whose line no longer does
/// anything is found out. Only tests can pass another value than `all`.
struct SyncGuards: OptionSet, Sendable, Equatable {
    let rawValue: UInt8

    /// FILL stores only for the holder of the key's lease.
    static let lease = SyncGuards(rawValue: 1 << 0)
    /// FILL stores nothing below the tombstone's floor.
    static let floor = SyncGuards(rawValue: 1 << 1)
    /// PUT replaces a tombstone only if it holds the writer's own token.
    static let putToken = SyncGuards(rawValue: 1 << 2)
    /// Another Redis than the one of the epoch is not used, and found by the relay it gets a new epoch.
    static let epoch = SyncGuards(rawValue: 1 << 3)
    /// The near-cache takes nothing that was fetched before an invalidation of its stripe.
    static let generation = SyncGuards(rawValue: 1 << 4)
    /// Caches serve callers without a token only while the relay is known to have drained the feed.
    static let drained = SyncGuards(rawValue: 1 << 5)
    /// The relay's position is a snapshot, not the highest transaction or row it saw.
    static let snapshotPosition = SyncGuards(rawValue: 1 << 6)

    static let all: SyncGuards = [.lease, .floor, .putToken, .epoch, .generation, .drained, .snapshotPosition]
}
