import Catalog
import Diagnostics
import Domain
import TestSupport
import Testing

extension StoreConformance {
    func create() async throws {
        let key = DocumentKey(.tasks, "new/1 \u{e9}")
        let body = #"{"task_id":"new/1 é","title":"New","task_status":"pending","assigned_to":"development-master"}"#
        let made = try await store.write(CatalogWrite(key, .create(body.body), author: everything))
        #expect(made.status == 201 && !made.isRepeated)
        let document = try #require(try await store.document(key, need: .strong, clearance: .internal))
        #expect(document.body == made.body && document.token == made.token)
        #expect(document.body.field("title") == "New")
        #expect(document.body.field("status_raw") == "pending")
        #expect(document.body.field("assigned_to_raw") == "development-master")
        #expect(document.body.field("assigned_to") == "development-master")
        #expect(try await store.list(ListQuery(.tasks), clearance: .internal).documents.contains { $0.key == key })

        #expect(await failure(CatalogWrite(key, .create(body.body), author: everything)).code == .catalogExists)
        let again = CatalogWrite(key, .create(body.body), precondition: .absent, author: everything)
        #expect(await failure(again).code == .catalogPrecondition)
        let asset = DocumentKey(.assets, "made")
        let secret = CatalogWrite(
            asset,
            .create(#"{"asset_id":"made","sensitivity":"secret"}"#.body),
            author: WriteAuthor(principal: "clerk", clearance: .internal)
        )
        #expect(await failure(secret).code == .notPermitted)
        #expect(try DocumentKey(ofNew: .assets, body: #"{"asset_id":"made"}"#.body) == asset)
        #expect(throws: CatalogError.self) { try DocumentKey(ofNew: .assets, body: #"{"asset_id":7}"#.body) }
    }

    func replace() async throws {
        let key = DocumentKey(.tasks, "task-3")
        let before = try #require(try await store.document(key, need: .strong, clearance: .secret))
        // What was read can be written back, and changes nothing.
        let same = try await store.write(CatalogWrite(key, .replace(before.body), author: everything))
        #expect(same.token == before.token && same.body == before.body)
        let text = before.body.text.replacing("\"task_priority\":\"low\"", with: "\"task_priority\":\"critical\"")
        let changed = try await store.write(
            CatalogWrite(key, .replace(text.body), precondition: .anyOf([before.token]), author: everything)
        )
        #expect(changed.status == 200 && changed.token != before.token)
        #expect(changed.body?.field("task_priority") == "critical")
        #expect(changed.body?.field("title") == before.body.field("title"))
        #expect(changed.body?.text.contains("\"tags\":[\"a b\",\"c\"]") == true)
        let late = CatalogWrite(key, .replace(text.body), precondition: .anyOf([before.token]), author: everything)
        #expect(await failure(late).code == .catalogPrecondition)
        let bare = try await store.write(
            CatalogWrite(key, .replace(#"{"title":"Only this"}"#.body), precondition: .exists, author: everything)
        )
        #expect(bare.body?.field("title") == "Only this" && bare.body?.field("task_priority") == "null")
        #expect(bare.body?.field("parent_task_id") == "null" && bare.body?.field("tags") == "null")
        let absent = CatalogWrite(DocumentKey(.tasks, "nothing"), .replace("{}".body), author: everything)
        #expect(await failure(absent).code == .notFound)
    }

    func patch() async throws {
        let key = DocumentKey(.tasks, "task-1")
        let merged = try await store.write(
            CatalogWrite(
                key,
                .mergePatch(#"{"task_status":"completed","metadata":{"context":{"n":2},"extra":[1]}}"#.body),
                author: everything
            )
        )
        #expect(merged.body?.field("task_status") == "completed")
        #expect(merged.body?.field("status_raw") == "completed")
        #expect(merged.body?.field("title") == "Move the catalog")
        #expect(merged.body?.field("metadata")?.contains(#""extra":[1]"#) == true)
        #expect(merged.body?.field("metadata")?.contains(#""n":2"#) == true)

        let steps = """
            [{"op":"test","path":"/task_status","value":"completed"},{"op":"replace","path":"/title","value":"Moved"},
             {"op":"add","path":"/tags","value":["x"]},{"op":"add","path":"/tags/-","value":"y"},
             {"op":"copy","from":"/title","path":"/description"},{"op":"remove","path":"/metadata/extra"}]
            """
        let patched = try await store.write(CatalogWrite(key, .jsonPatch(steps.body), author: everything))
        #expect(patched.body?.field("title") == "Moved" && patched.body?.field("description") == "Moved")
        #expect(patched.body?.field("tags") == #"["x","y"]"#)
        #expect(patched.body?.field("metadata")?.contains("extra") == false)
        let misfit = CatalogWrite(
            key,
            .jsonPatch(#"[{"op":"test","path":"/title","value":"Other"}]"#.body),
            author: everything
        )
        #expect(await failure(misfit) == (.catalogPatch, ["/0"]))
        #expect(try await body(key) == patched.body)
    }

    func references() async throws {
        let key = DocumentKey(.tasks, "task-2")
        func patch(_ text: String) -> CatalogWrite { CatalogWrite(key, .mergePatch(text.body), author: everything) }
        #expect(await failure(patch(#"{"assigned_to":"no-such-agent"}"#)) == (.catalogInvalid, ["/assigned_to"]))
        let known = try await store.write(patch(#"{"assigned_to":"development-master"}"#))
        #expect(known.body?.field("assigned_to_raw") == "development-master")
        let named = try await store.write(patch(#"{"parent_task_id_raw":"task-3"}"#))
        #expect(named.body?.field("parent_task_id") == "task-3")
        let dangling = try await store.write(patch(#"{"parent_task_id_raw":"task-none"}"#))
        #expect(dangling.body?.field("parent_task_id") == "null")
        #expect(dangling.body?.field("parent_task_id_raw") == "task-none")
        let none = try await store.write(patch(#"{"assigned_to":null,"parent_task_id_raw":null}"#))
        #expect(none.body?.field("assigned_to_raw") == "null" && none.body?.field("assigned_to") == "null")
    }

    func refusals() async throws {
        let key = DocumentKey(.tasks, "task-4")
        let before = try await body(key)
        let cases: [(String, [String])] = [
            (#"{"colour":"red"}"#, ["/colour"]), (#"{"title":7,"tags":"x"}"#, ["/title", "/tags"]),
            (#"{"task_status":"unheard"}"#, ["/task_status"]), (#"{"created_at":"yesterday"}"#, ["/created_at"]),
            (#"{"created_at":"2025-11-16T10:36:48"}"#, ["/created_at"]), (#"{"token_budget":1.5}"#, ["/token_budget"]),
            (#"{"tags":["a",1]}"#, ["/tags/1"]), (#"{"title":"a\u0000b"}"#, ["/title"]),
            (#"{"metadata":{"x":"\u0000"}}"#, ["/metadata"]), (#"{"task_id":"other"}"#, ["/task_id"]),
            (#"{"status_raw":"queued up"}"#, ["/status_raw"]), (#"{"a/b~c":1}"#, ["/a~1b~0c"]),
            (#"{"timeout_minutes":1e9999}"#, ["/timeout_minutes"]), (#"{"title":"\ud800"}"#, ["/title"]),
            ("[]", [""]), ("{", [""]), ("", [""]), ("{\"title\":\"\u{1}\"}", [""]),
        ]
        for (body, pointers) in cases {
            let outcome = await failure(CatalogWrite(key, .mergePatch(body.body), author: everything))
            #expect(outcome == (.catalogInvalid, pointers), "\(body)")
        }
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let deepWrite = CatalogWrite(key, .mergePatch("{\"metadata\":\(deep)}".body), author: everything)
        #expect(await failure(deepWrite).code == .catalogInvalid)
        for steps in ["{}", #"[{"op":"fly","path":"/title"}]"#, #"[{"op":"add","path":"title","value":1}]"#] {
            let outcome = await failure(CatalogWrite(key, .jsonPatch(steps.body), author: everything))
            #expect(outcome.code == .catalogInvalid, "\(steps)")
        }
        #expect(try await body(key) == before)

        let hidden = CatalogWrite(
            DocumentKey(.assets, "payroll"),
            .mergePatch(#"{"owner":"me"}"#.body),
            author: WriteAuthor(principal: "clerk", clearance: .internal)
        )
        #expect(await failure(hidden).code == .notFound)
        let raised = CatalogWrite(
            DocumentKey(.assets, "report"),
            .mergePatch(#"{"sensitivity":"secret"}"#.body),
            author: WriteAuthor(principal: "clerk", clearance: .internal)
        )
        #expect(await failure(raised).code == .notPermitted)
    }

    func repetitions() async throws {
        let key = DocumentKey(.assets, "again")
        let write = CatalogWrite(
            key,
            .create(#"{"asset_id":"again","asset_name":"Once"}"#.body),
            author: everything,
            idempotencyKey: IdempotencyKey("k-1", requestHash: [1, 2])
        )
        let first = try await store.write(write)
        let second = try await store.write(write)
        #expect(second.isRepeated && second.body == first.body && second.status == 201)
        #expect(second.token == first.token)
        var other = write
        other.idempotencyKey = IdempotencyKey("k-1", requestHash: [3])
        #expect(await failure(other).code == .syncKeyReused)
        var stranger = write
        stranger.author = WriteAuthor(principal: "stranger", clearance: .secret)
        #expect(await failure(stranger).code == .catalogExists)

        let step = CatalogWrite(
            key,
            .jsonPatch(
                #"[{"op":"test","path":"/asset_name","value":"Once"},{"op":"replace","path":"/asset_name","value":"2"}]"#
                    .body
            ),
            author: everything,
            idempotencyKey: IdempotencyKey("k-2", requestHash: [4])
        )
        let patched = try await store.write(step)
        // The test in it does not hold any more; the key says that it did.
        #expect(try await store.write(step).body == patched.body)
    }

    func delete() async throws {
        let key = DocumentKey(.assets, "plain")
        let before = try #require(try await store.document(key, need: .strong, clearance: .secret))
        let wrong = CatalogWrite(
            key,
            .delete,
            precondition: .anyOf([VersionToken.record("0000000000000000")]),
            author: everything
        )
        #expect(await failure(wrong).code == .catalogPrecondition)
        let gone = try await store.write(
            CatalogWrite(key, .delete, precondition: .anyOf([before.token]), author: everything)
        )
        #expect(gone.status == 204 && gone.body == nil)
        #expect(try await store.document(key, need: .strong, clearance: .secret) == nil)
        #expect(await failure(CatalogWrite(key, .delete, author: everything)).code == .notFound)
        let lineage = try await store.assetLineage("queue", direction: .upstream, depth: 1, clearance: .secret)
        #expect(lineage?.nodes.first { $0.id == "plain" }?.document == nil)
    }

    func checkIn() async throws {
        let result = try await store.checkIn(
            "development-master",
            AgentCheckIn(status: "active", tokensUsed: 7),
            atMicroseconds: 1_767_225_600_000_000,
            author: everything
        )
        #expect(result.body?.field("last_checkin_at") == "2026-01-01T00:00:00+00:00")
        #expect(result.body?.field("agent_status") == "active" && result.body?.field("tokens_used") == "7")
    }

    func events() async throws {
        let key = DocumentKey(.tasks, "task-4")
        func rename(_ title: String) async throws -> WriteResult {
            try await store.write(
                CatalogWrite(key, .mergePatch("{\"title\":\"\(title)\"}".body), author: everything)
            )
        }
        // A database that is new to the relay begins its timeline when the relay takes office: what was written before has no
        // number, and never gets one.
        var names = 0
        try await eventually("events are numbered") {
            names += 1
            _ = try await rename("Before \(names)")
            return try await store.events(after: nil, limit: 1, wait: .zero, clearance: .secret).position.sequence > 0
        }
        let start = try await store.events(after: nil, limit: 100, wait: .zero, clearance: .secret)
        #expect(start.events.isEmpty && !start.isReset)
        let told = try await rename("Told")
        var page = start
        var event: CatalogEvent?
        while event == nil {
            page = try await store.events(after: page.position, limit: 100, wait: .seconds(30), clearance: .secret)
            #expect(!page.isReset)
            if page.events.isEmpty { break }
            event = page.events.first { $0.id == "task-4" && $0.version == told.version }
        }
        let found = try #require(event)
        #expect(found.action == .updated && found.table == "tasks" && found.version == told.version)
        let before = EventPosition(timeline: found.position.timeline, sequence: found.position.sequence - 1)
        let hidden = try await store.events(after: before, limit: 1, wait: .zero, clearance: .public)
        #expect(hidden.events.isEmpty && hidden.position == found.position)
        let again = try await store.events(after: before, limit: 1, wait: .zero, clearance: .internal)
        #expect(again.events == [found])
        // Of two assets whose ids are one text in two spellings each is as visible as it says itself.
        let (open, shut) = ("twin-\u{e9}", "twin-e\u{301}")
        for (id, word) in [(open, "public"), (shut, "secret")] {
            let body = "{\"asset_id\":\"\(id)\",\"sensitivity\":\"\(word)\"}".body
            _ = try await store.write(CatalogWrite(DocumentKey(.assets, id), .create(body), author: everything))
        }
        func twins(_ clearance: Sensitivity) async throws -> [ExactText] {
            try await store.events(after: found.position, limit: 100, wait: .zero, clearance: clearance).events
                .compactMap { event in event.table == "assets" ? event.id.map(ExactText.init) : nil }
        }
        try await eventually("both are told") { try await twins(.secret).count == 2 }
        #expect(try await twins(.secret) == [ExactText(open), ExactText(shut)])
        #expect(try await twins(.public) == [ExactText(open)])
        let foreign = try await store.events(
            after: EventPosition(timeline: 1, sequence: 1),
            limit: 1,
            wait: .zero,
            clearance: .secret
        )
        #expect(foreign.isReset && foreign.events.isEmpty)
    }
}
