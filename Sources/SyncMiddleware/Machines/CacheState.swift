/// The row `cortex.cache_state` with the relay's progress, as one query reads it.
struct CacheState: Sendable, Equatable {
    /// Part of every private key; it never falls, not by a restore either: instances take no notice of a lower one.
    var epoch = 1
    /// The run id of the Redis server that the epoch belongs to.
    var redisRun = ""
    /// The relay cannot reach Redis and passes changes without it.
    var isSuspended = false
    /// How many drains the relay has recorded.
    ///
    /// A drain says: all that a snapshot saw, which was taken when the count was one lower, is out of Redis.
    var drains = 0
    /// Up to where the feed was passed.
    var position = TransactionSnapshot.nothing
}
