/// A home of the data.
public enum CatalogHome: String, Sendable, CaseIterable {
    /// The coordination tree.
    case tree
    /// PostgreSQL, through the sync middleware.
    case postgres
}
