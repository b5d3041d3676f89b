/// The advisory locks of the sync middleware, each of one database.
enum SyncLock {
    /// Held by the session of the relay in office.
    static let relay: Int64 = 0x636f_7274_6578_0001
    /// Held by each transaction that writes, shared, until it ends; whoever moves the epoch takes it for itself and so
    /// waits for them.
    static let epoch: Int64 = 0x636f_7274_6578_0002
    /// The first key of the two that stand for an `Idempotency-Key`; the second is a hash of it.
    static let idempotency: Int32 = 0x636f_7278
}
