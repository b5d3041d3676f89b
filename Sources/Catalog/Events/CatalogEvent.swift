public import Domain

/// A change of a document, or of a whole kind.
public struct CatalogEvent: Sendable, Equatable {
    /// What happened.
    public enum Action: String, Sendable {
        /// The document was made.
        case created
        /// It was changed.
        case updated
        /// It was removed.
        case deleted
        /// Any number of documents of the kind changed: read anew what you hold.
        case reloaded
    }

    /// Its place.
    public let position: EventPosition
    /// What happened.
    public let action: Action
    /// The table of the document, such as `tasks` or `task_lineage`.
    public let table: String
    /// The document's id; of composite keys the parts, joined with U+001F; nil for `reloaded`.
    public let id: String?
    /// The version after the change; 0 in mode `json` and for `reloaded`.
    public let version: Int
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// An event.
    public init(
        position: EventPosition,
        action: Action,
        table: String,
        id: String?,
        version: Int,
        microseconds: Int64
    ) {
        self.position = position
        self.action = action
        self.table = table
        self.id = id
        self.version = version
        self.microseconds = microseconds
    }
}

/// Events in a row.
public struct EventPage: Sendable, Equatable {
    /// The events, oldest first.
    public let events: [CatalogEvent]
    /// Where to go on: the last event, passed-over ones included.
    public let position: EventPosition
    /// Whether what was asked for is not there any more: events are missing before the first.
    public let isReset: Bool

    /// A page.
    public init(
        events: [CatalogEvent],
        position: EventPosition,
        isReset: Bool
    ) {
        self.events = events
        self.position = position
        self.isReset = isReset
    }
}
