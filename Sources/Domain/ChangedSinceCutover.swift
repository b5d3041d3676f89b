/// A row that a program changed after the cutover, and that a migration therefore left alone.
public struct ChangedRow: Sendable, Codable, Equatable {
    /// What was done to it.
    public enum Change: String, Sendable, Codable, CaseIterable {
        case created, updated, deleted
    }

    /// The public table.
    public var table: String
    /// The row's key, columns joined with slashes.
    public var key: String
    /// What was done.
    public var change: Change

    /// A changed row.
    public init(table: String, key: String, change: Change) {
        self.table = table
        self.key = key
        self.change = change
    }
}

/// What programs changed after the cutover.
public struct ChangedSinceCutover: Sendable, Codable, Equatable {
    /// Rows in all.
    public var total = 0
    /// The rows, at most the first 10,000, by table and key.
    public var rows: [ChangedRow] = []

    /// Nothing was changed.
    public init() {}
}
