public import Domain

/// Where the truth lives and who answers.
public struct CatalogStatus: Sendable, Equatable {
    /// How a server is.
    public enum Server: String, Sendable {
        /// It answers.
        case connected
        /// It does not.
        case unavailable
        /// This mode does without it.
        case unused
    }

    /// Where the truth lives.
    public let mode: SystemMode
    /// The epoch of the mode; 0 where there is no database.
    public let modeEpoch: Int
    /// Which home answers: in mode `frozen` the one where the truth is until the flip.
    public let home: CatalogHome
    /// PostgreSQL.
    public let postgres: Server
    /// Redis.
    public let redis: Server
    /// Whether reads can be answered, if only with stale documents.
    public let canRead: Bool
    /// Whether writes can be taken.
    public let canWrite: Bool

    /// A status; without `home` it is that of the mode, the tree for all modes but `postgres`.
    public init(
        mode: SystemMode,
        modeEpoch: Int,
        home: CatalogHome? = nil,
        postgres: Server,
        redis: Server,
        canRead: Bool,
        canWrite: Bool
    ) {
        self.mode = mode
        self.modeEpoch = modeEpoch
        self.home = home ?? (mode == .postgres ? .postgres : .tree)
        self.postgres = postgres
        self.redis = redis
        self.canRead = canRead
        self.canWrite = canWrite
    }
}
