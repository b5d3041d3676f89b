import Access
import Catalog
import Domain
import Foundation
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import CatalogAPI

@Suite("What is for whoever runs the service")
struct AdminTests {
    /// Lets everybody read, and nobody do more.
    private static var readers: Authenticator {
        var access = AccessConfiguration()
        access.anonymousClearance = .internal
        return Authenticator(NoKeys(), access)
    }

    @Test("is for administrators alone")
    func rights() async throws {
        for route in AdminRoutes.all { #expect(route.right == .admin, "\(route.operation)") }
        try await TestService.run(authenticator: Self.readers) { connection in
            for route in AdminRoutes.all {
                let answer = try await connection.ask(route.method.rawValue, route.template)
                #expect(answer.status == 401, "\(route.operation)")
            }
        }
    }

    @Test("says the mode")
    func mode() async throws {
        try await TestService.run { connection in
            let answer = try await connection.ask("GET", "/admin/mode")
            #expect(answer.status == 200)
            #expect(
                answer.text == #"{"mode":"postgres","epoch":7,"home":"postgres","can_read":true,"can_write":true}"#
            )
        }
    }

    @Test("does nothing to a cache that is not there, and says what is wrong with a request")
    func refusals() async throws {
        try await TestService.run { connection in
            let none = try await connection.ask("POST", "/admin/cache/flush")
            #expect(none.status == 409)
            #expect(try none.json()["code"] as? String == "sync.mode")
            let json = ["Content-Type: application/json"]
            for (path, body, pointer) in [
                ("warm", #"{"kinds":["users"]}"#, "/kinds"), ("warm", #"{"limit":0}"#, "/limit"),
                ("verify", #"{"sample":1e9}"#, "/sample"), ("flush", #"{"all":true}"#, "/all"), ("rebuild", "[]", ""),
            ] {
                let answer = try await connection.ask("POST", "/admin/cache/\(path)", json, body: Array(body.utf8))
                #expect(answer.status == 400, "\(path) \(body)")
                #expect(try answer.json()["pointer"] as? String == pointer, "\(path) \(body)")
            }
        }
    }

    @Test("has a listener of its own where that is wanted, and then no place on the other", arguments: [true, false])
    func listeners(isOperation: Bool) async throws {
        try await TestService.run(routes: isOperation ? .operation : .catalog) { connection in
            for (path, isHere) in [
                ("/metrics", isOperation), ("/livez", isOperation), ("/readyz", isOperation),
                ("/admin/mode", isOperation), ("/api/tasks", !isOperation), ("/health", true), ("/openapi.json", true),
            ] {
                #expect(try await connection.ask("GET", path).status == (isHere ? 200 : 404), "\(path)")
            }
            let document = try await connection.ask("GET", "/openapi.json").json()
            let paths = try #require(document["paths"] as? [String: Any])
            #expect((paths["/admin/cache/warm"] != nil) == isOperation)
            #expect((paths["/api/tasks/{id}"] != nil) != isOperation)
        }
    }

    @Test("everybody who is not let in is told of, with the pattern of the route")
    func denials() async throws {
        let told = Mutex([Denial]())
        try await TestService.run(authenticator: Self.readers, denied: { one in told.withLock { $0.append(one) } }) {
            connection in
            _ = try await connection.ask("GET", "/api/tasks/secret-name", ["Authorization: Bearer cortex_x"])
            _ = try await connection.ask("DELETE", "/api/tasks/secret-name")
            _ = try await connection.ask("GET", "/api/tasks")
        }
        let denials = told.withLock { $0 }
        #expect(denials.map(\.decision) == ["malformed", "missing"])
        #expect(denials.map(\.route) == ["/api/tasks/{id}", "/api/tasks/{id}"])
        #expect(denials.map(\.status) == [401, 401])
        #expect(denials.map(\.principal) == [nil, "anonymous"])
        #expect(denials.allSatisfy { $0.address == "127.0.0.1" })
    }
}
