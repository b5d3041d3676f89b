/// Something that one process did, saw or was told, as it stands in a line of its history.
public struct HistoryEvent: Codable, Sendable, Equatable {
    /// What happened.
    public enum What: Codable, Sendable, Equatable {
        /// A write is about to be sent.
        ///
        /// The mark is the value written and the idempotency key: a retry has the same one.
        case attempted(key: String, mark: String)
        /// A write was acknowledged with the version that the row has now.
        case acknowledged(key: String, mark: String, version: Int)
        /// A write came back without an acknowledgement; it may have happened.
        case unacknowledged(key: String, mark: String)
        /// A read was answered.
        case answered(HistoryRead)
        /// A read was refused: 503.
        case refused(key: String, begunAt: Int)
        /// PostgreSQL is asked for a key under this lease of this epoch of the cache.
        case fetched(key: String, lease: String, epoch: Int)
        /// Nothing is cached, nothing is broken, and from now on nobody writes.
        case quiet
        /// A fault, or whatever a reader of the history should know.
        case noted(String)
    }

    /// Who: a process, with a number that changes each time it is started.
    public let instance: String
    /// When it was over, in nanoseconds of the machine's monotonic clock.
    public let at: Int
    /// What.
    public let what: What

    /// Makes an event.
    public init(instance: String, at: Int, _ what: What) {
        self.instance = instance
        self.at = at
        self.what = what
    }
}

/// A read and what was answered.
public struct HistoryRead: Codable, Sendable, Equatable {
    /// What the reader asked for.
    public enum Need: Codable, Sendable, Equatable {
        /// What is at most the staleness bound old.
        case recent
        /// At least this version: a version token.
        case version(Int)
        /// What PostgreSQL has now.
        case strong
    }

    /// In the place of a version: the answer said that there is no row, and nothing more.
    public static let absent = -1

    /// The key.
    public let key: String
    /// When the reader asked, in nanoseconds of the machine's monotonic clock.
    public let begunAt: Int
    /// What it asked for.
    public let need: Need
    /// The version of the answer; `absent` where a row was said not to exist and its version was not told.
    public let version: Int
    /// The mark in the answer; nil when the row does not exist.
    public let mark: String?
    /// The digest of the whole body; nil where there is none, or the store has no such bodies.
    public let digest: String?
    /// Where the answer came from.
    public let source: String
    /// Whether the answer was labelled stale.
    public let isStale: Bool
    /// Whether the version is the highest that can have been meant, and not one that was told.
    public let isAssumed: Bool

    /// Makes a read.
    public init(
        _ key: String,
        begunAt: Int,
        need: Need,
        version: Int,
        mark: String?,
        digest: String? = nil,
        source: String,
        isStale: Bool = false,
        isAssumed: Bool = false
    ) {
        self.key = key
        self.begunAt = begunAt
        self.need = need
        self.version = version
        self.mark = mark
        self.digest = digest
        self.source = source
        self.isStale = isStale
        self.isAssumed = isAssumed
    }
}
