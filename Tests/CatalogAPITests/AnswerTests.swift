import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Catalog
@testable import CatalogAPI

@Suite("What the service answers")
struct AnswerTests {
    @Test("lists go on where their link says, and count on request")
    func paging() async throws {
        let store = MemoryStore()
        for id in ["a", "b/c", "d"] { store.put(DocumentKey(.tasks, id), "{\"version\":1,\"task_id\":\"\(id)\"}") }
        try await TestService.run(store) { connection in
            var path: String? = "/api/tasks?limit=1&q=x%26y"
            var ids: [String] = []
            while let next = path {
                let answer = try await connection.ask("GET", next, ["Prefer: respond-async, count=\"exact\""])
                let page = try answer.json()
                ids += (page["tasks"] as? [[String: Any]] ?? []).compactMap { $0["task_id"] as? String }
                #expect(page["total"] as? Int == 3)
                #expect(answer.field("preference-applied") == "count=exact")
                path = answer.field("link")?.wholeMatch(of: /<(.*)>; rel="next"/).map { String($0.1) }
            }
            #expect(ids == ["a", "b/c", "d"])
            let lists = store.state.withLock { $0.lists }
            #expect(lists.map(\.cursor) == [nil, "a", "b/c"])
            #expect(lists.allSatisfy { $0.filters == ["q": "x&y"] })
            let plain = try await connection.ask("GET", "/api/tasks").json()
            #expect(plain["total"] == nil)
        }
    }

    @Test("documents of a kind without a table are read by kind and id")
    func documents() async throws {
        let store = MemoryStore()
        store.put(.document(kind: "note/s", id: "x"), "{\"version\":1}")
        try await TestService.run(store) { connection async throws in
            #expect(try await connection.ask("GET", "/api/documents/note%2Fs/x").status == 200)
            #expect(try await connection.ask("GET", "/api/documents/note%2Fs%1Fx/").status == 404)
            #expect(try await connection.ask("GET", "/api/documents/note%2Fs").status == 200)
            let filters = store.state.withLock { $0.lists.last?.filters }
            #expect(filters == ["kind": "note/s"])
        }
    }

    @Test("an old client finds the fields that it knows")
    func oldClient() async throws {
        let store = MemoryStore()
        store.put(DocumentKey(.assets, "a"), "{\"version\":1,\"asset_id\":\"a\",\"asset_name\":\"A\"}")
        try await TestService.run(store) { connection in
            let health = try await connection.ask("GET", "/health").json()
            #expect(health["status"] as? String == "healthy")
            #expect(health["mode"] as? String == "postgres")
            #expect(health["postgres"] as? String == "connected")
            #expect(health["redis"] as? String == "connected")
            let asset = try await connection.ask("GET", "/api/assets/a").json()
            #expect(asset["asset_name"] as? String == "A")
            let found = try await connection.ask(
                "POST",
                "/api/search",
                ["Content-Type: application/json"],
                body: Array("{\"query\":\"A\"}".utf8)
            ).json()
            #expect(found["total"] as? Int == 1)
            #expect(found["query_time_ms"] as? Double == 1.234)
            #expect((found["assets"] as? [[String: Any]])?.first?["asset_id"] as? String == "a")
            let lineage = try await connection.ask("GET", "/api/lineage/a?depth=3").json()
            #expect(lineage["asset_id"] as? String == "a")
            let near = (lineage["upstream"] as? [[String: Any]])?.first
            #expect(near?["asset_name"] as? String == "A")
            #expect((near?["upstream"] as? [[String: Any]])?.first?["asset_id"] as? String == "raw")
            #expect((lineage["downstream"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("lineage comes as graph, as Mermaid and as OpenLineage too")
    func lineage() async throws {
        let store = MemoryStore()
        store.put(DocumentKey(.assets, "a\"b"), "{\"version\":1}")
        try await TestService.run(store) { connection in
            let graph = try await connection.ask("GET", "/api/lineage/a%22b?format=graph").json()
            let edge = (graph["edges"] as? [[String: Any]])?.first
            #expect(edge?["upstream"] as? String == "raw")
            #expect(edge?["confidence"] as? Double == 0.5)
            let mermaid = try await connection.ask("GET", "/api/lineage/a%22b?format=mermaid")
            #expect(
                mermaid.text == """
                    flowchart LR
                        n0["a#34;b"]
                        n1["raw"]
                        n1 -->|"derived"| n0

                    """
            )
            let events = try await connection.ask("GET", "/api/lineage/a%22b?format=openlineage")
            let list = try JSONSerialization.jsonObject(with: Data(events.body)) as? [[String: Any]]
            #expect((list?.first?["outputs"] as? [[String: Any]])?.first?["name"] as? String == "a\"b")
        }
    }

    @Test("a change that comes while a reader waits is told at once")
    func laterEvent() async throws {
        let store = MemoryStore()
        try await TestService.run(store) { connection in
            let reading = Task {
                let request = "GET /api/subscribe HTTP/1.1\r\nHost: h\r\n\r\n"
                return try await connection.exchange([Array(request.utf8)], expected: nil, until: "later")
            }
            try await eventually("the reader waits") { store.state.withLock { $0.waits > 0 } }
            let event = CatalogEvent(
                position: EventPosition(timeline: 1, sequence: 1),
                action: .created,
                table: "tasks",
                id: "later",
                version: 1,
                microseconds: 0
            )
            store.state.withLock { $0.events = [event] }
            let found = try await reading.value
            #expect(String(decoding: found.bytes, as: UTF8.self).contains("\"subject\":\"later\""))
        }
    }

    @Test("changes come as CloudEvents, from the last one that the reader has")
    func events() async throws {
        let store = MemoryStore()
        store.state.withLock { state in
            state.isReset = true
            state.events = (1...3).map { number in
                CatalogEvent(
                    position: EventPosition(timeline: 1, sequence: number),
                    action: .updated,
                    table: number == 3 ? "documents" : "tasks",
                    id: number == 3 ? "note\u{1f}x" : "t\n\(number)",
                    version: number,
                    microseconds: 1_000_000
                )
            }
        }
        var configuration = ServiceConfiguration()
        configuration.heartbeat = .milliseconds(50)
        try await TestService.run(store, configuration: configuration) { connection in
            let request = "GET /api/subscribe HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 1:1\r\n\r\n"
            let found = try await connection.exchange([Array(request.utf8)], expected: nil, until: "\n\n:\n\n")
            let text = String(decoding: found.bytes, as: UTF8.self)
            #expect(text.contains("Content-Type: text/event-stream"))
            #expect(text.contains("event: reset\nid: 1:3\n"))
            let data = text.matches(of: /data: (\{.*\})/).map { String($0.1) }
            let events = try data.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
            #expect(events.map { $0["id"] as? String } == ["1:3", "1:2", "1:3"])
            #expect(events.allSatisfy { $0["specversion"] as? String == "1.0" })
            let first = try #require(events.dropFirst().first)
            #expect(first["type"] as? String == "io.cortex.task.updated")
            #expect(first["source"] as? String == "/api/tasks")
            #expect(first["subject"] as? String == "t\n2")
            #expect(first["time"] as? String == "1970-01-01T00:00:01Z")
            let inner = first["data"] as? [String: Any]
            #expect(inner?["type"] as? String == "task")
            #expect(inner?["version"] as? Int == 2)
            #expect((events.last?["data"] as? [String: Any])?["kind"] as? String == "note")
            #expect(try await connection.ask("GET", "/api/subscribe", ["Last-Event-ID: x"]).status == 400)
        }
    }
}
