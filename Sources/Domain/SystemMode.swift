/// Where the truth lives right now; see `docs/architecture.md`.
public enum SystemMode: String, Sendable, Codable, CaseIterable {
    /// The JSON tree is the truth.
    case json
    /// The tree is the truth; PostgreSQL is being brought up to it.
    case catchup
    /// Writes wait for the flip.
    case frozen
    /// PostgreSQL is the truth.
    case postgres
}
