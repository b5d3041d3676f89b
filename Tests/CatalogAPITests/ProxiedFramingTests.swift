import Catalog
import Foundation
import Monitoring
import TestSupport
import Testing

/// The vectors through a proxy that keeps one connection to the service: whatever of a request the two read differently
/// would come back as the answer to another one.
@Suite("What comes on a connection behind nginx", .timeLimit(.minutes(5)))
struct ProxiedFramingTests {
    @Test("is answered as often as nginx takes it for a request, and never with the answer to another one")
    func vectors() async throws {
        let store = MemoryStore()
        let registry = MetricRegistry()
        try await TestService.run(store, registry: registry) { service in
            try await NginxProxy.with(servicePort: service.port) { proxy in
                let client = RawConnection(port: proxy.port)
                var offset = 0
                store.put(DocumentKey(.tasks, "first"), "{}", tier: .postgres)
                _ = try await client.ask("GET", "/api/tasks/first")
                // What was asked until nginx listened counts too.
                var forwarded = try await proxy.entries(since: &offset, until: "/first ").map(\.forwarded).reduce(0, +)
                for (number, vector) in FramingVector.all.enumerated() {
                    let found = try await client.exchange(
                        vector.parts,
                        expected: nil,
                        heads: vector.heads,
                        closesOutput: vector.closesOutput
                    )
                    #expect(found.isClosed, "\(vector.name)")
                    // What the connection to the service gives next has to be this.
                    let id = "probe-\(number)"
                    store.put(DocumentKey(.tasks, id), "{\"task_id\":\"\(id)\"}", tier: .postgres)
                    let probe = try await client.ask("GET", "/api/tasks/\(id)")
                    #expect(probe.text == "{\"task_id\":\"\(id)\"}", "after \(vector.name): \(probe.text)")
                    let entries = try await proxy.entries(since: &offset, until: "/\(id) ")
                    #expect(
                        Self.answers(found) == entries.dropLast().count(where: \.isAnswered),
                        "\(vector.name): \(entries) \(String(decoding: found.bytes.prefix(300), as: UTF8.self))"
                    )
                    #expect(Self.answers(found) <= max(1, vector.requestLines), "\(vector.name)")
                    forwarded += entries.map(\.forwarded).reduce(0, +)
                    try await eventually("after \(vector.name): \(entries) \(Self.served(registry)) served") {
                        Self.served(registry) == forwarded
                    }
                }
            }
        }
    }

    /// How many answers came; a version that nginx takes for HTTP/0.9 gets one without a head.
    private static func answers(_ found: RawConnection.Exchange) -> Int {
        guard !found.bytes.isEmpty else { return 0 }
        return found.bytes.starts(with: "HTTP/1.1 ".utf8) ? found.answers.count : 1
    }

    /// How many requests the service has answered.
    private static func served(_ registry: MetricRegistry) -> Int {
        registry.exposition().split(separator: "\n").filter { $0.hasPrefix("cortex_http_requests_total{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) { $0 + Int($1) }
    }
}
