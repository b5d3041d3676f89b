/// A statement with its bound parameters, for those that are sent together.
public struct PostgresStatement: Sendable, Equatable {
    /// The text, with `$1`, `$2`, … for the parameters.
    public let sql: String
    /// The parameters.
    public let parameters: [PostgresValue]

    /// A statement.
    public init(_ sql: String, _ parameters: [PostgresValue] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}
