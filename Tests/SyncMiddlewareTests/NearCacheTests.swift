import Testing

@testable import SyncMiddleware

@Suite("NearCache")
struct NearCacheTests {
    static func document(_ version: Int, bytes: Int = 10) -> VersionedDocument {
        VersionedDocument(
            version: version,
            content: .present(body: [UInt8](repeating: 0x78, count: bytes), sensitivity: "public")
        )
    }

    static func live(bytes: Int = 1 << 20) -> NearCache {
        var configuration = SyncConfiguration()
        configuration.nearCacheBytes = bytes
        var cache = NearCache(configuration)
        cache.linkEstablished()
        return cache
    }

    /// What happens between taking the ticket and installing, and whether the document is there afterwards.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let isThere: Bool
        let event: @Sendable (inout NearCache) -> Void
    }

    static let cases = [
        Case(testDescription: "nothing", isThere: true) { _ in },
        Case(testDescription: "the key was invalidated", isThere: false) { $0.invalidate("tasks:1", version: 1) },
        Case(testDescription: "the link was lost", isThere: false) { $0.clear(staysLive: false) },
        Case(testDescription: "the link was lost and is back", isThere: false) {
            $0.clear(staysLive: false)
            $0.linkEstablished()
        },
        Case(testDescription: "the epoch moved", isThere: false) { $0.clear(staysLive: true) },
        Case(testDescription: "a newer one is there", isThere: false) {
            let ticket = $0.ticket(for: "tasks:1")
            $0.install(document(9), for: "tasks:1", freshAsOf: 0, ticket: ticket)
        },
    ]

    @Test("What was fetched is stored only if nothing happened meanwhile", arguments: cases)
    func install(_ example: Case) {
        var cache = Self.live()
        let ticket = cache.ticket(for: "tasks:1")
        example.event(&cache)
        #expect(cache.install(Self.document(5), for: "tasks:1", freshAsOf: 0, ticket: ticket) == example.isThere)
        let found = cache.document(for: "tasks:1", now: 1)
        #expect((found?.document.version == 5) == example.isThere)
    }

    @Test("An entry lives S from the time up to which it is known to be right, not from its arrival")
    func age() {
        var cache = Self.live()
        let ticket = cache.ticket(for: "a")
        cache.install(Self.document(1), for: "a", freshAsOf: 300, ticket: ticket)
        let young = cache.document(for: "a", now: 1299)
        #expect(young != nil)
        let old = cache.document(for: "a", now: 1300)
        #expect(old == nil)
        #expect(cache.count == 0)
    }

    @Test("A version drops older entries and leaves newer ones")
    func invalidate() {
        var cache = Self.live()
        cache.install(Self.document(3), for: "a", freshAsOf: 0, ticket: cache.ticket(for: "a"))
        cache.invalidate("a", version: 3)
        let kept = cache.document(for: "a", now: 1)
        #expect(kept != nil)
        cache.invalidate("a", version: 4)
        let dropped = cache.document(for: "a", now: 1)
        #expect(dropped == nil)
    }

    @Test("The bytes stay below the bound, and what is used stays longest")
    func bound() {
        var cache = Self.live(bytes: 2000)
        for number in 0..<500 {
            let key = "k\(number)"
            cache.install(
                Self.document(1, bytes: 100 + number % 50),
                for: key,
                freshAsOf: 0,
                ticket: cache.ticket(for: key)
            )
            #expect(cache.bytes <= 2000)
            let first = cache.document(for: "k0", now: 1)
            #expect(first != nil, "\(number)")
        }
        #expect(cache.count == 6 || cache.count == 7)
        let ticket = cache.ticket(for: "huge")
        let isStored = cache.install(Self.document(1, bytes: 3000), for: "huge", freshAsOf: 0, ticket: ticket)
        #expect(!isStored)
    }
}
