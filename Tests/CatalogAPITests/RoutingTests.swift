import Foundation
import HTTPTypes
import Testing

@testable import CatalogAPI

@Suite("The routes")
struct RoutingTests {
    @Test("a path leads to its route, with literals before parameters")
    func match() throws {
        func template(_ method: HTTPRequest.Method, _ path: String) throws -> String? {
            guard case .route(let route, _) = RouteTable.all.match(method, try #require(RequestTarget(path)).segments)
            else { return nil }
            return "\(route.method) \(route.template)"
        }
        #expect(try template(.get, "/api/tasks") == "GET /api/tasks")
        #expect(try template(.get, "/api/tasks/x%2Fy") == "GET /api/tasks/{id}")
        #expect(try template(.head, "/api/tasks/x") == "GET /api/tasks/{id}")
        #expect(try template(.post, "/api/tasks:batch") == "POST /api/tasks:batch")
        #expect(try template(.get, "/api/tasks/x/history") == "GET /api/tasks/{id}/history")
        #expect(try template(.get, "/api/tasks/") == nil)
        #expect(try template(.get, "/api//tasks") == nil)
        #expect(try template(.get, "/api/tasks/x/") == nil)
        #expect(try template(.get, "/API/tasks") == nil)
    }

    @Test("another method is told which there are")
    func otherMethods() throws {
        guard case .otherMethods(let methods) = RouteTable.all.match(.post, ["api", "tasks", "x"]) else {
            return #expect(Bool(false), "POST of a document is no route")
        }
        #expect(methods.map(\.rawValue) == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"])
    }

    @Test("the OpenAPI document has the routes that exist, and no others")
    func openAPI() throws {
        let bytes = OpenAPIDocument.bytes(RouteTable.all.routes, version: "1")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        let described = Set(paths.flatMap { path, operations in operations.keys.map { "\($0.uppercased()) \(path)" } })
        let routed = Set(RouteTable.all.routes.map { "\($0.method.rawValue) \($0.template)" })
        #expect(described == routed)
        let names = paths.values.flatMap(\.values).compactMap { $0["operationId"] as? String }
        #expect(Set(names).count == routed.count)
        for (path, operations) in paths {
            for operation in operations.values {
                let parameters = operation["parameters"] as? [[String: Any]] ?? []
                let inPath = parameters.filter { $0["in"] as? String == "path" }.compactMap { $0["name"] as? String }
                let braced = path.matches(of: /\{([a-z]+)\}/).map { String($0.1) }
                #expect(inPath == braced, "\(path)")
            }
        }
        let schemas = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: Any])
        let text = String(decoding: bytes, as: UTF8.self)
        for reference in text.matches(of: /"#\/components\/schemas\/([A-Za-z]+)"/) {
            #expect(schemas[String(reference.1)] != nil, "\(reference.1)")
        }
    }
}
