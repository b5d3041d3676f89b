import Foundation

/// What a reader gets.
public struct Answer: Sendable, Equatable {
    /// Where an answer comes from.
    public enum Source: String, Sendable, Equatable {
        /// The cache inside of the process.
        case near
        /// Redis.
        case redis
        /// PostgreSQL.
        case database
        /// Redis while PostgreSQL is away: it may be older than S, and is to be marked stale.
        case stale
    }

    /// The row's version; where it does not exist that of its deletion, or 0.
    public let version: Int
    /// The response body that PostgreSQL made; nil where the row does not exist.
    public let body: [UInt8]?
    /// Who may see the row; nil where it does not exist.
    public let sensitivity: String?
    /// Where the answer comes from.
    public let source: Source
    /// How long ago the answer was surely right; of a stale one, how long ago it was stored.
    public let age: Duration

    /// What a read found; `now` is our clock, `filledAt` that of Redis when it stored the document.
    init(_ found: ReadStateMachine.Answer, source: Source, filledAt: Int?, now: Int) {
        let known = max(0, now - found.freshAsOf)
        let stored = filledAt.map { max(0, Int(Date().timeIntervalSince1970 * 1000) - $0) }
        let age =
            switch source {
            case .near, .database: known
            // What is known of the relay says nothing of a stale answer; what nobody dated is as old as it is stored.
            case .redis: min(known, stored ?? known)
            case .stale: stored ?? 0
            }
        self.init(found.document, source: source, age: .milliseconds(age))
    }

    init(_ document: VersionedDocument, source: Source, age: Duration) {
        version = document.version
        switch document.content {
        case .present(let body, let sensitivity): (self.body, self.sensitivity) = (body, sensitivity)
        case .absent: (body, sensitivity) = (nil, nil)
        }
        self.source = source
        self.age = age
    }
}
