import Compression
import DataMigration
import Domain
import Foundation
import Postgres
import Testing

@Suite("Hostile trees")
struct HostileTreeTests {
    @Test("What no column can hold is kept, named and counted, and the run ends well")
    func hostile() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(Self.files)
            try harness.write("coordination/latin1.json", Array("{\"id\": \"caf".utf8) + [0xE9] + Array("\"}".utf8))
            try harness.write("coordination/utf16.json", [0xFF, 0xFE] + "{}".utf8.flatMap { [$0, 0] })
            try harness.write(
                "coordination/masters/\ndevelopment/handoffs/odd.json",
                Array(#"{"handoff_id": "h-1"}"#.utf8)
            )
            // The same name in another normalisation: another file. Swift takes the two for one string.
            try harness.write("coordination/tasks/cafe\u{301}.json", Array(#"{"task_id": "nfd"}"#.utf8))
            try harness.write("coordination/deep.json", Array(String(repeating: "[", count: 100_000).utf8))
            let facts = try await harness.migrate()
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
            #expect(facts.ledger.isBalanced)
            let task = try await harness.client.query("SELECT * FROM tasks WHERE task_id = 'nul'").rows[0]
            #expect(task["title"].isNull)
            let metadata = try await harness.column("SELECT metadata::text FROM tasks WHERE task_id = 'nul'")
            #expect(metadata[0]?.contains(#"a\u0000b"#) == true)
            let numbers = try await harness.column("SELECT metadata::text FROM tasks WHERE task_id = 'numbers'")
            #expect(numbers[0]?.contains("9007199254740993") == true)
            #expect(numbers[0]?.contains("1e400") == true)
        }
    }

    private static let files = [
        "coordination/tasks/nul.json": #"{"task_id": "nul", "title": "a\u0000b", "status": "pending"}"#,
        "coordination/tasks/surrogate.json": #"{"task_id": "surrogate", "title": "a\ud800b", "status": "pending"}"#,
        "coordination/tasks/numbers.json": #"{"task_id": "numbers", "context": {"a": 9007199254740993, "b": 1e400}}"#,
        "coordination/tasks/duplicate.json": #"{"task_id": "duplicate", "title": "first", "title": "second"}"#,
        "coordination/tasks/bom.json": "\u{FEFF}{\"task_id\": \"bom\", \"title\": \"BOM\"}\r\n",
        "coordination/tasks/nan.json": #"{"task_id": "nan", "quality_score": NaN}"#,
        "coordination/tasks/quote.json": #"{"task_id": "'; DROP TABLE tasks; --", "title": "\"quoted\""}"#,
        "coordination/tasks/caf\u{e9}.json": #"{"task_id": "nfc"}"#,
        "coordination/tasks/long.json": "{\"task_id\": \"" + String(repeating: "x", count: 5_000) + "\"}",
    ]

    @Test("Members of containers are read, and a container that is damaged is quarantined with its place")
    func containers() async throws {
        try await MigrationHarness.with { harness in
            let line = #"{"event_type": "heartbeat", "timestamp": "2025-11-18T00:00:00Z"}"# + "\n"
            let packed = try GzipWriter.compress(Array(String(repeating: line, count: 3).utf8))
            try harness.write("coordination/events/archive/2025-11-18/heartbeat-events.jsonl.gz", packed)
            try harness.write("coordination/events/archive/2025-11-18/cut.jsonl.gz", Array(packed.dropLast(9)))
            let bomb = try GzipWriter.compress([UInt8](repeating: 32, count: 64 << 20))
            try harness.write("coordination/events/archive/2025-11-18/bomb.jsonl.gz", bomb)
            let facts = try await harness.migrate()
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
            #expect(facts.ledger.isBalanced)
            #expect(try await harness.count("SELECT count(*) FROM audit_logs WHERE event_type = 'heartbeat'") == 3)
            #expect(facts.quarantined.filter { $0.kind == "container" }.count == 2)
        }
    }

    @Test("An empty tree is moved: nothing was read and everything balances")
    func empty() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(["coordination/readme.txt": ""])
            let facts = try await harness.migrate()
            #expect(facts.status == .completed)
            #expect(facts.ledger.total.read == 0)
        }
    }

    @Test("Records above the limit are quarantined with their place and the others are read")
    func tooLarge() async throws {
        try await MigrationHarness.with { harness in
            let large = #"{"id": "large", "title": ""# + String(repeating: "x", count: 100_000) + #""}"#
            try harness.write([
                "coordination/task-queue.json": #"{"tasks": [{"id": "small", "title": "s"}, \#(large)]}"#
            ])
            let facts = try await harness.migrate { $0.maximumRecordBytes = 10_000 }
            #expect(facts.quarantined.map(\.pointer) == ["/tasks/1"])
            #expect(facts.quarantined.first?.reason.contains("record_too_large") == true)
            #expect(try await harness.column("SELECT task_id FROM tasks") == ["small"])
        }
    }

    @Test("A tree larger than a batch and than memory for one file is read in chunks")
    func manyRecords() async throws {
        try await MigrationHarness.with { harness in
            let padding = String(repeating: "x", count: 300)
            let tasks = (0..<30_000).map { #"{"id": "t-\#($0)", "title": "Task \#($0)", "note": "\#(padding)"}"# }
            try harness.write([
                "coordination/task-queue.json": "{\"tasks\": [\n" + tasks.joined(separator: ",\n") + "\n]}"
            ])
            let facts = try await harness.migrate()
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences.prefix(5)))")
            #expect(facts.tables["tasks"] == 30_000)
            #expect(try await harness.count("SELECT count(*) FROM pg_indexes WHERE tablename = 'tasks'") > 5)
        }
    }
}
