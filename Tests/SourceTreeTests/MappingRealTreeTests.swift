import Domain
import LosslessJSON
import Testing

@testable import SourceTree

/// The expected numbers were counted by a Python script over the same files, not taken from this program.
@Suite("The shipped mapping on a real coordination tree", .enabled(if: RealTree.root != nil))
struct MappingRealTreeTests {
    let files: [Extracted]
    var records: [ExtractedRecord] { files.flatMap(\.records) }

    init() throws {
        files = try RealTree.extraction.get()
    }

    func file(_ name: String) throws -> Extracted {
        try #require(files.first { $0.path == "coordination/\(name)" })
    }

    @Test("every file ends in the state that it is in")
    func states() {
        var counts = FileCounts()
        for file in files { counts.add(file.reading.state) }
        #expect(counts.total == 411)
        #expect(counts.value == 353)
        #expect(counts.values == 13)
        #expect(counts.invalid == 17)
        #expect(counts.whitespace == 17)
        #expect(counts.empty == 10)
        #expect(counts.notJSON == 1)
    }

    @Test("each kind has as many records as the files hold")
    func kinds() {
        var counts: [String: Int] = [:]
        for record in records where record.disposition == .candidate { counts[record.kind, default: 0] += 1 }
        let expected = [
            "agent": 94, "agent_run": 265, "asset": 170, "asset_lineage": 1, "catalog": 5, "config": 1, "document": 3,
            "event": 197, "execution": 2, "fix_history": 2, "git_operation": 28, "governance": 4, "handoff": 61,
            "health_report": 2_269, "learning": 4, "orchestration": 1, "policy": 24, "quality_check": 6,
            "routing_decision": 287, "schema": 24, "strategy_plan": 16, "task": 222, "token_snapshot": 301,
            "trace_span": 14, "user": 3, "version_aliases": 5, "violation": 4, "worker_progress": 12,
            "worker_report": 1, "worker_template": 1, "workflow_state": 7,
        ]
        #expect(counts == expected)
    }

    @Test("the only quarantined records are the 17 invalid files, each of its rule's kind, whole")
    func quarantined() throws {
        let quarantined = records.filter { $0.disposition != .candidate }
        #expect(quarantined.count == 17)
        #expect(quarantined.count { $0.kind == "agent_run" } == 15)
        #expect(quarantined.count { $0.kind == "handoff" } == 2)
        #expect(quarantined.allSatisfy { $0.disposition == .quarantined("invalid_json") && $0.rows.isEmpty })
        let spec = try file("worker-specs/active/dev-worker-1672B646.json")
        let record = try #require(spec.records.first)
        #expect(spec.records.count == 1)
        #expect(record.span.start == 0)
        #expect(spec.bytes[record.span.start..<record.span.end].elementsEqual(try #require(record.text)))
        let finding = try #require(record.findings(.invalidJSON).first)
        #expect(finding.byteOffset == 1020)
        #expect(finding.line == 29)
        #expect(finding.column == 24)
        #expect(finding.proposal?.contains("null") == true)
    }

    @Test("accepted repairs give the records of the files that have one")
    func repairs() throws {
        let repaired = try RealTree.repaired.get()
        let records = repaired.flatMap(\.records)
        #expect(records.count { $0.isRepaired && $0.kind == "agent_run" && $0.disposition == .candidate } == 15)
        #expect(records.count { $0.isRepaired && $0.kind == "handoff" && $0.disposition == .candidate } == 1)
        #expect(records.count { $0.disposition != .candidate } == 1)
        #expect(repaired.count { $0.reading.state == .invalid } == 17)
        let spec = try #require(records.first { $0.naturalID == "dev-worker-1672B646" && $0.isRepaired })
        #expect(spec.rest?.contains("\"token_allocation\":null") == true || spec.rest?.contains("null,") == true)
    }

