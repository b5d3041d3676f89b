import Diagnostics

/// What a run of the migrator did.
public struct SchemaChangeReport: Sendable, Encodable {
    /// A step that was applied or undone.
    public struct Step: Sendable, Hashable, Encodable {
        /// Its number.
        public let number: Int
        /// Its name.
        public let name: String
        /// How long it took, in milliseconds.
        public let milliseconds: Int

        enum CodingKeys: String, CodingKey {
            case number, name
            case milliseconds = "duration_ms"
        }
    }

    /// The highest number before.
    public let from: Int
    /// The highest number after.
    public let to: Int
    /// What this run did, in its order; what another runner did meanwhile is not listed.
    public let steps: [Step]
}

/// Whether an applied step still is what it was.
public struct SchemaVerification: Sendable, Encodable {
    /// The step's number.
    public let number: Int
    /// Its name.
    public let name: String
    /// What does not hold any more; nil when all does.
    public let failure: SchemaError?

    /// Whether all holds.
    public var passed: Bool { failure == nil }

    enum CodingKeys: String, CodingKey {
        case number, name, passed, failure
    }

    /// The failure as its description.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(name, forKey: .name)
        try container.encode(passed, forKey: .passed)
        try container.encode(failure?.description, forKey: .failure)
    }
}
