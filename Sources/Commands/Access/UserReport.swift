import Access
import Foundation

/// A user as the commands show it; without the hash of the password.
struct UserReport: Encodable {
    let userID: String
    let fullName: String?
    let email: String?
    let role: String?
    let isActive: Bool
    let hasPassword: Bool
    let createdAt: String?

    init(_ record: UserRecord) {
        userID = record.userID
        fullName = record.fullName
        email = record.email
        role = record.role
        isActive = record.isActive
        hasPassword = record.hasPassword
        createdAt = record.createdAt?.rfc3339
    }

    /// Its cells in the table of `cortex users list`.
    var cells: [String] {
        [
            userID, role ?? "-", isActive ? "active" : "disabled", hasPassword ? "yes" : "no", fullName ?? "",
            email ?? "",
        ]
    }

    enum CodingKeys: String, CodingKey {
        case userID = "user_id"
        case fullName = "full_name"
        case email, role
        case isActive = "is_active"
        case hasPassword = "has_password"
        case createdAt = "created_at"
    }
}
