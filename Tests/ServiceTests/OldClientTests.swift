import ExampleTree
import Foundation
import TestSupport
import Testing

/// A client of the catalog as it was before Cortex: it knows six routes and the fields that it reads in their answers.
@Suite("An existing client of the catalog", .timeLimit(.minutes(5)))
struct OldClientTests {
    private static let asset = "record-0.schema"
    private static let json = "Content-Type: application/json"

    @Test("finds the fields it knows in mode json, with a key and without one where that is allowed")
    func tree() async throws {
        try await ServicePlace.with { place in
            let source = ["--source", place.directory + "/tree"]
            _ = try ExampleTree(seed: 7, tasks: 20).write(to: place.directory + "/tree")
            try await place.withService(source) { service in
                #expect(service.mode == "json")
                let client = service.client(key: try place.adminKey())
                try await expectFields(client, changedBy: client, mode: "json")
                try await expectRefusal(service.client())
            }
            try await place.withService(source, ["CORTEX_ANONYMOUS_CLEARANCE": "internal"]) { service in
                let writer = service.client(key: try place.adminKey())
                try await expectFields(service.client(), changedBy: writer, mode: "json")
                try await expectReadingAlone(service.client())
            }
        }
    }

    @Test(
        "finds the same after up, migrate and serve --insecure-local, and in mode postgres with a key and without one"
    )
    func database() async throws {
        try await ServicePlace.with { place in
            _ = try ExampleTree(seed: 7, tasks: 20).write(to: place.directory + "/tree")
            do {
                try await story(place)
            } catch {
                Issue.record(error)
            }
            let down = try await place.run("down", "--purge", "--yes")
            #expect(down.status == 0, "\(down.talk)")
        }
    }

    /// The commands with which the service is shown.
    private func story(_ place: ServicePlace) async throws {
        let up = try await place.run("up")
        #expect(up.status == 0, "\(up.talk)")
        let migrated = try await place.run(
            "migrate",
            "--source",
            place.directory + "/tree",
            "--target",
            "local",
            "--yes",
            "--progress",
            "none"
        )
        #expect(migrated.status == 0, "\(migrated.talk)")
        try await place.withService(["--insecure-local"]) { service in
            #expect(service.mode == "postgres")
            try await expectFields(service.client(), changedBy: service.client(), mode: "postgres")
        }
        try await place.withService { service in
            let client = service.client(key: try place.adminKey())
            try await expectFields(client, changedBy: client, mode: "postgres")
            try await expectRefusal(service.client())
        }
        try await place.withService([], ["CORTEX_ANONYMOUS_CLEARANCE": "internal"]) { service in
            let writer = service.client(key: try place.adminKey())
            try await expectFields(service.client(), changedBy: writer, mode: "postgres")
            try await expectReadingAlone(service.client())
        }
    }

    // MARK: What it knows

