/// What PostgreSQL says in the end: the other half of what a history is held against.
public struct CommittedHistory: Sendable, Equatable {
    /// One committed version of a row.
    public struct Change: Sendable, Equatable {
        /// The row's key.
        public let key: String
        /// The version that the change made.
        public let version: Int
        /// The mark that was written.
        public let mark: String
        /// Whether the row was removed: a read of this version finds none.
        public let isDeletion: Bool
        /// The digest of the body that the version has; nil where it is not known.
        public let digest: String?

        /// Makes a change.
        public init(_ key: String, _ version: Int, _ mark: String, isDeletion: Bool = false, digest: String? = nil) {
            self.key = key
            self.version = version
            self.mark = mark
            self.isDeletion = isDeletion
            self.digest = digest
        }
    }

    /// A row of the change feed and the place that the relay gave it.
    public struct FeedEntry: Sendable, Equatable {
        /// The row's number in the feed, given when it was written.
        public let id: Int
        /// The changed row.
        public let key: String
        /// Its version after the change.
        public let version: Int

        /// Makes an entry.
        public init(id: Int, _ key: String, _ version: Int) {
            self.id = id
            self.key = key
            self.version = version
        }
    }

    /// A document, in PostgreSQL or in a cache.
    public struct Document: Sendable, Equatable {
        /// Its version; where the row was removed that of its removal.
        public let version: Int
        /// Its bytes; empty where there is no row.
        public let body: [UInt8]

        /// Makes a document.
        public init(version: Int, body: [UInt8]) {
            self.version = version
            self.body = body
        }
    }

    /// Every committed change.
    public var changes: [Change]
    /// The change feed.
    public var feed: [FeedEntry]
    /// Ids of feed rows in the order in which the relay passed them.
    public var passed: [Int]
    /// How many numbers the relay gave to the rows that it passed.
    public var numbered: Int
    /// The rows as they are.
    public var rows: [String: Document]
    /// What Redis has of them, a long time after the last fault.
    public var cached: [String: Document]

    /// Makes a history; what is left out is empty.
    public init(
        changes: [Change] = [],
        feed: [FeedEntry] = [],
        passed: [Int] = [],
        numbered: Int = 0,
        rows: [String: Document] = [:],
        cached: [String: Document] = [:]
    ) {
        self.changes = changes
        self.feed = feed
        self.passed = passed
        self.numbered = numbered
        self.rows = rows
        self.cached = cached
    }
}
