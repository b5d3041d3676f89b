import Diagnostics
import Domain
import Foundation
import Testing

@testable import Access

@Suite struct AuthenticatorTests {
    private let store = MemoryKeyStore()
    private let key = APIKey.generate()
    private let now = ContinuousClock.now

    private func authenticator(_ change: (inout AccessConfiguration) -> Void = { _ in }) -> Authenticator {
        var configuration = AccessConfiguration()
        change(&configuration)
        return Authenticator(store, configuration)
    }

    private func refusal(_ body: () async throws -> Caller) async -> AccessError.Refusal? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? AccessError)?.refusal
        }
    }

    // MARK: Without a key

    @Test func `without a key nobody may do anything unless the setting says so`() async throws {
        let closed = authenticator()
        #expect(await refusal { try await closed.authenticate(nil, from: "10.0.0.1") } == .missing)
        let open = authenticator { $0.anonymousClearance = .internal }
        let caller = try await open.authenticate(nil, from: "10.0.0.1")
        #expect(caller.principal.name == "anonymous")
        #expect(caller.principal.mayRead(.internal) && !caller.principal.mayRead(.confidential))
        #expect(throws: AccessError.self) { try caller.principal.require(.write) }
        #expect(store.questions == 0)
    }

    @Test func `anonymous callers of one address share a bucket, those of another have their own`() throws {
        let open = authenticator {
            $0.anonymousClearance = .public
            $0.anonymousLimit = .init(rate: 1, burst: 2)
        }
        for _ in 0..<2 { try #require(try open.known(nil, from: "a", at: now)).admit(at: now) }
        #expect(throws: AccessError.self) { try #require(try open.known(nil, from: "a", at: now)).admit(at: now) }
        try #require(try open.known(nil, from: "b", at: now)).admit(at: now)
    }

    @Test func `the number of addresses is bounded, and further ones share a bucket`() throws {
        let open = authenticator {
            $0.anonymousClearance = .public
            $0.anonymousLimit = .init(rate: 1, burst: 1)
            $0.maximumAddresses = 3
        }
        for address in ["a", "b", "c", "d"] { try #require(try open.known(nil, from: address, at: now)).admit(at: now) }
        #expect(throws: AccessError.self) { try #require(try open.known(nil, from: "e", at: now)).admit(at: now) }
        // Those that are full again make room.
        let later = now + .seconds(2)
        try #require(try open.known(nil, from: "e", at: later)).admit(at: later)
    }

    @Test func `an open service on loopback lets everybody do everything`() throws {
        let open = authenticator { $0.isInsecureLocal = true }
        let caller = try #require(try open.known(nil, from: "127.0.0.1", at: now))
        #expect(caller.principal.name == "insecure-local")
        try caller.principal.require(.admin)
        #expect(caller.principal.mayRead(.secret))
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("[::1]", true), ("localhost", true),
        ("0.0.0.0", false), ("::", false), ("127.0.0.1.example.org", false), ("127.0.0", false), ("127.0.0.256", false),
        ("127.0.0.-1", false), ("localhost.example.org", false), ("10.0.0.1", false), ("", false),
    ])
    func `open is for loopback alone`(host: String, isLoopback: Bool) {
        #expect(Loopback.contains(host) == isLoopback)
    }

    // MARK: With a key

    @Test func `a known key is looked up once, then known at once`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator()
        #expect(try authenticator.known(key.header, from: "", at: now) == nil)
        let caller = try await authenticator.authenticate(key.header, from: "")
        #expect(caller.principal.kind == .key(key.id))
        #expect(caller.principal.clearance == .internal)
        #expect(try authenticator.known(key.header, from: "", at: .now) === caller)
        #expect(store.questions == 1)
    }

    @Test func `each kind of invalid key has its answer`() async throws {
        let expired = APIKey.generate(), revoked = APIKey.generate(), disabled = APIKey.generate()
        store[expired.id] = .sample(expired, expiresAt: Date(timeIntervalSinceNow: -1))
        store[revoked.id] = .sample(revoked)
        _ = try await store.revoke(revoked.id, by: "test", at: Date())
        store[disabled.id] = .sample(disabled)
        store[disabled.id]?.isUserActive = false
        let authenticator = authenticator()
        let cases: [(String, AccessError.Refusal)] = [
            (APIKey.generate().header, .unknown), (expired.header, .expired), (revoked.header, .revoked),
            (disabled.header, .disabled), ("Bearer nonsense", .malformed), ("Basic dXNlcjpwdw==", .malformed),
            ("", .malformed),
        ]
        for (header, wanted) in cases {
            #expect(await refusal { try await authenticator.authenticate(header, from: "") } == wanted)
        }
    }

    @Test func `the id of a key with another secret is unknown, also when the key is cached`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator()
        _ = try await authenticator.authenticate(key.header, from: "")
        let text = key.text.reveal()
        let forged = "Bearer " + text.dropLast() + (text.last == "0" ? "1" : "0")
        #expect(try authenticator.known(forged, from: "", at: .now) == nil)
        #expect(await refusal { try await authenticator.authenticate(forged, from: "") } == .unknown)
        #expect(try authenticator.known(key.header, from: "", at: .now) != nil)
    }

    @Test func `lookups are limited, known keys are not hindered by that`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator { $0.lookupLimit = .init(rate: 0.001, burst: 2) }
        _ = try await authenticator.authenticate(key.header, from: "")
        #expect(await refusal { try await authenticator.authenticate(APIKey.generate().header, from: "") } == .unknown)
        await #expect(throws: AccessError.self) {
            try await authenticator.authenticate(APIKey.generate().header, from: "")
        }
        #expect(store.questions == 2)
        #expect(try authenticator.known(key.header, from: "", at: .now) != nil)
    }

    @Test func `a key asks as often as its limit says`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator { $0.keyLimit = .init(rate: 1, burst: 3) }
        let caller = try await authenticator.authenticate(key.header, from: "")
        for _ in 0..<3 { try caller.admit(at: now) }
        let error = #expect(throws: AccessError.self) { try caller.admit(at: now) }
        #expect(error?.code == .accessRateLimited)
        #expect(error?.details["retry_after"] == "1")
    }

    // MARK: Revocation and outages

    @Test func `a refresh ends a key that was revoked, and keeps the others`() async throws {
        let other = APIKey.generate()
        for one in [key, other] { store[one.id] = .sample(one) }
        let authenticator = authenticator()
        for one in [key, other] { _ = try await authenticator.authenticate(one.header, from: "") }
        _ = try await store.revoke(key.id, by: "test", at: Date())
        await authenticator.refresh()
        #expect(try authenticator.known(key.header, from: "", at: .now) == nil)
        #expect(try authenticator.known(other.header, from: "", at: .now) != nil)
        #expect(await refusal { try await authenticator.authenticate(key.header, from: "") } == .revoked)
    }

    @Test func `without a refresh nothing counts longer than its freshness`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator()
        _ = try await authenticator.authenticate(key.header, from: "")
        #expect(try authenticator.known(key.header, from: "", at: .now + .seconds(1)) == nil)
    }

    @Test func `while the store is away known keys stay valid for the grace, unknown ones cannot be told`() async throws
    {
        store[key.id] = .sample(key)
        let authenticator = authenticator()
        let caller = try await authenticator.authenticate(key.header, from: "")
        store.isAway = true
        await authenticator.refresh()
        #expect(try authenticator.known(key.header, from: "", at: .now + .seconds(600)) === caller)
        #expect(try authenticator.known(key.header, from: "", at: .now + .seconds(901)) == nil)
        let error = await #expect(throws: AccessError.self) {
            try await authenticator.authenticate(APIKey.generate().header, from: "")
        }
        #expect(error?.code == .accessUnavailable)
        // What was revoked meanwhile is told as soon as the store is back.
        store.isAway = false
        _ = try await store.revoke(key.id, by: "test", at: Date())
        await authenticator.refresh()
        #expect(try authenticator.known(key.header, from: "", at: .now) == nil)
    }

    @Test func `an outage that no refresh has noticed yet locks nobody out`() async throws {
        store[key.id] = .sample(key)
        let authenticator = authenticator { $0.freshness = .zero }
        let caller = try await authenticator.authenticate(key.header, from: "")
        store.isAway = true
        #expect(try authenticator.known(key.header, from: "", at: .now) == nil)
        #expect(try await authenticator.authenticate(key.header, from: "") === caller)
        #expect(try authenticator.known(key.header, from: "", at: .now) === caller)
    }

    @Test func `a key expires while the store is away, too`() async throws {
        store[key.id] = .sample(key, expiresAt: Date(timeIntervalSinceNow: 3_600))
        var machine = KeyCacheStateMachine(AccessConfiguration())
        let record = try #require(store[key.id])
        _ = machine.verified(record, text: Array(key.text.reveal().utf8), askedAt: now)
        var lookup = KeyLookup()
        lookup.unanswered = [key.id]
        machine.refreshed([key.id], lookup, askedAt: now, wallClock: Date(timeIntervalSinceNow: 3_599))
        #expect(machine.count == 1)
        machine.refreshed([key.id], lookup, askedAt: now, wallClock: Date(timeIntervalSinceNow: 3_601))
        #expect(machine.count == 0)
    }

    @Test func `an answer to an earlier question never counts against a later one`() throws {
        var machine = KeyCacheStateMachine(AccessConfiguration())
        let record = APIKeyRecord.sample(key)
        _ = machine.verified(record, text: [], askedAt: now + .seconds(1))
        machine.refreshed([key.id], KeyLookup(), askedAt: now, wallClock: Date())
        #expect(machine.count == 1)
        machine.refreshed([key.id], KeyLookup(), askedAt: now + .seconds(2), wallClock: Date())
        #expect(machine.count == 0)
    }

    @Test func `the cache is bounded: the key presented longest ago makes room`() throws {
        var configuration = AccessConfiguration()
        configuration.maximumKeys = 3
        var machine = KeyCacheStateMachine(configuration)
        let keys = (0..<4).map { _ in APIKey.generate() }
        for (index, key) in keys.enumerated() {
            let text = Array(key.text.reveal().utf8)
            _ = machine.verified(.sample(key), text: text, askedAt: now + .milliseconds(index))
            let first = Array(keys[0].text.reveal().utf8)
            _ = first.withUnsafeBytes { machine.present(keys[0].id, $0, at: now + .milliseconds(10 + index)) }
        }
        #expect(machine.count == 3)
        #expect(machine.refresh(at: now) == Set([keys[0].id, keys[2].id, keys[3].id]))
    }

    @Test func `scopes allow what they name, admin everything`() {
        #expect(AccessScopes(names: ["read", "nonsense"]) == nil)
        #expect(AccessScopes(names: ["write", "read"])?.names == ["read", "write"])
        #expect(!AccessScopes.read.allow(.write))
        #expect(AccessScopes.admin.allow(.write) && AccessScopes.admin.allow(.read))
        let writer = Principal(kind: .user, name: "user:w", scopes: .write, clearance: .secret)
        #expect(!writer.mayRead(.public))
        #expect(throws: AccessError.self) { try writer.require(.admin) }
    }
}
