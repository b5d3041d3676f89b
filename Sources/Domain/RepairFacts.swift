/// What a repair found, did and left.
public struct RepairFacts: Sendable, Equatable, Encodable {
    /// What the verification before the repair found.
    public var before: VerificationReport
    /// What the verification after it found.
    public var after: VerificationReport
    /// Files, members of containers included, that were read again from the tree.
    public var files: Int
    /// Rows that were written.
    public var rowsChanged: Int

    /// Facts of a repair; without further numbers one that had nothing to do.
    public init(before: VerificationReport, after: VerificationReport, files: Int = 0, rowsChanged: Int = 0) {
        self.before = before
        self.after = after
        self.files = files
        self.rowsChanged = rowsChanged
    }

    private enum CodingKeys: String, CodingKey {
        case passed, checks, differences, repaired
    }

    private enum RepairedKeys: String, CodingKey {
        case differences, files
        case rowsChanged = "rows_changed"
    }

    /// Writes the report after the repair as `verify` does, and `repaired` with what was found and done.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(after.passed, forKey: .passed)
        try container.encode(after.checks, forKey: .checks)
        try container.encode(after.differences, forKey: .differences)
        var repaired = container.nestedContainer(keyedBy: RepairedKeys.self, forKey: .repaired)
        try repaired.encode(before.checks.reduce(0) { $0 + $1.different }, forKey: .differences)
        try repaired.encode(files, forKey: .files)
        try repaired.encode(rowsChanged, forKey: .rowsChanged)
    }
}
