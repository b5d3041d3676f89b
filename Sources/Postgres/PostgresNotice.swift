/// A NOTICE or WARNING that the server sent beside its answer.
public struct PostgresNotice: Sendable, Equatable {
    /// `NOTICE`, `WARNING`, …; in English whatever the server's language.
    public let severity: String
    /// The five-character SQLSTATE, such as `01000`.
    public let sqlState: String
    /// What the server said.
    public let message: String
    /// More about it; may hold row contents.
    public let detail: String?
    /// What the server advises.
    public let hint: String?
}

/// A NOTIFY that another session sent on a channel this session listens on.
public struct PostgresNotification: Sendable, Equatable {
    /// The channel.
    public let channel: String
    /// The text given to NOTIFY; empty if none.
    public let payload: String
    /// The server process that sent it.
    public let backendPID: Int32
    /// How many notifications were dropped before this one, because nobody took them and the queue of 1,024 was full.
    public let missed: Int
}