    @Test("a file with an id four times gives four records")
    func repeatedIDs() throws {
        let backup = try file("task-queue-backup-20251107-141724.json")
        let four = backup.records(of: "task").filter { $0.naturalID == "task-012" }
        #expect(backup.records(of: "task").count == 46)
        #expect(four.count == 4)
        #expect(Set(four.map(\.recordID)).count == 4)
        #expect(Set(four.map(\.sha256)).count > 1)
        #expect(four.allSatisfy { $0.sourceRank == 10 && $0.resolution == .byNaturalID })
    }

    @Test("the 222 task records have 147 ids, 58 of them embedded copies")
    func tasks() {
        let tasks = records.filter { $0.kind == "task" }
        #expect(Set(tasks.compactMap(\.naturalID)).count == 147)
        #expect(tasks.count { $0.sourceRank == 30 } == 58)
        #expect(tasks.count { $0.sourceRank == 20 } == 12)
    }

    @Test("no file named as JSON is unmapped, and record ids are unique")
    func coverage() throws {
        #expect(files.allSatisfy { $0.reading.rule != nil || $0.reading.state == .notJSON })
        #expect(Set(records.map(\.recordID)).count == records.count)
        var check = MappingCheck(mapping: try Mapping.shipped())
        for file in RealTree.files { check.add(path: file.path) }
        #expect(check.unmapped.isEmpty)
        #expect(check.assignments.count == 411)
    }

    @Test("no two records of one kind of document share an id, backups aside")
    func documentIDs() {
        let documents = records.filter { $0.rows.first?.table.name == "documents" && $0.sourceRank == 0 }
        let keys = documents.map { "\($0.kind) \($0.naturalID ?? "")" }
        #expect(Set(keys).count == keys.count)
        for record in documents { #expect(record.value("kind") == .text(record.kind)) }
    }

    @Test("times that are none, and times without a zone, are reported with pointer and offset")
    func times() throws {
        let phase = try file("tasks/execute-phase1-autonomous.json")
        let finding = try #require(phase.records.first?.findings(.notAnInstant).first)
        #expect(finding.pointer == "/created_at")
        #expect(finding.message.contains("$(date -Iseconds)"))
        let offset = try #require(finding.byteOffset)
        #expect(phase.bytes[offset...].starts(with: Array("\"$(date".utf8)))
        #expect(phase.records.first?.value("created_at") == .null)
        #expect(phase.records.first?.value("created_at_raw") == .text("$(date -Iseconds)"))

        let chat = try file("tasks/cortex-chat-integration-1766606813.json")
        #expect(chat.records.first?.findings(.notAnInstant).map(\.pointer) == ["/deadline"])
        let zoneless = records.flatMap { $0.findings(.instantWithoutZone) }
        #expect(zoneless.contains { $0.message.contains("2025-11-16T10:36:48") })
    }

    @Test("secrets are reported and never quoted")
    func secrets() throws {
        let spec = try file("worker-specs/active/worker-implementation-002.json")
        let finding = try #require(spec.records.first?.findings(.secretLike).first)
        #expect(finding.pointer == "/identity/token")
        let offset = try #require(finding.byteOffset)
        #expect(spec.bytes[offset...].starts(with: Array("\"redacted-jwt".utf8)))
        let all = files.flatMap { $0.reading.findings + $0.records.flatMap(\.findings) }
        #expect(
            all.allSatisfy { !$0.message.contains("redacted-jwt") && !($0.proposal ?? "").contains("redacted-jwt") }
        )
        #expect(records.count { !$0.findings(.secretLike).isEmpty } == 16)
    }

