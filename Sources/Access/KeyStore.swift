#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Where the records of keys are kept.
public protocol KeyStore: Sendable {
    /// The records of these keys, as far as they can be read now.
    func find(_ ids: Set<APIKeyID>) async -> KeyLookup
    /// All records, oldest first, those revoked and expired included.
    func list() async throws -> [APIKeyRecord]
    /// Adds a record; one of the same id and SHA-256 stays as it is.
    ///
    /// Throws `access.conflict` for another key of that id, and
    /// `not_found` for a user that does not exist.
    func add(_ record: APIKeyRecord) async throws
    /// Marks a key as revoked and returns whether it is known; one that was revoked before stays as it is.
    func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool
}

/// What a store knows of some keys.
public struct KeyLookup: Sendable {
    /// The records that were found.
    public var records: [APIKeyID: APIKeyRecord] = [:]
    /// Those of which it cannot be said now whether they are known.
    public var unanswered: Set<APIKeyID> = []
    /// Why it cannot.
    public var cause: (any Error)?

    /// Everything was read and nothing found.
    public init() {}
}
