#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Keys of the database and of the home's file together, so that a key goes on working across a cutover.
///
/// What is in the file counts before what is in the database. New keys go to the database where there is one.
public struct CombinedKeyStore: KeyStore {
    private let file: FileKeyStore
    private let database: PostgresKeyStore?

    /// Both stores; without a database the file alone.
    public init(file: FileKeyStore, database: PostgresKeyStore?) {
        self.file = file
        self.database = database
    }

    /// Records of the file, then of the database for what the file does not have.
    public func find(_ ids: Set<APIKeyID>) async -> KeyLookup {
        let first = await file.find(ids)
        let rest = ids.subtracting(first.records.keys)
        guard let database, !rest.isEmpty else { return first }
        var result = await database.find(rest)
        result.records.merge(first.records) { _, known in known }
        // What neither has is only unknown when both were read.
        result.unanswered.formUnion(first.unanswered.subtracting(result.records.keys))
        result.cause = result.cause ?? first.cause
        return result
    }

    /// The records of both, oldest first.
    public func list() async throws -> [APIKeyRecord] {
        let first = try await file.list()
        guard let database else { return first }
        let known = Set(first.map(\.id))
        let others = try await database.list().filter { !known.contains($0.id) }
        return (first + others).sorted { $0.createdAt < $1.createdAt }
    }

    /// Adds to the database where there is one, else to the file.
    public func add(_ record: APIKeyRecord) async throws {
        if let database { try await database.add(record) } else { try await file.add(record) }
    }

    /// Revokes wherever the key is.
    public func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool {
        let inFile = try await file.revoke(id, by: principal, at: now)
        guard let database else { return inFile }
        return try await database.revoke(id, by: principal, at: now) || inFile
    }
}
