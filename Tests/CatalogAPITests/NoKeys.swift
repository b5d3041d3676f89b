import Access
import Foundation

/// A store without keys.
struct NoKeys: KeyStore {
    func find(_ ids: Set<APIKeyID>) async -> KeyLookup { KeyLookup() }

    func list() async throws -> [APIKeyRecord] { [] }

    func add(_ record: APIKeyRecord) async throws { throw CancellationError() }

    func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool { false }
}
