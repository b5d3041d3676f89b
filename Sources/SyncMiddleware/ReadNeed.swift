/// What a reader needs.
public enum ReadNeed: Sendable, Equatable {
    /// At most S old.
    case recent
    /// At least this version, of any age: a version token.
    case version(Int)
    /// What PostgreSQL says now.
    case strong
}
