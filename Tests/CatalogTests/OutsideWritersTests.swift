import Catalog
import Diagnostics
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// P25: the store writes beside programs that know nothing of it.
@Suite("Outside writers on the same files")
struct OutsideWritersTests {
    private static let stream = "coordination/auto-fix/history.jsonl"

    /// What the outside writers did: each line, and from when to when it was written.
    private struct Line: Sendable {
        let text: String
        let span: Range<ContinuousClock.Instant>
    }

    /// What both sides share.
    private final class Course: Sendable {
        let isOver = Atomic(false)
        let commits = Mutex<[Range<ContinuousClock.Instant>]>([])
    }

    @Test("lose no line that was complete before the check of our rename")
    func appended() async throws {
        try await withTemporaryDirectory { directory in
            let root = directory + "/tree"
            try CatalogTree.write(to: root)
            try CatalogTree.write(#"{"fix_id":"first","round":0}"# + "\n", to: "\(root)/\(Self.stream)")
            let course = Course()
            let harness = try await TreeHarness.open(root, runDirectory: directory + "/run") { commit in
                course.commits.withLock { $0.append(commit) }
            }
            let first = try await harness.store.list(
                ListQuery(.documents, filters: ["kind": "fix_history"]),
                clearance: .internal
            )
            let key = try #require(first.documents.first).key
            let rounds = TestEffort.count(slice: 40, long: 1_000)
            let lines = try await withThrowingTaskGroup(of: [Line].self) { group in
                let store = harness.store
                group.addTask {
                    // 50 lines a second at the end of the file that the store replaces as a whole.
                    try await withCheckedThrowingContinuation { continuation in
                        Thread.detachNewThread {
                            continuation.resume(
                                with: Result { try Self.keepAppending(until: course, to: "\(root)/\(Self.stream)") }
                            )
                        }
                    }
                }
                group.addTask {
                    defer { course.isOver.store(true, ordering: .relaxed) }
                    for round in 1...rounds {
                        let patch = #"{"body":{"round":\#(round)}}"#
                        try await Self.save(CatalogWrite(key, .mergePatch(patch.body), author: everything), to: store)
                    }
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let text = try harness.file(Self.stream)
            #expect(text.hasPrefix(#"{"fix_id":"first","round":\#(rounds)}"# + "\n"))
            #expect(lines.count >= 20)
            let windows = course.commits.withLock { $0 }
            for line in lines where !text.contains(line.text) {
                // What was written between the check and the rename is lost, as for any program that replaces files.
                #expect(windows.contains { $0.overlaps(line.span) }, "\(line.text)")
            }
        }
    }

    /// How programs write a file that others read.
    enum Style: String, Sendable, CaseIterable {
        /// A new file, renamed over the old one.
        case replacing
        /// The same file, emptied and filled.
        case rewriting
        /// A few bytes of the same file, whose size stays.
        case overwriting
    }

    @Test("lose no version of the file that was complete before the check of our rename", arguments: Style.allCases)
    func replaced(_ style: Style) async throws {
        try await withTemporaryDirectory { directory in
            let root = directory + "/tree"
            try CatalogTree.write(to: root)
            let path = "\(root)/coordination/task-queue.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try CatalogTree.write(text.replacing("Write the schema", with: Self.mark(0)), to: path)
            let theirs = TheirWrites()
            let harness = try await TreeHarness.open(root, runDirectory: directory + "/run") { commit in
                // What stood in the file before our check stands in it after our rename, or something newer.
                guard let found = Self.number(in: path) else { return }
                theirs.compare(found, after: commit)
            }
            let rounds = TestEffort.count(slice: 40, long: 1_000)
            let isOver = Course()
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await withCheckedThrowingContinuation { continuation in
                        Thread.detachNewThread {
                            continuation.resume(
                                with: Result { try Self.keepWriting(style, until: isOver, to: path, theirs) }
                            )
                        }
                    }
                }
                group.addTask {
                    defer { isOver.isOver.store(true, ordering: .relaxed) }
                    for round in 1...rounds {
                        let patch = #"{"title":"\#(round)"}"#
                        let key = DocumentKey(.tasks, "task-3")
                        try await Self.save(
                            CatalogWrite(key, .mergePatch(patch.body), author: everything),
                            to: harness.store
                        )
                    }
                    return 0
                }
                return try await group.reduce(0, +)
            }
            #expect(theirs.losses.withLock { $0 } == [])
            #expect(count >= 20)
            #expect(try harness.file("coordination/task-queue.json").contains("\"id\": \"task-3\""))
        }
    }

    /// The versions that the other program has written, numbered from 1, and what became of them.
    private final class TheirWrites: Sendable {
        private let spans = Mutex<[Range<ContinuousClock.Instant>]>([])
        private let commits = Mutex<[Range<ContinuousClock.Instant>]>([])
        /// What was lost, in words.
        let losses = Mutex<[String]>([])

        func append(since start: ContinuousClock.Instant) { spans.withLock { $0.append(start..<max(.now, start)) } }

        /// A version that was complete before the check of a commit is found after it, or a newer one, unless a commit
        /// came between its beginning and its end.
        func compare(_ found: Int, after commit: Range<ContinuousClock.Instant>) {
            let commits = commits.withLock { commits in
                commits.append(commit)
                return commits
            }
            let complete = spans.withLock { $0 }.prefix { $0.upperBound < commit.lowerBound }
            for (index, span) in complete.enumerated().dropFirst(found) where !commits.contains(where: span.overlaps) {
                losses.withLock { $0.append("\(index + 1), since \(found) was found") }
            }
        }
    }

    private static func mark(_ number: Int) -> String { String("outside-\(1_000_000 + number)") }

    /// The number that the file has now; nil while it is being written.
    private static func number(in path: String) -> Int? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: bytes, as: UTF8.self).firstMatch(of: /outside-(\d{7})/).flatMap { Int($0.1) }
            .map { $0 - 1_000_000 }
    }

    /// Writes as clients do: again where other programs were faster each time, as they are on a busy machine.
    private static func save(_ write: CatalogWrite, to store: JSONTreeStore) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while .now < end {
            do {
                _ = try await store.write(write)
                return
            } catch let error as any CortexError where [.catalogBusy, .notFound].contains(error.code) {
                // A program that empties a file and is held up says for a while that nothing is in it.
                await Task.yield()
            }
        }
        throw TimedOut(what: "a write of \(write.key.text)")
    }

    /// Reads the file, counts its own field up and writes it back, 50 times a second; knows nothing of the store.
    private static func keepWriting(
        _ style: Style,
        until course: Course,
        to path: String,
        _ theirs: TheirWrites
    ) throws -> Int {
        var count = 0
        while !course.isOver.load(ordering: .relaxed) {
            let start = ContinuousClock.now
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let changed = text.replacing(/outside-\d{7}/, with: mark(count + 1))
            switch style {
            case .replacing:
                try Data(changed.utf8).write(to: URL(filePath: path + ".theirs"))
                guard rename(path + ".theirs", path) == 0 else { throw TimedOut(what: path) }
            case .rewriting:
                try put(changed.utf8[...], at: 0, in: path, flags: O_TRUNC)
            case .overwriting:
                guard let place = changed.firstRange(of: "outside-") else { throw TimedOut(what: path) }
                let rest = changed.utf8[place.lowerBound...].prefix(mark(0).utf8.count)
                try put(rest, at: changed.utf8.distance(from: changed.startIndex, to: place.lowerBound), in: path)
            }
            count += 1
            theirs.append(since: start)
            usleep(20_000)
        }
        return count
    }

    private static func put(_ text: Substring.UTF8View, at offset: Int, in path: String, flags: Int32 = 0) throws {
        let descriptor = open(path, O_WRONLY | flags)
        defer { close(descriptor) }
        let bytes = Array(text)
        guard descriptor >= 0, pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw TimedOut(what: path)
        }
    }

    private static func keepAppending(until course: Course, to path: String) throws -> [Line] {
        var lines: [Line] = []
        while !course.isOver.load(ordering: .relaxed) {
            let text = "{\"fix_id\":\"outside-\(lines.count)\"}\n"
            let start = ContinuousClock.now
            try append(text, to: path)
            lines.append(Line(text: text, span: start..<max(.now, start)))
            usleep(20_000)
        }
        return lines
    }

    private static func append(_ line: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        defer { close(descriptor) }
        let bytes = Array(line.utf8)
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else { throw TimedOut(what: path) }
    }
}
