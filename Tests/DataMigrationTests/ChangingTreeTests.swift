import Crypto
import DataMigration
import Domain
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("A tree that programs write to")
struct ChangingTreeTests {
    @Test("is followed until it is quiet; no file is taken half written, and one more pass makes both sides equal")
    func writers() async throws {
        try await MigrationHarness.with { harness in
            let writer = TreeWriterProgram(root: harness.root, seed: UInt64.random(in: 0...UInt64.max))
            try writer.fill()
            Thread { writer.write() }.start()
            let end = ContinuousClock.now + .seconds(TestEffort.count(slice: 5, long: 60))
            var runs = 0
            while runs < 2 || ContinuousClock.now < end {
                let facts = try await harness.migrate { $0.noCutover = true }
                #expect([.completed, .failed].contains(facts.status))
                #expect(facts.ledger.isBalanced)
                runs += 1
            }
            await writer.stop()
            let facts = try await harness.migrate { $0.noCutover = true }
            #expect(facts.status == .completed, "seed \(writer.seed): \(String(describing: facts.verification))")
            #expect(try await harness.verify().passed)
            try await expectWholeContents(harness, seed: writer.seed)
        }
    }

    /// Everything that was ever stored is what a writer had finished, or nothing at all between truncating and writing.
    private func expectWholeContents(_ harness: MigrationHarness, seed: UInt64) async throws {
        let texts = try await harness.column(
            """
            SELECT convert_from(c.bytes, 'UTF8') FROM source.files f JOIN source.blob_chunks c USING (sha256)
            WHERE f.path_text LIKE '%/live-%'
            """
        )
        #expect(texts.count > 200, "seed \(seed)")
        for text in texts {
            #expect(TreeWriterProgram.isWhole(text ?? ""), "seed \(seed): \((text ?? "").prefix(200))")
        }
    }

    @Test("is resolved and verified again when it changed in the middle of the verification")
    func changedDuringVerification() async throws {
        try await MigrationHarness.with { harness in
            try harness.write(SmallTree.files)
            let hasWritten = Mutex(false)
            let migration = try harness.migration(progress: { event in
                // The first verification begins: from now on what was read is old.
                guard event.event == .phaseStarted, event.phase == "verify" else { return }
                let isFirst = hasWritten.withLock { written in
                    defer { written = true }
                    return !written
                }
                if isFirst {
                    _ = try? harness.write([
                        "coordination/tasks/late.json": #"{"task_id": "late", "status": "pending", "title": "Late"}"#
                    ])
                }
            })
            let facts = try await harness.client.withSession {
                try await migration.run(session: $0, facts: MigrationHarness.facts)
            }
            #expect(facts.status == .completed, "\(String(describing: facts.verification?.differences))")
            #expect(try await harness.column("SELECT title FROM tasks WHERE task_id = 'late'") == ["Late"])
        }
    }

    @Test("that lost, renamed and swapped files between two runs is followed")
    func renames() async throws {
        try await MigrationHarness.with { harness in
            let first = #"{"task_id": "a", "status": "pending", "title": "A"}"#
            let second = #"{"task_id": "b", "status": "pending", "title": "B"}"#
            try harness.write(["coordination/tasks/a.json": first, "coordination/tasks/b.json": second])
            try await harness.migrate { $0.noCutover = true }
            try harness.write(["coordination/tasks/a.json": second, "coordination/tasks/b.json": first])
            let facts = try await harness.migrate { $0.noCutover = true }
            #expect(facts.status == .completed)
            #expect(facts.ledger.total.read == 2)
            #expect(try await harness.count("SELECT count(*) FROM source.files WHERE retired_by IS NOT NULL") == 2)
            // And back: what was retired is the tree's again, not stored once more.
            try harness.write(["coordination/tasks/a.json": first, "coordination/tasks/b.json": second])
            let again = try await harness.migrate { $0.noCutover = true }
            #expect(again.status == .completed)
            #expect(try await harness.count("SELECT count(*) FROM source.blobs") == 2)
        }
    }
}

/// A program that keeps its state in files: fifty writes a second, in every way in which programs write.
private final class TreeWriterProgram: Sendable {
    let seed: UInt64
    private let root: String
    private let generator: Mutex<SeededGenerator>
    private let isStopping = Mutex(false)
    private let ended = AsyncStream.makeStream(of: Void.self)

    init(root: String, seed: UInt64) {
        self.root = root
        self.seed = seed
        generator = Mutex(SeededGenerator(seed: seed))
    }

    /// Ends the writing and waits for its end.
    func stop() async {
        isStopping.withLock { $0 = true }
        for await _ in ended.stream {}
    }

    private static let files = 200

    private enum Way: CaseIterable {
        case replace, inPlace, truncate, append, delete, sameSizeAndTime
    }

    func fill() throws {
        try FileManager.default.createDirectory(atPath: root + "/coordination/tasks", withIntermediateDirectories: true)
        for number in 0..<Self.files { try write(.replace, number) }
    }

    /// Writes until it is stopped.
    func write() {
        while !isStopping.withLock({ $0 }) {
            let (way, number) = generator.withLock { generator in
                (
                    Way.allCases.randomElement(using: &generator) ?? .replace,
                    Int.random(in: 0..<Self.files, using: &generator)
                )
            }
            // A file that is not there now is written the next time.
            try? write(way, number)
            Thread.sleep(forTimeInterval: 0.02)
        }
        ended.continuation.finish()
    }

    private func write(_ way: Way, _ number: Int) throws {
        let path = root + "/coordination/tasks/live-\(number).json"
        let text = content(number)
        switch way {
        case .replace:
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        case .inPlace, .sameSizeAndTime:
            var before = stat()
            let existed = stat(path, &before) == 0
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
            defer { close(descriptor) }
            _ = text.withCString { Foundation.write(descriptor, $0, strlen($0)) }
            ftruncate(descriptor, off_t(text.utf8.count))
            if existed, way == .sameSizeAndTime {
                futimens(descriptor, [before.st_atim, before.st_mtim])
            }
        case .truncate:
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            defer { close(descriptor) }
            _ = text.withCString { Foundation.write(descriptor, $0, strlen($0)) }
        case .append:
            let descriptor = open(path, O_WRONLY | O_APPEND)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            _ = text.withCString { Foundation.write(descriptor, $0, strlen($0)) }
        case .delete:
            unlink(path)
        }
    }

    /// A task that carries the hash of its title, always of the same length.
    private func content(_ number: Int) -> String {
        let title = generator.withLock { generator in
            (0..<400).map { _ in "abcdefghij".randomElement(using: &generator).map(String.init) ?? "a" }.joined()
        }
        let id = String(repeating: "0", count: 3 - String(number).count) + String(number)
        return
            #"{"task_id": "live-\#(id)", "status": "pending", "title": "\#(title)", "check": "\#(Self.hash(title))"}"#
            + "\n"
    }

    private static func hash(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether the text is a series of whole contents.
    static func isWhole(_ text: String) -> Bool {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().allSatisfy { line in
            let parts = line.split(separator: "\"")
            guard let title = parts.firstIndex(of: "title"), let check = parts.firstIndex(of: "check"),
                parts.indices.contains(title + 2), parts.indices.contains(check + 2), line.hasSuffix("\"}")
            else { return false }
            return hash(String(parts[title + 2])) == parts[check + 2]
        } && (text.isEmpty || text.hasSuffix("\n"))
    }
}
