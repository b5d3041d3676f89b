import Access
import Catalog
import CatalogAPI
import Domain
import Logging
import Monitoring
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@Suite("The end of the service")
struct ShutdownTests {
    @Test("answers what came before it, ends streams, and says to kept-alive connections that it ends")
    func graceful() async throws {
        let store = MemoryStore()
        store.put(DocumentKey(.tasks, "slow"), "{\"version\":1}", tier: .postgres)
        store.state.withLock { $0.delay = .seconds(3) }
        let started = ContinuousClock.now
        let exchanges = try await TestService.run(store) { connection in
            // They outlive the service: it ends while they wait.
            let exchanges = ["/api/tasks/slow", "/api/subscribe"].map { path in
                Task {
                    let request = Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
                    return try await connection.exchange([request], expected: nil, patience: 10)
                }
            }
            try await eventually("both are under way") { store.state.withLock { !$0.needs.isEmpty && $0.waits > 0 } }
            return exchanges
        }
        var found: [RawConnection.Exchange] = []
        for exchange in exchanges { found.append(try await exchange.value) }
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.isClosed })
        let slow = found.first { $0.answers.first?.text == "{\"version\":1}" }
        #expect(slow?.answers.first?.status == 200)
        #expect(slow?.answers.first?.field("connection") == "close")
        let stream = found.first { $0.answers.first?.field("content-type") == "text/event-stream" }
        #expect(stream != nil, "the stream ended with its last chunk")
        #expect(started.duration(to: .now) < .seconds(30))
    }

    @Test("outlives connections that come while it ends")
    func flooded() async throws {
        for round in 0..<5 {
            let flood = try await TestService.run { connection in
                let clients = (0..<150).map { _ in
                    Task {
                        let request = Array("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
                        // Whoever comes too late is refused.
                        return try? await connection.exchange([request], expected: 1, patience: 10)
                    }
                }
                // The end comes while they come in.
                _ = try await connection.ask("GET", "/livez")
                return clients
            }
            for client in flood {
                let answers = await client.value?.answers ?? []
                #expect(answers.allSatisfy { $0.status == 200 }, "round \(round)")
            }
        }
    }
}
