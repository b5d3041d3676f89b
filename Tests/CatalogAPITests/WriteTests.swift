import Diagnostics
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Catalog
@testable import CatalogAPI

@Suite("A change over HTTP")
struct WriteTests {
    private static func stored(
        _ status: Int,
        isRepeated: Bool = false,
        body: String? = "{\"version\":2}"
    ) -> WriteResult {
        WriteResult(
            key: DocumentKey(.tasks, "a/b"),
            status: status,
            version: 2,
            token: .row(epoch: 7, version: 2),
            body: body.map { Array($0.utf8) },
            isRepeated: isRepeated
        )
    }

    @Test("hands the catalog its document, conditions and author")
    func operations() async throws {
        let store = MemoryStore()
        store.state.withLock { $0.answer = Self.stored(200) }
        try await TestService.run(store) { connection in
            let json = "Content-Type: application/json"
            let body = Array("{\"task_id\":\"a/b\"}".utf8)
            store.state.withLock { $0.answer = Self.stored(201) }
            let created = try await connection.ask("POST", "/api/tasks", [json, "If-None-Match: *"], body: body)
            #expect(created.status == 201)
            #expect(created.field("location") == "/api/tasks/a%2Fb")
            #expect(created.field("etag") == "\"p7-2\"")
            store.state.withLock { $0.answer = Self.stored(200) }
            let put = try await connection.ask(
                "PUT",
                "/api/tasks/a%2Fb",
                [json, "If-Match: \"p7-1\", W/\"p7-2\""],
                body: body
            )
            #expect(put.status == 200)
            let merge = "Content-Type: application/merge-patch+json; charset=utf-8"
            _ = try await connection.ask("PATCH", "/api/tasks/a%2Fb", [merge, "If-Match: *"], body: body)
            let patch = "Content-Type: application/json-patch+json"
            _ = try await connection.ask("PATCH", "/api/tasks/a%2Fb", [patch], body: Array("[]".utf8))
            store.state.withLock { $0.answer = Self.stored(204, body: nil) }
            let deleted = try await connection.ask("DELETE", "/api/tasks/a%2Fb")
            #expect(deleted.status == 204)
            #expect(deleted.field("content-length") == nil)
            let writes = store.state.withLock { $0.writes }
            #expect(writes.map(\.key) == Array(repeating: DocumentKey(.tasks, "a/b"), count: 5))
            #expect(
                writes.map(\.operation)
                    == [.create(body), .replace(body), .mergePatch(body), .jsonPatch(Array("[]".utf8)), .delete]
            )
            #expect(
                writes.map(\.precondition) == [.absent, .anyOf([.row(epoch: 7, version: 1)]), .exists, .none, .none]
            )
            #expect(writes.allSatisfy { $0.author == WriteAuthor(principal: "insecure-local", clearance: .secret) })
        }
    }

    @Test("the same key with the same request has the same hash, another request another one")
    func idempotency() async throws {
        let store = MemoryStore()
        store.state.withLock { $0.answer = Self.stored(200, isRepeated: true) }
        try await TestService.run(store) { connection in
            let fields = ["Content-Type: application/json", "Idempotency-Key: \"k-1\""]
            func put(_ path: String, _ body: String, _ more: [String] = []) async throws -> RawConnection.Answer {
                try await connection.ask("PUT", path, fields + more, body: Array(body.utf8))
            }
            #expect(try await put("/api/tasks/a", "{}").field("idempotency-replayed") == "true")
            _ = try await put("/api/tasks/a", "{}")
            _ = try await put("/api/tasks/a", "{ }")
            _ = try await put("/api/tasks/b", "{}")
            _ = try await put("/api/tasks/a", "{}", ["If-Match: *"])
            let keys = store.state.withLock { $0.writes.compactMap(\.idempotencyKey) }
            #expect(keys.allSatisfy { $0.key == "k-1" })
            #expect(keys[0] == keys[1])
            #expect(Set(keys.map(\.requestHash)).count == 4)
            let long = try await connection.ask(
                "DELETE",
                "/api/tasks/a",
                ["Idempotency-Key: \(String(repeating: "x", count: 256))"]
            )
            #expect(long.status == 400)
        }
    }

    @Test("without If-Match is refused where the setting says so, but for creations")
    func required() async throws {
        let store = MemoryStore()
        store.state.withLock { $0.answer = Self.stored(200) }
        var configuration = ServiceConfiguration()
        configuration.requiresIfMatch = true
        try await TestService.run(store, configuration: configuration) { connection async throws in
            let fields = ["Content-Type: application/json"]
            let body = Array("{\"task_id\":\"a\"}".utf8)
            #expect(try await connection.ask("PUT", "/api/tasks/a", fields, body: body).status == 428)
            #expect(try await connection.ask("DELETE", "/api/tasks/a").status == 428)
            #expect(try await connection.ask("DELETE", "/api/tasks/a", ["If-Match: \"p7-1\""]).status == 200)
            #expect(try await connection.ask("POST", "/api/tasks", fields, body: body).status == 200)
            #expect(try await connection.ask("DELETE", "/api/tasks/a", ["If-Match: p7-1"]).status == 400)
        }
    }

    @Test("in a batch has an outcome for each line, whatever the others are")
    func batch() async throws {
        let store = MemoryStore()
        store.state.withLock { $0.answer = Self.stored(200) }
        try await TestService.run(store) { connection in
            let lines = [
                "{\"op\":\"create\",\"body\":{\"task_id\":\"x\",\"title\":\"é\"}}", "not json",
                "{\"op\":\"merge\",\"id\":\"y\",\"body\":{\"title\":null},\"if_match\":\"\\\"p7-1\\\"\"}",
                "{\"op\":\"delete\"}", "", "{\"op\":\"delete\",\"id\":\"z\"}", "{\"op\":\"move\",\"id\":\"z\"}",
            ]
            let answer = try await connection.ask(
                "POST",
                "/api/tasks:batch",
                ["Content-Type: application/x-ndjson", "Idempotency-Key: b"],
                body: Array(lines.joined(separator: "\n").utf8)
            )
            #expect(answer.status == 200)
            let outcomes = try answer.text.split(separator: "\n").map { line in
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            }
            #expect(outcomes.map { $0["line"] as? Int } == [1, 2, 3, 4, 5, 6])
            #expect(outcomes.map { $0["status"] as? Int } == [200, 400, 200, 400, 200, 400])
            #expect((outcomes[3]["problem"] as? [String: Any])?["pointer"] as? String == "/id")
            let writes = store.state.withLock { $0.writes }
            #expect(writes.map(\.key.text) == ["x", "y", "z"])
            #expect(writes.map { $0.idempotencyKey?.key } == ["b#1", "b#3", "b#5"])
            #expect(writes[1].precondition == .anyOf([.row(epoch: 7, version: 1)]))
        }
    }
}
