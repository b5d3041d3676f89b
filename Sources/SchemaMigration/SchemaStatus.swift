import Diagnostics

/// Where the schema of a database stands, seen from this program.
public struct SchemaStatus: Sendable, Encodable {
    /// The four things that can be.
    public enum State: String, Sendable, Encodable {
        /// No migration was applied.
        case absent
        /// Some are missing.
        case outdated
        /// All are applied.
        case current
        /// There are some that this program does not know.
        case newer
    }

    /// A step that is still to be applied.
    public struct Pending: Sendable, Hashable, Encodable {
        /// Its number.
        public let number: Int
        /// Its name.
        public let name: String
    }

    /// How it stands.
    public let state: State
    /// The highest number applied; 0 without any.
    public let current: Int
    /// The highest number that this program knows.
    public let latest: Int
    /// What was applied, in order.
    public let applied: [AppliedStep]
    /// What is still to be applied, in order.
    public let pending: [Pending]
    /// Why this program would not touch the schema: it is newer, its ledger has a gap, or an applied migration differs from
    /// the one shipped.
    public let problem: SchemaError?

    enum CodingKeys: String, CodingKey {
        case state, current, latest, applied, pending, problem
    }

    /// The problem as its code and message.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        try container.encode(current, forKey: .current)
        try container.encode(latest, forKey: .latest)
        try container.encode(applied, forKey: .applied)
        try container.encode(pending, forKey: .pending)
        let problem = problem.map { ["code": $0.code.rawValue, "message": $0.message] }
        try container.encode(problem, forKey: .problem)
    }
}

/// A row of the ledger.
public struct AppliedStep: Sendable, Hashable, Encodable {
    /// The number.
    public let number: Int
    /// The name that it had.
    public let name: String
    /// The checksum that it had.
    public let checksum: String
    /// When it was applied, such as `2026-01-31T12:00:00Z`.
    public let appliedAt: String
    /// The role that applied it.
    public let appliedBy: String
    /// How long it took, in milliseconds.
    public let milliseconds: Int

    enum CodingKeys: String, CodingKey {
        case number, name, checksum
        case appliedAt = "applied_at"
        case appliedBy = "applied_by"
        case milliseconds = "duration_ms"
    }

    var label: String { SchemaStep.label(number, name) }
}
