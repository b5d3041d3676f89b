import Synchronization

/// A read of PostgreSQL that is to fill a key: there is one for each lease.
public struct LeasedRead: Sendable, Equatable {
    /// The table.
    public let kind: String
    /// The key's text.
    public let id: String
    /// The epoch of the key in Redis.
    public let epoch: Int
    /// The token of the lease.
    public let lease: String
}

extension SyncInstance {
    /// Tells each read of PostgreSQL under a lease, before it is sent; replaces who was told until now.
    public func observeLeasedReads(_ observer: @escaping @Sendable (LeasedRead) -> Void) {
        leasedReads.withLock { $0 = observer }
    }
}
