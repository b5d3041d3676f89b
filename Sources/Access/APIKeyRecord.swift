public import Domain

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// What is kept of a key.
public struct APIKeyRecord: Sendable, Equatable {
    /// The public part.
    public let id: APIKeyID
    /// SHA-256 of the key's text.
    public let sha256: [UInt8]
    /// The user whose key it is; nil for a key of a program, or of the first administrator.
    public var userID: String?
    /// What it is for, in words.
    public var label: String?
    /// What its holder may do.
    public var scopes: AccessScopes
    /// Up to where its holder may read; nil: nothing.
    public var clearance: Sensitivity?
    /// When it was made.
    public var createdAt: Date
    /// The principal that made it.
    public var createdBy: String?
    /// From when on it is not valid any more; nil: never.
    public var expiresAt: Date?
    /// When it was revoked; nil: it was not.
    public var revokedAt: Date?
    /// The principal that revoked it.
    public var revokedBy: String?
    /// Whether its user may sign in; true for a key without a user.
    public var isUserActive: Bool

    /// What is to be kept of a new key.
    public init(
        _ key: APIKey,
        userID: String? = nil,
        label: String? = nil,
        scopes: AccessScopes,
        clearance: Sensitivity?,
        createdAt: Date,
        createdBy: String? = nil,
        expiresAt: Date? = nil
    ) {
        self.init(id: key.id, sha256: key.sha256, scopes: scopes, createdAt: createdAt)
        self.userID = userID
        self.label = label
        self.clearance = clearance
        self.createdBy = createdBy
        self.expiresAt = expiresAt
    }

    init(id: APIKeyID, sha256: [UInt8], scopes: AccessScopes, createdAt: Date) {
        self.id = id
        self.sha256 = sha256
        self.scopes = scopes
        self.createdAt = createdAt
        isUserActive = true
    }

    /// Why it is not valid at this time; nil when it is.
    public func refusal(at now: Date) -> AccessError.Refusal? {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired }
        return isUserActive ? nil : .disabled
    }

    /// Who its holder is.
    var principal: Principal {
        Principal(kind: .key(id), name: "key:\(id)", scopes: scopes, clearance: clearance)
    }
}
