import Foundation

/// A key that does not hold what PostgreSQL says, and has not for longer than changes are on their way.
public struct CacheMismatch: Sendable, Equatable, Codable {
    /// What is wrong.
    public enum Reason: String, Sendable, Codable {
        /// PostgreSQL has it, Redis does not.
        case missing
        /// Redis has it, PostgreSQL does not.
        case unexpected
        /// Both have it, with different content under the same version.
        case different
        /// The cached version is lower than the row's.
        case older
        /// The cached version is higher than the row's.
        case newer
        /// The key holds another type than its family has.
        case wrongType = "wrong_type"
        /// The bytes are none that the scripts write.
        case garbage
        /// The body of a document that may not be in Redis.
        case secret
    }

    /// The key in Redis; what is not UTF-8 in it is shown as U+FFFD.
    public let key: String
    /// The field or member, where the key has several.
    public let member: String?
    /// What is wrong.
    public let reason: Reason
    /// The table of the row.
    public let kind: String?
    /// Its id.
    public let id: String?
    /// The version that PostgreSQL has; nil for a row that never was.
    public var expectedVersion: Int?
    /// The version that Redis has, where it says one.
    public var actualVersion: Int?
    /// What led there, oldest first: what the change feed, Redis and this process still know.
    public var history: [String]

    enum CodingKeys: String, CodingKey {
        case key, member, reason, kind, id, history
        case expectedVersion = "expected_version"
        case actualVersion = "actual_version"
    }

    init(
        key: [UInt8],
        member: [UInt8] = [],
        reason: Reason,
        kind: String? = nil,
        id: String? = nil,
        expectedVersion: Int? = nil,
        actualVersion: Int? = nil
    ) {
        self.key = String(decoding: key, as: UTF8.self)
        self.member = member.isEmpty ? nil : String(decoding: member, as: UTF8.self)
        self.reason = reason
        self.kind = kind
        self.id = id
        self.expectedVersion = expectedVersion
        self.actualVersion = actualVersion
        history = []
    }
}

/// What the checker found.
public struct CacheCheckReport: Sendable, Equatable, Codable {
    /// How many cached documents and published places were compared.
    public var checked = 0
    /// How many of them differ.
    public var mismatches = 0
    /// How many nines of the compared are right, such as 3 for 99.9 %; without a mismatch what the number allows to say.
    public var nines = 0.0
    /// What differs, at most as many as asked for.
    public var keys: [CacheMismatch] = []
    /// Places that differed at first and were right a moment later: changes on their way.
    public var settled = 0

    /// Adds what another check found.
    public mutating func add(_ other: CacheCheckReport) {
        checked += other.checked
        settled += other.settled
        keys += other.keys
        mismatches += other.mismatches
        nines = Self.nines(checked: checked, mismatches: mismatches)
    }

    /// −log10 of the share that is wrong, with one decimal; at most what so many comparisons can show.
    static func nines(checked: Int, mismatches: Int) -> Double {
        guard checked > 0 else { return 0 }
        let share = Double(max(mismatches, 1)) / Double(checked)
        return (max(0, -log10(share)) * 10).rounded(.down) / 10
    }
}
