import Diagnostics

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A user, without the hash of the password.
public struct UserRecord: Sendable, Equatable {
    /// The name to sign in with.
    public let userID: String
    /// The name as people write it.
    public var fullName: String?
    /// The e-mail address.
    public var email: String?
    /// The role as it stands in the database: one of `UserRole`, or what a tree said.
    public var role: String?
    /// Whether the user may sign in and the user's keys are valid.
    public var isActive: Bool
    /// Whether there is a password.
    public var hasPassword: Bool
    /// When the user was made; nil where a tree did not say.
    public var createdAt: Date?

    /// A user who is to be made; active and without a password.
    public init(userID: String, role: UserRole, fullName: String? = nil, email: String? = nil) {
        self.userID = userID
        self.role = role.rawValue
        self.fullName = fullName
        self.email = email
        isActive = true
        hasPassword = false
    }

    init(userID: String, isActive: Bool, hasPassword: Bool) {
        self.userID = userID
        self.isActive = isActive
        self.hasPassword = hasPassword
    }

    /// Who the user is once signed in.
    var principal: Principal {
        let role = role.flatMap(UserRole.init)
        return Principal(kind: .user, name: "user:\(userID)", scopes: role?.scopes ?? [], clearance: role?.clearance)
    }

    /// Throws `usage` unless a user may have this id: 1 to 64 of `a-z 0-9 . _ @ -`, the first a letter or digit.
    static func check(id: String) throws(AccessError) {
        let isFirst = { (byte: UInt8) in (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = id.utf8.first, isFirst(first), id.utf8.count <= 64,
            id.utf8.allSatisfy({ isFirst($0) || Array("._@-".utf8).contains($0) })
        else {
            throw AccessError(
                .usage,
                "this cannot be the id of a user",
                hint: "1 to 64 of a-z, 0-9, dot, underscore, @ and hyphen; the first a letter or digit."
            )
        }
    }
}
