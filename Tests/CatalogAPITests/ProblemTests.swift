import Access
import Domain
import HTTPTypes
import TestSupport
import Testing

@testable import Catalog
@testable import CatalogAPI

@Suite("What the service refuses")
struct ProblemTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let request: String
        let status: Int
        let code: String
        var body: String?
        var type = "application/json"
        var place: String?
        var testDescription: String { "\(request) is \(status) \(code)" }

        init(
            _ request: String,
            _ status: Int,
            _ code: String,
            body: String? = nil,
            type: String = "application/json",
            place: String? = nil
        ) {
            (self.request, self.status, self.code) = (request, status, code)
            (self.body, self.type, self.place) = (body, type, place)
        }
    }

    static let cases: [Case] = [
        Case("GET /nope", 404, "route.unknown"), Case("GET /api/tasks/", 404, "route.unknown"),
        Case("GET /api/tasks/none", 404, "not_found"), Case("DELETE /api/tasks", 405, "method.not_allowed"),
        Case("TRACE /livez", 405, "method.not_allowed"),
        Case("GET /api/tasks?limit=0", 400, "request.invalid", place: "limit"),
        Case("GET /api/tasks?limit=+5", 400, "request.invalid", place: "limit"),
        Case("GET /api/tasks?limit=1&limit=2", 400, "request.invalid", place: "limit"),
        Case("GET /api/tasks?typ=x", 400, "request.invalid", place: "typ"),
        Case("GET /api/tasks/%ff", 400, "request.invalid", place: "id"),
        Case("GET /api/lineage/a?depth=101", 400, "request.invalid", place: "depth"),
        Case("GET /api/lineage/a?direction=up", 400, "request.invalid", place: "direction"),
        Case("POST /api/search", 415, "media_type.unsupported", body: "{}", type: "text/plain"),
        Case("POST /api/search", 400, "request.invalid", body: "{\"query\":", place: ""),
        Case("POST /api/search", 400, "request.invalid", body: "[]", place: ""),
        Case("POST /api/search", 400, "request.invalid", body: "{\"a/b\":1}", place: "/a~1b"),
        Case("POST /api/search", 400, "request.invalid", body: "{\"query\":1}", place: "/query"),
        Case("POST /api/search", 400, "request.invalid", body: "{\"query\":\"a\",\"query\":\"b\"}", place: ""),
        Case("POST /api/search", 400, "request.invalid", body: "{\"query\":\"\\u0000\"}", place: "/query"),
        Case("POST /api/search", 400, "request.invalid", body: "{\"limit\":501}", place: "/limit"),
        Case("POST /api/search", 400, "request.invalid", body: "{\"sensitivity\":\"high\"}", place: "/sensitivity"),
        Case("POST /api/tasks", 400, "request.invalid", body: "{\"title\":\"x\"}", place: "/task_id"),
        Case("POST /api/tasks", 400, "request.invalid", body: "7", place: ""),
        Case("PATCH /api/tasks/x", 415, "media_type.unsupported", body: "{}"),
        Case("POST /api/tasks:batch", 415, "media_type.unsupported", body: "{}"),
        Case(
            "POST /api/tasks:batch",
            413,
            "request.too_large",
            body: String(repeating: "{}\n", count: 1_001),
            type: "application/x-ndjson"
        ),
        Case("POST /api/agents/x/checkin", 400, "request.invalid", body: "{\"note\":1}", place: "/note"),
        Case("GET /api/stats", 500, "internal"),
    ]

    @Test("is told as a problem, with its code, its place and a trace", arguments: [cases])
    func problems(_ cases: [Case]) async throws {
        try await TestService.run { connection in
            for wanted in cases {
                let parts = wanted.request.split(separator: " ").map(String.init)
                let fields = wanted.body == nil ? [] : ["Content-Type: \(wanted.type)"]
                let answer = try await connection.ask(
                    parts[0],
                    parts[1],
                    fields,
                    body: wanted.body.map { Array($0.utf8) }
                )
                let problem = try answer.json()
                #expect(answer.status == wanted.status, "\(wanted)")
                #expect(answer.field("content-type") == "application/problem+json", "\(wanted)")
                #expect(problem["code"] as? String == wanted.code, "\(wanted)")
                #expect(problem["type"] as? String == "urn:cortex:problem:\(wanted.code)", "\(wanted)")
                #expect(problem["status"] as? Int == wanted.status, "\(wanted)")
                #expect((problem["trace_id"] as? String)?.count == 32, "\(wanted)")
                if let place = wanted.place {
                    #expect((problem["pointer"] ?? problem["parameter"]) as? String == place, "\(wanted)")
                }
                #expect(!answer.text.contains("hunter2"))
            }
        }
    }

    @Test("methods that a route has not are told, and OPTIONS lists those that it has")
    func methods() async throws {
        try await TestService.run { connection in
            let refused = try await connection.ask("POST", "/api/tasks/x")
            #expect(refused.field("allow") == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")
            let options = try await connection.ask("OPTIONS", "/api/tasks/x")
            #expect(options.status == 204)
            #expect(options.field("allow") == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")
        }
    }

    @Test("HEAD has the fields of GET and no body, for documents, lists and problems")
    func head() async throws {
        let store = MemoryStore()
        store.put(DocumentKey(.tasks, "a"), "{\"version\":1}", tier: .postgres)
        try await TestService.run(store) { connection in
            for path in ["/api/tasks/a", "/api/tasks", "/api/none", "/livez", "/openapi.json"] {
                let (get, head) = (try await connection.ask("GET", path), try await connection.ask("HEAD", path))
                #expect(get.status == head.status)
                #expect(head.body.isEmpty)
                if get.status == 200 {
                    #expect(get.fields.map(\.name) == head.fields.map(\.name), "\(path)")
                    #expect(get.field("content-length") == head.field("content-length"), "\(path)")
                }
            }
        }
    }

    @Test(
        "without a key nothing but the open routes answers; anonymous callers read up to their clearance and never write"
    )
    func keys() async throws {
        let store = MemoryStore()
        store.put(DocumentKey(.tasks, "a"), "{\"version\":1}")
        store.put(DocumentKey(.tasks, "s"), "{\"version\":1}", sensitivity: .confidential)
        try await TestService.run(store, authenticator: Authenticator(NoKeys())) { connection async throws in
            for route in RouteTable.all.routes {
                let path = route.template.replacing("{id}", with: "a").replacing("{kind}", with: "k")
                let answer = try await connection.ask(route.method.rawValue, path)
                if route.right == .open {
                    // One that takes a body is told that it is missing.
                    #expect(answer.status == (route.body == nil ? 200 : 415), "\(route.operation)")
                } else {
                    #expect(answer.status == 401, "\(route.operation)")
                    #expect(answer.field("www-authenticate")?.hasPrefix("Bearer") == true)
                }
            }
        }
        var access = AccessConfiguration()
        access.anonymousClearance = .internal
        try await TestService.run(store, authenticator: Authenticator(NoKeys(), access)) { connection async throws in
            #expect(try await connection.ask("GET", "/api/tasks/a").status == 200)
            #expect(try await connection.ask("GET", "/api/tasks/s").status == 404)
            #expect(try await connection.ask("DELETE", "/api/tasks/a").status == 401)
            let wrong = try await connection.ask("GET", "/api/tasks/a", ["Authorization: Bearer nonsense"])
            #expect(wrong.status == 401)
        }
    }

    @Test("a document that only a cache says not to exist is a 404 that is marked stale")
    func staleAbsence() {
        func cacheStatus(isStale: Bool) -> String? {
            let problem = Problem(CatalogError.missing(DocumentKey(.tasks, "a"), isStale: isStale), trace: nil)
            #expect(problem.status == 404)
            return problem.fields.first { $0.name == "Cache-Status" }?.value
        }
        #expect(cacheStatus(isStale: true) == "cortex-redis; hit; detail=stale")
        #expect(cacheStatus(isStale: false) == nil)
    }
}
