import Diagnostics
import Domain
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Finds out who asks: from the cache at once, else by asking the store of keys.
///
/// Its `run()` has to run beside the service: it asks about the known keys every `refreshInterval`. Without it nothing is ever
/// wrong, only slow: what is known counts for `freshness` at most.
public final class Authenticator: Sendable {
    private let store: any KeyStore
    private let configuration: AccessConfiguration
    private let keys: Mutex<KeyCacheStateMachine>
    private let lookups: Mutex<TokenBucketStateMachine>
    private let anonymous: AnonymousCallers

    /// An authenticator on this store.
    public init(_ store: any KeyStore, _ configuration: AccessConfiguration = AccessConfiguration()) {
        self.store = store
        self.configuration = configuration
        keys = Mutex(KeyCacheStateMachine(configuration))
        lookups = Mutex(TokenBucketStateMachine(configuration.lookupLimit))
        anonymous = AnonymousCallers(configuration)
    }

    // MARK: Asking

    /// Who asks, if that can be said without waiting; nil: call `authenticate`.
    ///
    /// For hot paths: nothing is allocated for a known key. `authorization` is the header's value, nil where there is none;
    /// `address` is that of the peer, without its port. Does not count the request: `Caller.admit` does. Throws
    /// `access.unauthenticated` for what is no key, and where nothing was presented and anonymous callers may do nothing.
    public func known(
        _ authorization: String?,
        from address: String,
        at now: ContinuousClock.Instant
    ) throws(AccessError) -> Caller? {
        if configuration.isInsecureLocal { return anonymous.insecureLocal }
        guard let authorization else {
            guard configuration.anonymousClearance != nil else { throw .refused(.missing) }
            return anonymous.caller(from: address, at: now)
        }
        let action = BearerHeader.withKey(authorization) { id, text in
            keys.withLock { $0.present(id, text, at: now) }
        }
        switch action {
        case .grant(let caller): return caller
        case .ask: return nil
        case nil: throw .refused(.malformed)
        }
    }

    /// Who asks; waits for the store where the cache does not say.
    ///
    /// Throws as `known` does, `access.unauthenticated` with the reason for a key that is not valid, `access.rate_limited` when
    /// keys are looked up too often, `access.unavailable` when the store does not answer and nothing is known.
    public func authenticate(
        _ authorization: String?,
        from address: String,
        at now: ContinuousClock.Instant = .now
    ) async throws(AccessError) -> Caller {
        if let caller = try known(authorization, from: address, at: now) { return caller }
        guard
            let key = BearerHeader.withKey(
                authorization ?? "",
                { _, text in APIKey(String(decoding: text, as: UTF8.self)) }
            ),
            let key
        else { throw .refused(.malformed) }
        if case .refuse(let wait) = lookups.withLock({ $0.take(at: now) }) { throw .tooOften(wait) }
        let askedAt = ContinuousClock.now
        let lookup = await store.find([key.id])
        guard let record = lookup.records[key.id] else {
            guard !lookup.unanswered.isEmpty else { throw .refused(.unknown) }
            guard let caller = stillKnown(key, lookup, askedAt: askedAt) else { throw .unavailable(lookup.cause) }
            return caller
        }
        guard ConstantTime.areEqual(record.sha256, key.sha256) else { throw .refused(.unknown) }
        if let refusal = record.refusal(at: Date()) { throw .refused(refusal) }
        let text = Array(key.text.reveal().utf8)
        return keys.withLock { $0.verified(record, text: text, askedAt: askedAt) }
    }

    /// Who presents a key that the store could not answer about just now: known for the grace of an outage.
    private func stillKnown(_ key: APIKey, _ lookup: KeyLookup, askedAt: ContinuousClock.Instant) -> Caller? {
        keys.withLock { keys in
            keys.answered([key.id], lookup, askedAt: askedAt, wallClock: Date())
            let action = Array(key.text.reveal().utf8).withUnsafeBytes { keys.present(key.id, $0, at: askedAt) }
            if case .grant(let caller) = action { return caller }
            return nil
        }
    }

    // MARK: Keeping up

    /// Asks about the known keys every `refreshInterval` until the task is cancelled.
    public func run() async {
        // Sleeping fails when the task is cancelled, which is the end.
        while (try? await Task.sleep(for: configuration.refreshInterval)) != nil {
            await refresh()
        }
    }

    /// Asks about the known keys once.
    func refresh() async {
        let askedAt = ContinuousClock.now
        let ids = keys.withLock { $0.refresh(at: askedAt) }
        guard !ids.isEmpty else { return }
        let lookup = await store.find(ids)
        keys.withLock { $0.refreshed(ids, lookup, askedAt: askedAt, wallClock: Date()) }
    }
}