    private func expectFields(_ client: RawConnection, changedBy writer: RawConnection, mode: String) async throws {
        // It answers from the start; that Redis has answered it may take a busy machine a while.
        var health: [String: Any] = [:]
        try await eventually("the service is healthy") {
            health = try await object(client, "GET", "/health")
            return health["status"] as? String == "healthy"
        }
        #expect(health["mode"] as? String == mode, "\(health)")
        #expect(health["postgres"] is String && health["redis"] is String, "\(health)")

        let stats = try await object(client, "GET", "/api/stats")
        #expect((stats["total_assets"] as? Int ?? 0) >= 42, "\(mode): \(stats)")
        #expect((stats["by_type"] as? [String: Int])?.isEmpty == false, "\(mode): \(stats)")
        #expect((stats["by_owner"] as? [String: Int])?["platform"] ?? 0 > 30, "\(mode): \(stats)")
        #expect(stats["namespaces"] is Int && stats["timestamp"] is String, "\(mode): \(stats)")

        let asset = try await object(client, "GET", "/api/assets/\(Self.asset)")
        let wanted = ["asset_id": Self.asset, "category": "schema", "owner": "platform"]
        for (field, value) in wanted { #expect(asset[field] as? String == value, "\(mode): \(field) of \(asset)") }
        #expect(asset["description"] as? String == "JSON schema definition", "\(mode): \(asset)")

        let found = try await object(client, "POST", "/api/search", #"{"query":"record-0","limit":5}"#)
        let ids = (found["assets"] as? [[String: Any]])?.compactMap { $0["asset_id"] as? String }
        #expect(ids?.contains(Self.asset) == true && found["total"] is Int, "\(mode): \(found)")
        #expect(found["query_time_ms"] is NSNumber, "\(mode): \(found)")

        let lineage = try await object(client, "GET", "/api/lineage/\(Self.asset)?depth=3")
        #expect(lineage["asset_id"] as? String == Self.asset, "\(mode): \(lineage)")
        let steps =
            ((lineage["upstream"] as? [[String: Any]]) ?? []) + ((lineage["downstream"] as? [[String: Any]]) ?? [])
        #expect(steps.contains { $0["asset_id"] as? String == "prompt-1" }, "\(mode): \(lineage)")

        try await expectEvents(client, changedBy: writer)
    }

    /// A change comes as an event with its type, action, id, version and time.
    private func expectEvents(_ client: RawConnection, changedBy writer: RawConnection) async throws {
        let reader = try EventReader(client)
        defer { reader.leave() }
        try await eventually("the stream begins") { reader.hasBegun }
        // A database that is new to the relay begins its timeline when the relay takes office: what was written before is
        // never told. After the first that is, each one has to be.
        var ids: Set<String> = []
        try await eventually("the stream tells of what was made: \(reader.head)") {
            ids.insert(try await makeAsset(writer))
            return reader.events.contains { ids.contains($0.field("id") ?? "") }
        }
        let id = try await makeAsset(writer)
        try await eventually("the stream tells of \(id)") { reader.events.contains { $0.field("id") == id } }
        let event = reader.events.first { $0.field("id") == id }
        #expect(event?.field("action") == "created", "\(event?.text ?? "")")
        for field in ["type", "version", "at"] { #expect(event?.field(field) != nil, "\(field): \(event?.text ?? "")") }
    }

    /// Makes an asset of a name that nobody else has, and gives its id.
    private func makeAsset(_ writer: RawConnection) async throws -> String {
        let id = "made-\(UInt64.random(in: 0...UInt64.max))"
        let body = Array(#"{"asset_id":"\#(id)","asset_name":"Made"}"#.utf8)
        let made = try await writer.ask("POST", "/api/assets", [Self.json], body: body)
        #expect(made.status == 201, "\(made.text)")
        return id
    }

    // MARK: What it may not

    /// Without a key every route is refused but those that are open to everybody.
    private func expectRefusal(_ stranger: RawConnection) async throws {
        let open = ["/health", "/livez", "/readyz", "/openapi.json"]
        for path in open { #expect(try await stranger.ask("GET", path).status == 200, "\(path)") }
        // Signing in is how a key is had, so it is open too.
        let routes = try await routes(stranger).filter {
            !open.contains($0.path) && !($0.method == "POST" && $0.path == "/api/sessions")
        }
        #expect(routes.count > 30)
        for (method, path) in routes {
            let status = try await ask(stranger, method, path)
            #expect(status == 401, "\(method) \(path): \(status)")
        }
    }

    /// Without a key and with a clearance for everybody, nothing can be changed.
    private func expectReadingAlone(_ stranger: RawConnection) async throws {
        // A session is that of a key; whoever has none has none to end.
        let others = ["/api/search", "/api/sessions"]
        let writes = try await routes(stranger).filter { $0.method != "GET" && !others.contains($0.path) }
        #expect(writes.count > 12)
        for (method, path) in writes {
            let status = try await ask(stranger, method, path)
            #expect([401, 403].contains(status), "\(method) \(path): \(status)")
        }
    }

    private func ask(_ client: RawConnection, _ method: String, _ path: String) async throws -> Int {
        try await client.ask(method, path, [Self.json], body: method == "GET" ? nil : Array("{}".utf8)).status
    }

    /// Every route that the service describes, with something in the place of its parameters.
    private func routes(_ client: RawConnection) async throws -> [(method: String, path: String)] {
        let paths = try await object(client, "GET", "/openapi.json")["paths"] as? [String: [String: Any]] ?? [:]
        return paths.sorted { $0.key < $1.key }.flatMap { path, methods in
            methods.keys.filter { ["get", "post", "put", "patch", "delete"].contains($0) }.sorted().map {
                (method: $0.uppercased(), path: path.replacing(/\{[^}]+\}/, with: "x"))
            }
        }
    }

    // MARK: Asking

    private func object(
        _ client: RawConnection,
        _ method: String,
        _ path: String,
        _ body: String? = nil
    ) async throws -> [String: Any] {
        let answer = try await client.ask(
            method,
            path,
            body == nil ? [] : [Self.json],
            body: body.map { Array($0.utf8) }
        )
        #expect(answer.status == 200, "\(method) \(path): \(answer.text)")
        return try answer.json()
    }
}
