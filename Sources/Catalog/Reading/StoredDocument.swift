public import Domain

/// A document as a reader gets it.
public struct StoredDocument: Sendable, Equatable {
    /// Where an answer comes from.
    public enum Tier: String, Sendable {
        /// The cache inside of the process.
        case near
        /// Redis.
        case redis
        /// PostgreSQL.
        case postgres
        /// The coordination tree.
        case file
    }

    /// Which document.
    public let key: DocumentKey
    /// The bytes of the body, `{"version":N,…`: a function of the row or record alone.
    public let body: [UInt8]
    /// The row's version; 0 in mode `json`.
    public let version: Int
    /// Names the version: the ETag without its quotes.
    public let token: VersionToken
    /// Who may see it.
    public let sensitivity: Sensitivity
    /// Where it came from.
    public let tier: Tier
    /// How long ago it was surely right; of a stale one, how long ago it was stored.
    public let age: Duration
    /// Whether it may be older than a second, because PostgreSQL is away.
    public let isStale: Bool

    /// A document.
    public init(
        key: DocumentKey,
        body: [UInt8],
        version: Int,
        token: VersionToken,
        sensitivity: Sensitivity,
        tier: Tier,
        age: Duration = .zero,
        isStale: Bool = false
    ) {
        self.key = key
        self.body = body
        self.version = version
        self.token = token
        self.sensitivity = sensitivity
        self.tier = tier
        self.age = age
        self.isStale = isStale
    }
}

/// How new a document has to be.
public enum CatalogNeed: Sendable, Hashable {
    /// At most a second old.
    case recent
    /// At least the version of this token; one of an earlier epoch, or of the other home, asks for no more than `recent`
    /// where the data moved since, and is never an error.
    case atLeast(VersionToken)
    /// What the truth says now.
    case strong
}
