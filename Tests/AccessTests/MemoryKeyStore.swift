import Diagnostics
import Domain
import Foundation
import Synchronization

@testable import Access

/// Keys in memory; it counts its questions, and can be away.
final class MemoryKeyStore: KeyStore {
    struct Away: Error {}

    private struct State {
        var records: [APIKeyID: APIKeyRecord] = [:]
        var isAway = false
        var questions = 0
    }

    private let state = Mutex(State())

    var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    var questions: Int { state.withLock { $0.questions } }

    subscript(id: APIKeyID) -> APIKeyRecord? {
        get { state.withLock { $0.records[id] } }
        set { state.withLock { $0.records[id] = newValue } }
    }

    func find(_ ids: Set<APIKeyID>) async -> KeyLookup {
        state.withLock { state in
            state.questions += 1
            var lookup = KeyLookup()
            if state.isAway {
                lookup.unanswered = ids
                lookup.cause = Away()
            } else {
                lookup.records = state.records.filter { ids.contains($0.key) }
            }
            return lookup
        }
    }

    func list() async throws -> [APIKeyRecord] {
        state.withLock { $0.records.values.sorted { $0.createdAt < $1.createdAt } }
    }

    func add(_ record: APIKeyRecord) async throws { self[record.id] = self[record.id] ?? record }

    func revoke(_ id: APIKeyID, by principal: String, at now: Date) async throws -> Bool {
        guard self[id] != nil else { return false }
        self[id]?.revokedAt = now
        return true
    }
}

extension APIKeyRecord {
    static func sample(_ key: APIKey, expiresAt: Date? = nil) -> APIKeyRecord {
        APIKeyRecord(key, scopes: .read, clearance: .internal, createdAt: Date(), expiresAt: expiresAt)
    }
}

extension APIKey {
    var header: String { "Bearer " + text.reveal() }
}
