import Catalog
import Diagnostics
import Domain
import Testing

/// What every store answers on `CatalogTree`: one suite for both homes of the data.
struct StoreConformance {
    let store: any CatalogStore

    /// A document that must be there.
    func body(_ key: DocumentKey, _ need: CatalogNeed = .strong) async throws -> [UInt8] {
        try #require(try await store.document(key, need: need, clearance: .secret)).body
    }

    /// The code and the pointers of what a write fails with.
    func failure(_ write: CatalogWrite) async -> (code: ErrorCode?, pointers: [String]) {
        do {
            _ = try await store.write(write)
            return (nil, [])
        } catch let error as CatalogError {
            return (error.code, error.faults.map(\.pointer))
        } catch {
            return ((error as? any CortexError)?.code, [])
        }
    }

    // MARK: Reading

    func documents() async throws {
        let one = try #require(
            try await store.document(DocumentKey(.tasks, "task-1"), need: .recent, clearance: .internal)
        )
        #expect(
            one.body.text.hasPrefix("{\"version\":\(one.version),\"task_id\":\"task-1\",\"title\":\"Move the catalog\"")
        )
        #expect(one.body.field("task_status") == "in_progress")
        #expect(one.body.field("status_raw") == "assigned")
        #expect(one.body.text.contains("\"created_at\":\"2025-11-01T16:00:00+00:00\""))
        #expect(one.body.text.contains("\"context\":{\"n\": 1.10}"))
        #expect(one.body.field("assigned_to") == "development-master")
        #expect(one.sensitivity == .internal)
        let two = try await body(DocumentKey(.tasks, "task-2"))
        #expect(two.field("deadline_at_raw") == "ASAP")
        #expect(two.field("deadline_at") == "null")
        let three = try await body(DocumentKey(.tasks, "task-3"))
        #expect(three.field("title") == "Load the data \u{e9}\u{2028}\"")
        #expect(three.text.contains("\"tags\":[\"a b\",\"c\"]"))
        #expect(three.text.contains("\"created_at\":\"2025-11-18T00:00:00.25+00:00\""))
        let config = try await body(.document(kind: "config", id: "config/limits"))
        #expect(config.text.contains("\"rules\": {\"max\": 10, \"exact\": 1.000}"))

        #expect(try await store.document(DocumentKey(.tasks, "task-1"), need: .recent, clearance: .public) == nil)
        for missing in ["nothing", "", "a\u{0}b", String(repeating: "x", count: 5_000), "\u{1f}"] {
            #expect(try await store.document(DocumentKey(.tasks, missing), need: .recent, clearance: .secret) == nil)
            #expect(try await store.document(DocumentKey(.runs, missing), need: .strong, clearance: .secret) == nil)
        }
    }

    func clearance() async throws {
        for (id, least) in [
            ("report", Sensitivity.public), ("queue", .internal), ("plain", .internal), ("ledger/a b", .confidential),
            ("payroll", .secret),
        ] {
            for clearance in Sensitivity.allCases {
                let found = try await store.document(DocumentKey(.assets, id), need: .recent, clearance: clearance)
                #expect((found != nil) == (least <= clearance), "\(id) for \(clearance)")
                let listed = try await store.list(ListQuery(.assets), clearance: clearance).documents.map(\.key.text)
                #expect(listed.contains(id) == (least <= clearance), "\(id) for \(clearance)")
                let hit = try await store.search(SearchQuery(id), clearance: clearance).documents.map(\.key.text)
                #expect(hit.contains(id) == (least <= clearance), "\(id) for \(clearance)")
                let lineage = try await store.assetLineage(id, direction: .both, depth: 3, clearance: clearance)
                #expect((lineage != nil) == (least <= clearance), "\(id) for \(clearance)")
            }
        }
        let counts = try await Sensitivity.allCases.asyncMap { try await store.statistics(clearance: $0).totalAssets }
        #expect(counts == [1, 3, 4, 4, 5])
        let open = try await store.list(ListQuery(.assets, wantsTotal: true), clearance: .internal)
        #expect(open.total == 3)
    }

    func lists() async throws {
        func ids(_ query: ListQuery) async throws -> [String] {
            try await store.list(query, clearance: .secret).documents.map(\.key.text)
        }
        #expect(try await ids(ListQuery(.tasks)) == ["task-1", "task-2", "task-3", "task-4"])
        #expect(try await ids(ListQuery(.tasks, filters: ["status": "pending"])) == ["task-3", "task-4"])
        #expect(try await ids(ListQuery(.tasks, filters: ["parent": "task-1", "priority": "critical"])) == ["task-2"])
        #expect(try await ids(ListQuery(.tasks, filters: ["assigned_to": "nobody-known"])) == ["task-2"])
        #expect(try await ids(ListQuery(.tasks, filters: ["tag": "a b"])) == ["task-3"])
        #expect(try await ids(ListQuery(.tasks, filters: ["q": "THE"])) == ["task-1", "task-2", "task-3", "task-4"])
        #expect(try await ids(ListQuery(.tasks, filters: ["q": "%"])) == [])
        #expect(
            try await ids(ListQuery(.assets, filters: ["owner": "finance", "type": "document"]))
                == ["ledger/a b", "payroll"]
        )
        #expect(try await ids(ListQuery(.documents, filters: ["kind": "config"])) == ["config\u{1f}config/limits"])

        var pages: [[String]] = []
        var cursor: String?
        repeat {
            let page = try await store.list(
                ListQuery(.tasks, cursor: cursor, limit: 3, wantsTotal: true),
                clearance: .secret
            )
            pages.append(page.documents.map(\.key.text))
            #expect(page.total == 4)
            cursor = page.next
        } while cursor != nil
        #expect(pages == [["task-1", "task-2", "task-3"], ["task-4"]])

        for query in [
            ListQuery(.tasks, filters: ["colour": "red"]), ListQuery(.tasks, filters: ["status": "unheard"]),
            ListQuery(.tasks, cursor: "!"), ListQuery(.assets, cursor: "dGFza3MfdGFzay0x"), ListQuery(.tasks, limit: 0),
            ListQuery(.policies, filters: ["active": "maybe"]), ListQuery(.tasks, filters: ["q": "\u{0}"]),
        ] {
            let error = await #expect(throws: CatalogError.self) { try await store.list(query, clearance: .secret) }
            #expect(error?.code == .catalogInvalid && error?.faults.isEmpty == false)
        }
    }

    func search() async throws {
        let named = try await store.search(SearchQuery("task"), clearance: .internal)
        #expect(named.documents.map(\.key.text) == ["queue"])
        #expect(named.total == 1)
        let described = try await store.search(SearchQuery("QUEUE made"), clearance: .secret)
        #expect(described.documents.map(\.key.text) == ["report"])
        let all = try await store.search(SearchQuery("", owner: "platform", limit: 1), clearance: .secret)
        #expect(all.total == 2 && all.documents.count == 1)
        let part = try await store.search(SearchQuery("edge"), clearance: .secret)
        #expect(part.documents.map(\.key.text) == ["ledger/a b"])
        await #expect(throws: CatalogError.self) {
            try await store.search(SearchQuery("x", sensitivity: "cosmic"), clearance: .secret)
        }
    }

    // MARK: Questions

    func statistics() async throws {
        let all = try await store.statistics(clearance: .secret)
        #expect(all.totalAssets == 5)
        #expect(all.byType == ["schema": 2, "document": 3])
        #expect(all.byOwner == ["platform": 2, "finance": 2])
        #expect(all.namespaces == 2)
        #expect(all.totalTasks == 4)
        #expect(all.tasksByStatus == ["in_progress": 1, "completed": 1, "pending": 2])
        #expect(all.totalAgents == all.agentsByStatus.values.reduce(0, +) && all.totalAgents > 0)
        let few = try await store.statistics(clearance: .public)
        #expect(few.totalAssets == 1 && few.totalTasks == 0 && few.totalAgents == 0)
    }

    func lineage() async throws {
        let open = try #require(
            try await store.assetLineage("report", direction: .both, depth: 5, clearance: .internal)
        )
        func outline(_ branches: [AssetLineage.Branch]) -> String {
            branches.map { "\($0.node.id)(\(outline($0.branches)))" }.joined(separator: ",")
        }
        // Payroll and what lies behind it do not exist for this reader.
        #expect(outline(open.upstream) == "queue(nowhere(),plain())")
        #expect(outline(open.downstream) == "queue()")
        #expect(open.nodes.map(\.id) == ["report", "queue", "nowhere", "plain"])
        #expect(open.nodes.map { $0.document != nil } == [true, true, false, true])
        #expect(open.edges.contains { $0.upstream == "queue" && $0.downstream == "report" && $0.confidence == "0.90" })
        #expect(open.edges.count == 4)
        #expect(!open.isTruncated)
        let whole = try #require(
            try await store.assetLineage("report", direction: .upstream, depth: 100, clearance: .secret)
        )
        // Two spellings of one name are two assets; Swift's strings take them for one.
        let twins = "cafe\u{301}(),caf\u{e9}()"
        let upstream = "payroll(ledger/a b(\(twins))),queue(nowhere(),plain())"
        #expect(outline(whole.upstream).utf8.elementsEqual(upstream.utf8))
        #expect(whole.nodes.count == 8 && whole.edges.count == 8)
        #expect(whole.downstream.isEmpty)
        let near = try #require(
            try await store.assetLineage("report", direction: .upstream, depth: 1, clearance: .secret)
        )
        #expect(outline(near.upstream) == "payroll(),queue()")
        #expect(try await store.assetLineage("nowhere", direction: .both, depth: 1, clearance: .secret) == nil)
        await #expect(throws: CatalogError.self) {
            try await store.assetLineage("report", direction: .both, depth: 101, clearance: .secret)
        }
    }

    func tasks() async throws {
        let hierarchy = try #require(try await store.taskHierarchy("task-1", depth: 10, clearance: .internal))
        #expect(hierarchy.tasks.map { "\($0.depth) \($0.taskID)" } == ["0 task-1", "1 task-2", "1 task-3"])
        #expect(hierarchy.tasks[1].parentTaskID == "task-1" && hierarchy.tasks[1].status == "completed")
        #expect(hierarchy.tasks[1].assignedTo == "nobody-known")
        #expect(try await store.taskHierarchy("nothing", depth: 1, clearance: .internal) == nil)
        #expect(try await store.taskHierarchy("task-1", depth: 1, clearance: .public) == nil)

        let lineage = try #require(try await store.taskLineage("task-1", depth: 10, clearance: .internal))
        #expect(lineage.descendants.map(\.taskID) == ["task-2", "task-3"] && lineage.ancestors.isEmpty)
        let below = try #require(try await store.taskLineage("task-3", depth: 10, clearance: .internal))
        #expect(below.ancestors.map(\.taskID) == ["task-1"] && below.ancestors[0].type == "parent")
        #expect(try await store.taskLineage("nothing", depth: 1, clearance: .internal) == nil)

        let history = try #require(try await store.taskHistory("task-1", clearance: .internal))
        #expect(history.records.map(\.path).contains("coordination/task-queue.json"))
        #expect(history.records.map(\.outcome).sorted() == ["resolved", "superseded"])
        #expect(history.records.first { $0.outcome == "superseded" }?.body?.text.contains("Move it, before") == true)
        #expect(try await store.taskHistory("nothing", clearance: .internal) == nil)
        #expect(try await store.taskHistory("task-1", clearance: .public) == nil)
    }

    func agents() async throws {
        let use = try #require(try await store.agentUtilization("development-master", clearance: .internal))
        #expect(use.tasksAssigned == 1 && use.tasksOpen == 1 && use.runs == 0)
        let worker = try #require(try await store.agentUtilization("worker-a", clearance: .internal))
        #expect(worker.runs == 1 && worker.runsActive == 1)
        #expect(try await store.agentUtilization("nothing", clearance: .internal) == nil)
        let runs = try await store.agentRuns("worker-a", clearance: .internal)
        #expect(runs.documents.count == 1 && runs.documents[0].body.field("task_id") == "task-1")
        #expect(try await store.agentRuns("worker-a", clearance: .public).documents.isEmpty)
        #expect(try await store.taskHandoffs("task-1", clearance: .internal).documents.isEmpty)
    }
}

extension Array {
    func asyncMap<R>(_ body: (Element) async throws -> R) async rethrows -> [R] {
        var results: [R] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
