import Access
import Domain
import Foundation

/// A key as the commands show it; without its hash.
struct KeyReport: Encodable {
    let keyID: String
    let user: String?
    let label: String?
    let scopes: [String]
    let clearance: String?
    let state: String
    let createdAt: String
    let createdBy: String?
    let expiresAt: String?
    let revokedAt: String?
    let revokedBy: String?

    init(_ record: APIKeyRecord, at now: Date) {
        keyID = record.id.description
        user = record.userID
        label = record.label
        scopes = record.scopes.names
        clearance = record.clearance?.rawValue
        state = record.refusal(at: now)?.rawValue ?? "valid"
        createdAt = record.createdAt.rfc3339
        createdBy = record.createdBy
        expiresAt = record.expiresAt?.rfc3339
        revokedAt = record.revokedAt?.rfc3339
        revokedBy = record.revokedBy
    }

    /// Its cells in the table of `cortex keys list`.
    var cells: [String] {
        [
            keyID, state, scopes.joined(separator: ","), clearance ?? "nothing", expiresAt ?? "never", user ?? "-",
            label ?? "",
        ]
    }

    enum CodingKeys: String, CodingKey {
        case keyID = "key_id"
        case user, label, scopes, clearance, state
        case createdAt = "created_at"
        case createdBy = "created_by"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case revokedBy = "revoked_by"
    }
}

extension Date {
    /// RFC 3339 in UTC, to the second.
    var rfc3339: String { formatted(.iso8601) }
}
