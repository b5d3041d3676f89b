/// One check of a verification: how much was compared and how much differed.
public struct VerificationCheck: Sendable, Codable, Equatable {
    /// The stable name: `files`, `records`, `ledger`, `rows` or `references`.
    public var name: String
    /// Whether nothing differed.
    public var passed: Bool
    /// Things compared.
    public var compared: Int
    /// Things that differed.
    public var different: Int

    /// A check that passed when nothing differed.
    public init(name: String, compared: Int, different: Int) {
        self.name = name
        self.passed = different == 0
        self.compared = compared
        self.different = different
    }
}

/// A difference that a verification found, with every name that applies.
public struct Difference: Sendable, Codable, Equatable {
    /// Where: `files`, `records`, `ledger`, `rows` or `references`.
    public var layer: String
    /// The file's path as text.
    public var path: String?
    /// The record.
    public var recordID: String?
    /// The public table.
    public var table: String?
    /// The row's key.
    public var key: String?
    /// The column.
    public var column: String?
    /// What the source says, shortened.
    public var expected: String?
    /// What the database says, shortened.
    public var actual: String?

    /// A difference.
    public init(
        layer: String,
        path: String? = nil,
        recordID: String? = nil,
        table: String? = nil,
        key: String? = nil,
        column: String? = nil,
        expected: String? = nil,
        actual: String? = nil
    ) {
        self.layer = layer
        self.path = path
        self.recordID = recordID
        self.table = table
        self.key = key
        self.column = column
        self.expected = expected
        self.actual = actual
    }

    enum CodingKeys: String, CodingKey {
        case layer, path, table, key, column, expected, actual
        case recordID = "record_id"
    }
}

/// What a verification found.
public struct VerificationReport: Sendable, Codable, Equatable {
    /// Whether every check passed.
    public var passed: Bool
    /// The checks, in the order in which they ran.
    public var checks: [VerificationCheck]
    /// The first differences; `checks` has the full counts.
    public var differences: [Difference]

    /// A report of these checks.
    public init(checks: [VerificationCheck], differences: [Difference]) {
        self.passed = checks.allSatisfy(\.passed)
        self.checks = checks
        self.differences = differences
    }
}
