public import Domain

/// Who asks, what they may do, and up to which sensitivity they may read.
public struct Principal: Sendable, Hashable {
    /// How it was told who asks.
    public enum Kind: Sendable, Hashable {
        /// Nothing was presented.
        case anonymous
        /// Nothing was presented to a service that runs open on loopback.
        case insecureLocal
        /// A key.
        case key(APIKeyID)
        /// A name and its password.
        case user
    }

    /// How it was told who asks.
    public let kind: Kind
    /// The name for audit rows and logs: `anonymous`, `insecure-local`, `key:<id>` or `user:<user id>`.
    public let name: String
    /// What it may do.
    public let scopes: AccessScopes
    /// Up to where it may read; nil: nothing.
    public let clearance: Sensitivity?

    init(kind: Kind, name: String, scopes: AccessScopes, clearance: Sensitivity?) {
        self.kind = kind
        self.name = name
        self.scopes = scopes
        self.clearance = clearance
    }

    /// A caller without credentials: it may read up to the clearance that the setting gives, and never write.
    static func anonymous(clearance: Sensitivity?) -> Principal {
        Principal(kind: .anonymous, name: "anonymous", scopes: clearance == nil ? [] : .read, clearance: clearance)
    }

    /// Whoever reaches a service that was started with `--insecure-local`: everything.
    static let insecureLocal = Principal(
        kind: .insecureLocal,
        name: "insecure-local",
        scopes: [.read, .write, .admin],
        clearance: .secret
    )

    /// Whether it may read a document of this sensitivity.
    public func mayRead(_ sensitivity: Sensitivity) -> Bool {
        scopes.allow(.read) && sensitivity.isReadable(with: clearance)
    }

    /// Throws when it may not do what needs this scope: `access.unauthenticated` where a key could help, because none was
    /// presented, else `access.denied`.
    public func require(_ scope: AccessScopes) throws(AccessError) {
        guard !scopes.allow(scope) else { return }
        throw kind == .anonymous ? .refused(.missing) : .denied(scope)
    }
}
