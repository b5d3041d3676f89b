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
                _ = try await proxy.entries(since: &offset, until: "/first ")
                var served = Self.served(registry)
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
                    #expect(Self.answers(found) <= max(vector.statuses.count, vector.requestLines), "\(vector.name)")
                    // The metric has every request that was understood.
                    let forwarded = entries.map(\.forwarded).reduce(0, +)
                    let least = served + forwarded - entries.map(\.misunderstood).reduce(0, +)
                    try await eventually("after \(vector.name): \(entries)") { Self.served(registry) >= least }
                    #expect(Self.served(registry) <= served + forwarded, "\(vector.name): \(entries)")
                    served = Self.served(registry)
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
