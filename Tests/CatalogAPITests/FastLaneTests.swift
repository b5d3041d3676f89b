import Access
import Catalog
import Domain
import Foundation
import Monitoring
import Synchronization
import TestSupport
import Testing

@testable import CatalogAPI

@Suite("The fast lane")
struct FastLaneTests {
    private static let body = "{\"version\":3,\"task_id\":\"a\"}"

    private static func store() -> MemoryStore {
        let store = MemoryStore()
        store.put(DocumentKey(.tasks, "a"), body, version: 3)
        store.put(DocumentKey(.tasks, "a/b\n€"), body, version: 4)
        store.put(DocumentKey(.tasks, "far"), body, version: 3, tier: .postgres)
        store.put(DocumentKey(.assets, "secret"), body, sensitivity: .confidential)
        return store
    }

    private static func bytes(_ head: String) -> [UInt8] {
        Array(("\(head) HTTP/1.1\r\nHost: h\r\n\r\n").utf8)
    }

    /// The bytes without what differs from second to second.
    private static func comparable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).replacing(/Date: [^\r]*\r\n/, with: "Date\r\n")
            .replacing(/-[0-9a-f]{16}-00\r\n/, with: "-span-00\r\n")
    }

    @Test("answers the same bytes as the router")
    func sameBytes() async throws {
        let store = Self.store()
        try await TestService.run(store) { connection in
            let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n"
            let variants = [
                ("GET", ""), ("HEAD", ""), ("GET", "If-None-Match: \"p7-3\"\r\n"),
                ("HEAD", "If-None-Match: W/\"p7-3\"\r\n"),
                ("GET", "If-None-Match: \"p7-2\"\r\n"), ("GET", "If-None-Match: *\r\n"), ("GET", trace),
                ("GET", "Connection: close\r\n"),
            ]
            for (method, fields) in variants {
                var texts: [String] = []
                var reads: [Int] = []
                // A question mark makes it the router's.
                for path in ["/api/tasks/a", "/api/tasks/a?"] {
                    let request = Array("\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n".utf8)
                    let found = try await connection.exchange(
                        [request],
                        expected: 1,
                        heads: method == "HEAD" ? [0] : []
                    )
                    texts.append(Self.comparable(found.bytes))
                    reads.append(store.state.withLock { $0.needs.count })
                }
                #expect(texts[0] == texts[1], "\(method) \(fields)")
                #expect(texts[0].hasPrefix("HTTP/1.1 \(fields.contains("p7-3") || fields.contains("*") ? 304 : 200) "))
                // Only the second one reached the store's reading.
                #expect(reads[1] == reads[0] + 1, "\(method) \(fields)")
            }
        }
    }

    @Test("decodes ids after splitting")
    func ids() async throws {
        let store = Self.store()
        try await TestService.run(store) { connection in
            let answer = try await connection.ask("GET", "/api/tasks/a%2Fb%0A%E2%82%AC")
            #expect(answer.status == 200)
            #expect(answer.field("etag") == "\"p7-4\"")
            let needs = store.state.withLock { $0.needs }
            #expect(needs.isEmpty)
        }
    }

    @Test("leaves to the router what it does not hold, may not show, or is asked in a way of its own")
    func router() async throws {
        let store = Self.store()
        try await TestService.run(store) { connection async throws in
            #expect(try await connection.ask("GET", "/api/tasks/far").field("cache-status") == "cortex; fwd=miss")
            #expect(try await connection.ask("GET", "/api/assets/secret").status == 200)
            #expect(try await connection.ask("GET", "/api/tasks/a", ["Cortex-Consistency: strong"]).status == 200)
            #expect(try await connection.ask("GET", "/api/tasks/a", ["Cortex-Min-Version: tasks/a=p7-3"]).status == 200)
            #expect(try await connection.ask("GET", "/api/tasks/a", ["Cortex-Min-Version: nonsense"]).status == 400)
            let needs = store.state.withLock { $0.needs }
            #expect(needs == [.recent, .recent, .strong, .atLeast(.row(epoch: 7, version: 3))])
        }
    }

    @Test("keeps the order of answers in a pipeline, whoever gives them")
    func order() async throws {
        let store = Self.store()
        store.state.withLock { $0.delay = .milliseconds(30) }
        try await TestService.run(store) { connection in
            let paths = ["a", "far", "a", "a%2Fb%0A%E2%82%AC", "none", "a", "far", "a"]
            let requests = paths.flatMap { Self.bytes("GET /api/tasks/\($0)") }
            let found = try await connection.exchange([requests], expected: paths.count)
            let tags = found.answers.map { $0.field("etag") ?? "none" }
            #expect(
                tags == ["\"p7-3\"", "\"p7-3\"", "\"p7-3\"", "\"p7-4\"", "none", "\"p7-3\"", "\"p7-3\"", "\"p7-3\""]
            )
            #expect(found.answers.map(\.status) == [200, 200, 200, 200, 404, 200, 200, 200])
        }
    }

    @Test("a thousand in a row on one connection are answered, counted and kept alive")
    func many() async throws {
        let registry = MetricRegistry()
        try await TestService.run(Self.store(), registry: registry) { connection in
            let requests = (0..<1_000).flatMap { _ in Self.bytes("GET /api/tasks/a") }
            let found = try await connection.exchange([requests + Self.bytes("GET /livez")], expected: 1_001)
            #expect(found.answers.count == 1_001)
            #expect(found.answers.prefix(1_000).allSatisfy { $0.text == Self.body })
            let text = registry.exposition()
            #expect(
                text.contains("cortex_http_requests_total{route=\"/api/tasks/{id}\",method=\"GET\",code=\"200\"} 1000")
            )
            #expect(text.contains("cortex_http_request_duration_seconds_count{route=\"/api/tasks/{id}\"} 1000"))
        }
    }

    @Test("counts requests against the limit as the router does")
    func rateLimit() async throws {
        var access = AccessConfiguration()
        access.anonymousClearance = .internal
        access.anonymousLimit = .init(rate: 1, burst: 5)
        try await TestService.run(Self.store(), authenticator: Authenticator(NoKeys(), access)) { connection in
            let requests = (0..<10).flatMap { _ in Self.bytes("GET /api/tasks/a") }
            let found = try await connection.exchange([requests], expected: 10)
            #expect(found.answers.map(\.status).prefix(5) == [200, 200, 200, 200, 200])
            #expect(found.answers.map(\.status).suffix(4) == [429, 429, 429, 429])
            #expect(found.answers.last?.field("retry-after") != nil)
        }
    }

    // MARK: What another cache holds

    /// A store whose documents `r0` to `r9` are in Redis.
    private static func farStore(_ delay: Duration = .milliseconds(1)) -> MemoryStore {
        let store = store()
        for number in 0..<10 { store.put(DocumentKey(.tasks, "r\(number)"), body, version: number, tier: .redis) }
        store.state.withLock { ($0.hasFarCache, $0.fetchDelay) = (true, delay) }
        return store
    }

    @Test("answers what Redis holds without the router, with the same bytes")
    func farBytes() async throws {
        let store = Self.farStore()
        try await TestService.run(store) { connection in
            var texts: [String] = []
            for path in ["/api/tasks/r3", "/api/tasks/r3?"] {
                let request = Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
                texts.append(Self.comparable(try await connection.exchange([request], expected: 1).bytes))
            }
            #expect(texts[0] == texts[1])
            #expect(texts[0].contains("Cache-Status: cortex-redis; hit"))
            #expect(store.state.withLock { ($0.needs.count, $0.fetches) } == (1, 1))
        }
    }

    @Test("keeps the order of answers while it asks, wherever the bytes are cut")
    func farOrder() async throws {
        let store = Self.farStore()
        try await TestService.run(store) { connection in
            let names: [String] = (0..<60).map { number in
                if number % 7 == 0 { return "far" }
                if number % 11 == 0 { return "none" }
                return number % 2 == 0 ? "r\(number % 10)" : "a"
            }
            let stream = names.flatMap { Self.bytes("GET /api/tasks/\($0)") }
            for size in [stream.count, 1_000, 97] {
                let parts = stride(from: 0, to: stream.count, by: size).map {
                    Array(stream[$0..<min($0 + size, stream.count)])
                }
                let found = try await connection.exchange(parts, expected: names.count)
                let tags = found.answers.map { $0.field("etag") ?? "none" }
                let expected = names.map {
                    switch $0 {
                    case "none": "none"
                    case let name where name.hasPrefix("r"): "\"p7-\(name.dropFirst())\""
                    default: "\"p7-3\""
                    }
                }
                #expect(tags == expected, "in parts of \(size) bytes")
            }
        }
    }

    @Test("a peer that sends nothing more gets the answer that is being fetched, and so does one whose service ends")
    func farEnd() async throws {
        let store = Self.farStore(.milliseconds(50))
        let request = Self.bytes("GET /api/tasks/r1")
        try await TestService.run(store) { connection in
            let found = try await connection.exchange([request, []], expected: nil, closesOutput: true)
            #expect(found.answers.map(\.status) == [200])
            #expect(found.isClosed)
        }
        let late = try await TestService.run(store) { connection in
            let answer = Task { try await connection.exchange([request], expected: 1) }
            try await eventually("the fetch is under way") { store.state.withLock { $0.fetches } == 2 }
            return answer
        }
        #expect(try await late.value.answers.map(\.status) == [200])
    }

    @Test("counts a request once that Redis cannot answer")
    func farMiss() async throws {
        var access = AccessConfiguration()
        access.anonymousClearance = .internal
        access.anonymousLimit = .init(rate: 1, burst: 4)
        let store = Self.farStore()
        try await TestService.run(store, authenticator: Authenticator(NoKeys(), access)) { connection in
            var found: [Int] = []
            for name in ["far", "none", "r1", "r2", "r3"] {
                found.append(try await connection.ask("GET", "/api/tasks/\(name)").status)
            }
            #expect(found == [200, 404, 200, 200, 429])
            #expect(store.state.withLock { ($0.needs.count, $0.fetches) } == (2, 5))
        }
    }

    @Test("a peer that asks and does not read gets everything once it reads, and the service holds little of it")
    func slowReader() async throws {
        let store = Self.store()
        let large = "{\"version\":5,\"text\":\"\(String(repeating: "x", count: 200_000))\"}"
        store.put(DocumentKey(.tasks, "large"), large, version: 5)
        let registry = MetricRegistry()
        try await TestService.run(store, registry: registry) { connection in
            let requests = (0..<500).flatMap { _ in Self.bytes("GET /api/tasks/large") }
            // 100 MB of answers, of which the reader takes the first at once and the others when it can.
            let found = try await connection.exchange([requests], expected: 1)
            #expect(found.answers.first?.body.count == large.utf8.count)
            let answered = registry.counter(.httpRequests, "/api/tasks/{id}", "GET", "200").value
            #expect(answered < 400, "answers are made faster than they are read")
        }
    }
}
