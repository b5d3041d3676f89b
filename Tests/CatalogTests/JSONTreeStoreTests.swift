import Diagnostics
import Domain
import Foundation
import SourceTree
import TestSupport
import Testing

@testable import Catalog

@Suite("The catalog in a tree")
struct JSONTreeStoreTests {
    private func with(_ body: (TreeHarness, StoreConformance) async throws -> Void) async throws {
        try await TreeHarness.with { try await body($0, StoreConformance(store: $0.store)) }
    }

    @Test("answers what is read as every store does")
    func reading() async throws {
        try await with { _, suite in
            try await suite.documents()
            try await suite.clearance()
            try await suite.lists()
            try await suite.search()
            try await suite.statistics()
            try await suite.lineage()
            try await suite.tasks()
            try await suite.agents()
        }
    }

    @Test("takes what is written as every store does")
    func writing() async throws {
        try await with { _, suite in
            try await suite.refusals()
            try await suite.create()
            try await suite.patch()
            try await suite.references()
            try await suite.replace()
            try await suite.repetitions()
            try await suite.delete()
            try await suite.checkIn()
        }
    }

    @Test("tells what happened, to those who may know")
    func events() async throws {
        try await with { _, suite in try await suite.events() }
    }
}

@Suite("Writes into a tree")
struct TreeWritingTests {
    @Test("leave every other byte of the file as it was, and every other file")
    func otherBytes() async throws {
        try await TreeHarness.with { harness in
            let before = try harness.files()
            let queue = "coordination/task-queue.json"
            let text = try harness.file(queue)
            func patch(_ id: String, _ body: String) async throws {
                _ = try await harness.store.write(
                    CatalogWrite(DocumentKey(.tasks, id), .mergePatch(body.body), author: everything)
                )
            }
            try await patch("task-2", #"{"title":"Written"}"#)
            #expect(try harness.file(queue) == text.replacing("Write the schema", with: "Written"))
            try await patch("task-2", #"{"title":"Write the schema"}"#)
            #expect(try harness.file(queue) == text)
            try await patch("task-1", #"{"task_status":"completed","completed_at":"2025-12-01T00:00:00+01:00"}"#)
            let changed = text.replacing("\"status\": \"assigned\"", with: "\"status\": \"completed\"")
                .replacing(
                    "\"context\": {\"n\": 1.10}}",
                    with: "\"context\": {\"n\": 1.10}, \"completed_at\": \"2025-11-30T23:00:00Z\"}"
                )
            #expect(try harness.file(queue) == changed)
            var after = try harness.files()
            after[queue] = before[queue]
            #expect(after == before)
        }
    }

    @Test("put a new document into a file of its own, where an import finds it")
    func newFile() async throws {
        try await TreeHarness.with { harness in
            let before = try harness.files()
            let key = DocumentKey(.tasks, "new/../1")
            let made = try await harness.store.write(
                CatalogWrite(key, .create(#"{"title":"New","task_status":"pending"}"#.body), author: everything)
            )
            let added = Set(try harness.files().keys).subtracting(before.keys)
            #expect(added == ["coordination/tasks/new%2F..%2F1.json"])
            let other = try await TreeHarness.open(harness.root, runDirectory: harness.runDirectory)
            let found = try await other.store.document(key, need: .recent, clearance: .internal)
            #expect(found?.body == made.body)
        }
    }

    @Test("take every record of a deleted id out, so that no older one comes back")
    func deletion() async throws {
        try await TreeHarness.with { harness in
            // What the service keeps in the tree's directory is no part of the tree.
            try CatalogTree.write(
                try harness.file("coordination/task-queue.json"),
                to: "\(harness.root)/.cortex/coordination/task-queue.json"
            )
            _ = try await harness.store.write(CatalogWrite(DocumentKey(.tasks, "task-1"), .delete, author: everything))
            #expect(!(try harness.file("coordination/task-queue.json").contains("\"id\": \"task-1\"")))
            let backup = try harness.file("coordination/task-queue-backup-20251107-141724.json")
            #expect(!backup.contains("task-1") && backup.contains("task-4"))
            let rest = try await harness.store.list(ListQuery(.tasks), clearance: .internal).documents.map(\.key.text)
            #expect(rest == ["task-2", "task-3", "task-4"])
        }
    }

    @Test("refuse what the tree has no place for, and change nothing then")
    func unwritable() async throws {
        try await TreeHarness.with { harness in
            let before = try harness.files()
            let suite = StoreConformance(store: harness.store)
            let run = try #require(
                try await harness.store.agentRuns("worker-a", clearance: .internal).documents.first
            )
            let change = CatalogWrite(run.key, .mergePatch(#"{"run_status":"failed"}"#.body), author: everything)
            #expect(await suite.failure(change).code == .catalogUnwritable)
            let named = CatalogWrite(DocumentKey(.agents, "nobody-known"), .delete, author: everything)
            #expect(await suite.failure(named).code == .catalogUnwritable)
            #expect(try harness.files() == before)
        }
    }

    @Test("see at once what other programs wrote, and a broken file as it was before")
    func outside() async throws {
        try await TreeHarness.with { harness in
            let suite = StoreConformance(store: harness.store)
            let key = DocumentKey(.tasks, "task-2")
            let token = try #require(
                try await harness.store.document(key, need: .strong, clearance: .internal)
            ).token
            let queue = "coordination/task-queue.json"
            let text = try harness.file(queue)
            try CatalogTree.write(
                text.replacing("Write the schema", with: "Changed outside"),
                to: "\(harness.root)/\(queue)"
            )
            #expect(try await suite.body(key).field("title") == "Changed outside")
            let late = CatalogWrite(
                key,
                .mergePatch(#"{"title":"Mine"}"#.body),
                precondition: .anyOf([token]),
                author: everything
            )
            #expect(await suite.failure(late).code == .catalogPrecondition)
            try FileManager.default.removeItem(atPath: "\(harness.root)/\(queue)")
            #expect(try await harness.store.document(key, need: .strong, clearance: .internal) == nil)
        }
    }

    @Test("of another instance are seen by the next write, and by a read that wants to know")
    func instances() async throws {
        try await TreeHarness.with { harness in
            let other = try await TreeHarness.open(harness.root, runDirectory: harness.runDirectory).store
            for round in 1...5 {
                let key = DocumentKey(.tasks, "made-\(round)")
                let write = CatalogWrite(
                    key,
                    .create(#"{"title":"New","task_status":"pending"}"#.body),
                    author: everything
                )
                let (first, second) = round % 2 == 0 ? (harness.store, other) : (other, harness.store)
                let made = try await first.write(write)
                #expect(await StoreConformance(store: second).failure(write).code == .catalogExists)
                let change = CatalogWrite(
                    DocumentKey(.tasks, "task-3"),
                    .mergePatch(#"{"parent_task_id_raw":"\#(key.id)"}"#.body),
                    author: everything
                )
                #expect(try await second.write(change).body?.field("parent_task_id") == key.id)
                #expect(
                    try await first.document(change.key, need: .strong, clearance: .internal)?.body.field(
                        "parent_task_id"
                    ) == key.id
                )
                #expect(try await second.document(key, need: .strong, clearance: .internal)?.token == made.token)
            }
        }
    }

    @Test("one after the other into one file are each in it, and change nothing else")
    func repeated() async throws {
        try await TreeHarness.with { harness in
            let queue = "coordination/task-queue.json"
            let text = try harness.file(queue)
            for round in 1...30 {
                let key = DocumentKey(.tasks, "task-\(round % 3 + 1)")
                let write = CatalogWrite(key, .mergePatch(#"{"title":"\#(round)"}"#.body), author: everything)
                let body = try await harness.store.write(write).body
                #expect(body?.field("title") == "\(round)")
                #expect(try await harness.store.document(key, need: .recent, clearance: .internal)?.body == body)
            }
            let changed = text.replacing("Move the catalog", with: "30").replacing("Write the schema", with: "28")
                .replacing(#"Load the data \u00e9\u2028\""#, with: "29")
            #expect(try harness.file(queue) == changed)
        }
    }

    @Test("are repeated after a crash between answer and change, and only then")
    func cutOff() async throws {
        try await TreeHarness.with { harness in
            let write = CatalogWrite(
                DocumentKey(.tasks, "task-3"),
                .mergePatch(#"{"title":"Once"}"#.body),
                author: everything,
                idempotencyKey: IdempotencyKey("k", requestHash: [9])
            )
            let first = try await harness.store.write(write)
            // As if the process had ended before it marked the answer as done.
            let directory = harness.runDirectory + "/idempotency"
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
            let answer = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
            try CatalogTree.write(
                answer.replacing(#""isDone":true"#, with: #""isDone":false"#),
                to: "\(directory)/\(name)"
            )
            #expect(try await harness.store.write(write).isRepeated)
            _ = try await harness.store.write(
                CatalogWrite(write.key, .mergePatch(#"{"title":"Since"}"#.body), author: everything)
            )
            let second = try await harness.store.write(write)
            #expect(!second.isRepeated && second.body == first.body)
        }
    }
}

/// A store over a tree of its own.
struct TreeHarness {
    let store: JSONTreeStore
    let root: String
    let runDirectory: String

    static func with<R>(tree: String? = nil, _ body: (TreeHarness) async throws -> R) async throws -> R {
        try await withTemporaryDirectory { directory in
            let root = directory + "/tree"
            if let tree {
                try FileManager.default.copyItem(atPath: tree, toPath: root)
            } else {
                try CatalogTree.write(to: root)
            }
            return try await body(try await open(root, runDirectory: directory + "/run"))
        }
    }

    static func open(
        _ root: String,
        runDirectory: String,
        committed: @escaping @Sendable (Range<ContinuousClock.Instant>) -> Void = { _ in }
    ) async throws -> TreeHarness {
        let store = try await JSONTreeStore(
            source: try SourceRoot(validating: root),
            mapping: try Mapping.shipped(),
            runDirectory: runDirectory,
            excluding: ["\(root)/.cortex"],
            committed: committed
        )
        return TreeHarness(store: store, root: root, runDirectory: runDirectory)
    }

    /// The bytes of a file.
    func file(_ path: String) throws -> String { try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }

    /// Every file with its bytes.
    func files() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
            var isDirectory: ObjCBool = false
            let whole = "\(root)/\(path)"
            guard FileManager.default.fileExists(atPath: whole, isDirectory: &isDirectory), !isDirectory.boolValue
            else {
                continue
            }
            files[path] = try Data(contentsOf: URL(filePath: whole))
        }
        return files
    }
}
