public import Domain

/// A row of the change feed that the relay has passed on, with its number.
public struct FeedEvent: Sendable, Equatable {
    /// Its id for those who resume after it.
    public let position: EventPosition
    /// What happened to which row.
    public let row: FeedRow
    /// When the row was changed by PostgreSQL's clock, in microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64
}

/// Some events in the order of their numbers; of one row they are in the order of its versions.
public struct FeedPage: Sendable, Equatable {
    /// The events, without a gap; empty where there are none, or with `isReset`.
    public let events: [FeedEvent]
    /// Where to go on from.
    public let next: EventPosition
    /// Whether more events are there already.
    public let hasMore: Bool
    /// Whether the events after the place asked for are not known any more: it is of another timeline, or they were trimmed.
    ///
    /// What was missed cannot be said: everything may have changed. `next` is the newest event.
    public let isReset: Bool
}
