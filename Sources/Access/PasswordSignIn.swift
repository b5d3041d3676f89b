public import Diagnostics
import Synchronization

/// Signing in with a name and its password, as the dashboard does.
///
/// A wrong name, a wrong password, a user without one and a disabled user get the same answer after the same work.
public final class PasswordSignIn: Sendable {
    private let users: PostgresUserStore
    private let hasher: PasswordHasher
    private let byUser: Mutex<AttemptLimiter>
    private let byAddress: Mutex<AttemptLimiter>
    /// What a password is compared with where there is no user; made with the first attempt.
    private let decoy = Mutex<PasswordHash?>(nil)

    /// Attempts are limited to 10 at once and one every 30 s for each user, and twice that for each address.
    public init(_ users: PostgresUserStore, _ hasher: PasswordHasher) {
        self.users = users
        self.hasher = hasher
        byUser = Mutex(AttemptLimiter(.init(rate: 1 / 30, burst: 10)))
        byAddress = Mutex(AttemptLimiter(.init(rate: 1 / 15, burst: 20)))
    }

    /// Who this is.
    ///
    /// Throws `access.unauthenticated` when name and password do not belong together, `access.rate_limited` after too many
    /// attempts, and what the database throws.
    public func signIn(
        _ userID: String,
        _ password: Secret,
        from address: String,
        at now: ContinuousClock.Instant = .now
    ) async throws -> Principal {
        for limiter in [
            byAddress.withLock({ $0.attempt(address, at: now) }), byUser.withLock({ $0.attempt(userID, at: now) }),
        ] {
            if case .refuse(let wait) = limiter { throw AccessError.tooOften(wait) }
        }
        // U+0000 cannot be sent to the database, and no user has it.
        let found = userID.utf8.contains(0) ? nil : try await users.find(userID)
        let hash: PasswordHash
        if let text = found?.passwordHash { hash = PasswordHash(text: text) } else { hash = try await decoyHash() }
        let matches = try await hasher.matches(password, hash)
        guard matches, let found, found.passwordHash != nil, found.record.isActive else {
            throw AccessError(
                .accessUnauthenticated,
                "name and password do not belong together",
                hint: "an administrator can set another password with cortex users set-password",
                refusal: .unknown
            )
        }
        return found.record.principal
    }

    private func decoyHash() async throws -> PasswordHash {
        if let known = decoy.withLock({ $0 }) { return known }
        let made = try await hasher.hash(APIKey.generate().text)
        decoy.withLock { $0 = made }
        return made
    }
}