    @Test("a name with a line feed is kept and reported, and implies an agent")
    func oddNames() throws {
        let odd = records.filter { $0.value("assigned_to_raw") == .text("\ndevelopment") }
        for record in odd {
            #expect(!record.findings(.whitespaceInName).isEmpty)
            #expect(
                record.rows.contains { $0.table.name == "agents" && $0.value("agent_id") == .text("\ndevelopment") }
            )
        }
        #expect(
            try Mapping.shipped().aliases.contains(AgentAlias(alias: "\ndevelopment", agentID: "development-master"))
        )
    }

    @Test("file names that are not the id are reported")
    func names() throws {
        let test = try file("tasks/test-heartbeat-fix.json")
        #expect(test.records.first?.findings(.nameDiffersFromID).count == 1)
        #expect(records.flatMap { $0.findings(.nameDiffersFromID) }.count > 1)
    }

    @Test("priorities as numbers become words, their number stays in the rest")
    func numericPriority() throws {
        let chat = try file("tasks/chat-tasks-20251226/task-chat-1766780166635-j8e0t1upn.json")
        let record = try #require(chat.records.first)
        #expect(record.value("priority_raw") != .null)
        #expect(record.value("task_priority") != .null)
        #expect(record.rest?.contains("\"priority\":") == true)
    }

    @Test("a worker spec is a run and defines its worker")
    func runs() throws {
        let spec = try file("worker-specs/active/worker-implementation-002.json")
        let record = try #require(spec.records.first { $0.kind == "agent_run" })
        #expect(record.resolution == .eachDistinct)
        #expect(record.value("token_budget") == .integer(10_000))
        #expect(record.value("timeout_minutes") == .numeric("45"))
        #expect(record.value("master_raw") == .text("development-master"))
        let agent = try #require(record.rows.first { $0.role == "agent" })
        #expect(agent.value("agent_type") == .text("worker"))
        #expect(agent.value("origin") == .text("defined"))
        #expect(agent.rank > record.sourceRank)
        let inferred = try #require(record.rows.first { $0.value("origin") == .text("inferred") })
        #expect(inferred.rank > agent.rank)
    }

    @Test("dependencies become lineage rows, also those inside metadata")
    func lineage() throws {
        let task = try file("tasks/task-cli-commands-1733000009.json")
        let row = try #require(task.records.first?.rows.first { $0.table.name == "task_lineage" })
        #expect(row.role == "depends_on/metadata/0")
        #expect(row.value("parent_task_id_raw") == .text("task-cli-commands-1733000009"))
        #expect(row.value("child_task_id_raw") == .text("task-main-executor-1733000007"))
    }

    @Test("the four from/to spellings of hand-overs fill one pair of columns, .processed says processed")
    func handoffs() throws {
        let handoffs = records.filter { $0.kind == "handoff" && $0.disposition == .candidate }
        #expect(handoffs.count { $0.value("from_raw") != .null } == 56)
        #expect(handoffs.count { $0.value("processed") == .boolean(true) } == 44)
        #expect(handoffs.count { $0.value("processed") == .null } == 4)
    }

    @Test("records of every file can be rebuilt from its own text")
    func rebuild() throws {
        let extractor = try RecordExtractor.shipped.get()
        for file in files {
            // Streams of one shape need not be rebuilt to their last line.
            for record in file.records.prefix(200) where record.disposition == .candidate {
                let text = try #require(record.text)
                let again = try #require(
                    extractor.rebuild(
                        text: text,
                        source: extractor.source(file.path, file.bytes),
                        pointer: record.pointer,
                        ordinal: record.ordinal,
                        byteStart: record.span.start
                    )
                )
                #expect(again.recordID == record.recordID)
                #expect(again.sha256 == record.sha256)
                #expect(again.naturalID == record.naturalID)
                #expect(again.findings == record.findings)
                #expect(again.rows.map(\.values) == record.rows.map(\.values))
                #expect(again.rows.map(\.role) == record.rows.map(\.role))
            }
        }
    }

    @Test("a record's text is the bytes at its span")
    func spans() throws {
        for file in files {
            for record in file.records where !record.isRepaired {
                let text = try #require(record.text)
                #expect(file.bytes[record.span.start..<record.span.end].elementsEqual(text))
            }
        }
    }
}
