public import Diagnostics
public import Postgres
import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Signs users in with name and password: what they get is a key of their own for half a day.
///
/// The key is one like others: it ends when it is revoked, when it expires, or when its user is disabled.
public final class UserSessions: Sendable {
    /// A user who is signed in.
    public struct Session: Sendable {
        /// What to present; shown once.
        public let key: APIKey
        /// Who it is.
        public let principal: Principal
        /// Until when.
        public let expiresAt: Date
    }

    /// How long a session lasts; seconds.
    private static let lifetime: TimeInterval = 12 * 3_600

    private let keys: any KeyStore
    private let hasher = PasswordHasher()
    private let signIn = Mutex<PasswordSignIn?>(nil)

    /// Sessions whose keys go to this store; nobody can sign in before there is a database.
    public init(keys: any KeyStore) {
        self.keys = keys
    }

    /// From now on users are those of this database, as `cortex_api` or the owner.
    public func use(_ client: PostgresClient) {
        signIn.withLock { $0 = PasswordSignIn(PostgresUserStore(client), hasher) }
    }

    /// Begins a session.
    ///
    /// Throws `access.unauthenticated` when name and password do not belong together, `access.rate_limited` after too many
    /// attempts, `access.unavailable` where there is no database or it does not answer.
    public func begin(_ userID: String, _ password: Secret, from address: String) async throws -> Session {
        guard let signIn = signIn.withLock({ $0 }) else { throw AccessError.unavailable(nil) }
        do {
            let principal = try await signIn.signIn(userID, password, from: address)
            let (key, now) = (APIKey.generate(), Date())
            let expiresAt = now.addingTimeInterval(Self.lifetime)
            try await keys.add(
                APIKeyRecord(
                    key,
                    userID: userID,
                    label: "session",
                    scopes: principal.scopes,
                    clearance: principal.clearance,
                    createdAt: now,
                    createdBy: principal.name,
                    expiresAt: expiresAt
                )
            )
            return Session(key: key, principal: principal, expiresAt: expiresAt)
        } catch let error as PostgresError {
            throw AccessError.unavailable(error)
        }
    }

    /// Ends the session of a key.
    public func end(_ id: APIKeyID, by principal: String) async throws {
        do {
            _ = try await keys.revoke(id, by: principal, at: Date())
        } catch let error as PostgresError {
            throw AccessError.unavailable(error)
        }
    }
}
