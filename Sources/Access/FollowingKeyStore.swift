import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// The keys of a service whose database may come while it runs: those of the file, and of the database once there is one.
///
/// A database that goes away stays known: its keys are unanswered then and not unknown.
public final class FollowingKeyStore: KeyStore {
    private let file: FileKeyStore
    private let present: Mutex<CombinedKeyStore>

    /// The keys of the file alone.
    public init(file: FileKeyStore) {
        self.file = file
        present = Mutex(CombinedKeyStore(file: file, database: nil))
    }

    /// From now on the keys of this database count too, instead of those of an earlier one.
    public func use(_ database: PostgresKeyStore) {
        present.withLock { $0 = CombinedKeyStore(file: file, database: database) }
    }

    private var store: CombinedKeyStore { present.withLock { $0 } }

    /// The records of these keys in both.
    public func find(_ ids: Set<APIKeyID>) async -> KeyLookup { await store.find(ids) }

    /// The records of both, oldest first.
    public func list() async throws -> [APIKeyRecord] { try await store.list() }

    /// Adds to the database where there is one, else to the file.
    public func add(_ record: APIKeyRecord) async throws { try await store.add(record) }

    /// Revokes wherever the key is.
    public func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool {
        try await store.revoke(id, by: principal, at: now)
    }
}
