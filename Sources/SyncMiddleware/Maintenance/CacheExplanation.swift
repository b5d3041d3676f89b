/// Why a read of a key is answered from Redis, or is not.
public struct CacheExplanation: Sendable, Equatable, Codable {
    /// What a read would meet.
    public enum Verdict: String, Sendable, Codable {
        /// The cached document, which is what PostgreSQL has.
        case hit
        /// Nothing that could be answered with: PostgreSQL is read.
        case miss
        /// A document that is not what PostgreSQL has.
        case stale
        /// Redis may not be asked at all just now.
        case bypass
        /// A key of the published view that is as it has to be.
        case current
        /// A key that Cortex does not have.
        case foreign
    }

    /// What Redis holds.
    public struct Stored: Sendable, Equatable, Codable {
        /// `document`, `absent` (a mark that the row does not exist), `tombstone`, `garbage`, `nothing`, or a type.
        public var holds: String
        /// The version, or the floor of a tombstone.
        public var version: Int?
        /// The sensitivity that stands beside a document.
        public var sensitivity: String?
        /// The size of the body.
        public var bytes: Int?
        /// When it goes, in ms; nil for never.
        public var expiresInMilliseconds: Int?

        enum CodingKeys: String, CodingKey {
            case holds, version, sensitivity, bytes
            case expiresInMilliseconds = "expires_in_ms"
        }
    }

    /// What PostgreSQL has.
    public struct Row: Sendable, Equatable, Codable {
        /// Whether there is a row.
        public let exists: Bool
        /// Its version; of a deleted row that of the deletion, 0 for one that never was.
        public let version: Int
        /// Its sensitivity.
        public let sensitivity: String?
        /// The size of its document.
        public let bytes: Int
    }

    /// The key in Redis.
    public let key: String
    /// The table of the row.
    public var kind: String?
    /// Its id.
    public var id: String?
    /// What a read would meet.
    public var verdict: Verdict
    /// Why, in sentences.
    public var reasons: [String]
    /// What Redis holds.
    public var redis: Stored
    /// What PostgreSQL has; nil for keys that belong to no single row.
    public var postgres: Row?
    /// What led there, oldest first.
    public var history: [String]
}
