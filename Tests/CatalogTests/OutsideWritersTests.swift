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
                        _ = try await store.write(
                            CatalogWrite(key, .mergePatch(patch.body), author: everything)
                        )
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
