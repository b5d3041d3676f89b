public import Domain

/// What a user may do; the raw values are those of `users.role` for users that Cortex made.
///
/// A user with another role, such as an imported one, may sign in and do nothing.
public enum UserRole: String, Sendable, CaseIterable, Codable {
    /// Everything, and reads everything.
    case admin
    /// Reads up to confidential, and writes.
    case editor
    /// Reads up to internal.
    case viewer

    /// What it may do.
    public var scopes: AccessScopes {
        switch self {
        case .admin: [.read, .write, .admin]
        case .editor: [.read, .write]
        case .viewer: .read
        }
    }

    /// Up to where it may read.
    public var clearance: Sensitivity {
        switch self {
        case .admin: .secret
        case .editor: .confidential
        case .viewer: .internal
        }
    }
}
