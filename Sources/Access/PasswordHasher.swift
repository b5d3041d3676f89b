public import Diagnostics
import Dispatch
import Synchronization

/// Hashes and checks passwords on a thread of its own, one at a time: they are meant to be slow, and must not stop requests.
public final class PasswordHasher: Sendable {
    private let queue = DispatchQueue(label: "cortex.passwords")
    private let waiting = Atomic<Int>(0)
    private let maximumWaiting: Int

    /// A hasher for which at most so many callers wait, by default 16; one more is told `access.rate_limited`.
    public init(maximumWaiting: Int = 16) {
        self.maximumWaiting = maximumWaiting
    }

    /// Hashes a password with a new salt.
    ///
    /// Throws `usage` for a password of less than 12 characters, of more than 512 bytes, or with U+0000; `program.missing`
    /// where the system has no yescrypt; `access.rate_limited`.
    public func hash(_ password: Secret) async throws -> PasswordHash {
        try await run { Result { try PasswordHash.make(password) } }.get()
    }

    /// Whether this is the password of the hash.
    ///
    /// Throws `access.rate_limited`.
    func matches(_ password: Secret, _ hash: PasswordHash) async throws(AccessError) -> Bool {
        try await run { hash.matches(password) }
    }

    private func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async throws(AccessError) -> R {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= maximumWaiting else { throw .tooOften(.seconds(1)) }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
