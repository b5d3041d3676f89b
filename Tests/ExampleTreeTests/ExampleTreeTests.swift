import Compression
import Diagnostics
import ExampleTree
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Example trees")
struct ExampleTreeTests {
    /// What a shell command prints.
    private func shell(_ command: String) throws -> String {
        let stream = try #require(popen(command, "r"))
        var bytes: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        try #require(pclose(stream) == 0, "\(command) failed")
        return String(decoding: bytes, as: UTF8.self)
    }

    private func withScratch<R>(_ body: (String) throws -> R) throws -> R {
        var template = Array("/tmp/cortex-example-XXXXXX".utf8CString)
        let path = try #require(
            template.withUnsafeMutableBufferPointer {
                $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            }
        )
        defer { _ = try? shell("rm -rf '\(path)'") }  // Cleanup; what it leaves is in the temporary directory.
        return try body(path)
    }

    private func read(_ path: String) throws -> [UInt8] {
        let stream = try #require(fopen(path, "r"))
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return bytes
    }

    @Test("The same seed gives the same bytes, another seed others")
    func deterministic() throws {
        try withScratch { path in
            let first = try ExampleTree(seed: 7, tasks: 50).write(to: "\(path)/a")
            let second = try ExampleTree(seed: 7, tasks: 50).write(to: "\(path)/b")
            #expect(first == second)
            _ = try shell("diff -r '\(path)/a' '\(path)/b'")
            let other = try ExampleTree(seed: 8, tasks: 50).write(to: "\(path)/c")
            #expect(other.taskRecords == first.taskRecords)
            #expect(other.bytes != first.bytes)
        }
    }

    @Test("The counts are those of the disk", arguments: [1, 2, 30, 200])
    func counts(tasks: Int) throws {
        try withScratch { path in
            let expected = try ExampleTree(seed: 3, tasks: tasks).write(to: "\(path)/t")
            // One dot a file: names may hold newlines.
            #expect(try shell("find '\(path)/t' -type f -exec printf . \\;").count == expected.files.total)
            #expect(try shell("find '\(path)/t' -mindepth 1 -type d -exec printf . \\;").count == expected.directories)
            #expect(try shell("find '\(path)/t' -type f -size 0 -exec printf . \\;").count == expected.files.empty)
            let files = expected.files
            let states = [files.value, files.values, files.whitespace, files.empty, files.invalid, files.notJSON]
            #expect(files.total == states.reduce(0, +))
            #expect(states.allSatisfy { $0 > 0 })
            #expect(
                expected.distinctTaskIDs <= expected.taskRecords - expected.tasksWithoutID
                    - expected.identicalTaskRecords
            )
            #expect(expected.distinctTaskIDs >= tasks)
        }
    }

    @Test("The number of tasks adds up, and the deliberate defects do not grow with it")
    func growth() throws {
        try withScratch { path in
            let small = try ExampleTree(seed: 1, tasks: 100).write(to: "\(path)/a")
            let large = try ExampleTree(seed: 1, tasks: 1_100).write(to: "\(path)/b")
            #expect(large.taskRecords == small.taskRecords + 1_000)
            #expect(large.distinctTaskIDs == small.distinctTaskIDs + 1_000)
            #expect(large.conflictingTaskIDs == small.conflictingTaskIDs)
            #expect(large.identicalTaskRecords == small.identicalTaskRecords)
            #expect(large.files == small.files)
        }
    }

    @Test("The parts that a migration looks for are there")
    func parts() throws {
        try withScratch { path in
            let expected = try ExampleTree(seed: 1, tasks: 200).write(to: "\(path)/t")
            #expect(expected.catalogAssets == 42)
            #expect(expected.conflictingTaskIDs > 4)
            #expect(expected.identicalTaskRecords > 4)
            #expect(expected.bytes < 1_000_000)
            let queue = String(decoding: try read("\(path)/t/coordination/task-queue.json"), as: UTF8.self)
            for time in ["-0600\"", "-06:00\"", "Z\"", "+0000\""] { #expect(queue.contains(time)) }
            #expect(queue.contains("\"assigned_to\": \"\\ndevelopment\""))
            let old = String(
                decoding: try read("\(path)/t/coordination/task-queue-backup-20251107-141724.json"),
                as: UTF8.self
            )
            #expect(old.ranges(of: "\"id\": \"task-012\"").count == 4)
            #expect(try shell("ls '\(path)/t/coordination/masters/\ndevelopment/handoffs' | wc -l").contains("2"))
            #expect(
                try shell("grep -rl 'skills_required\": ,' '\(path)/t/coordination/worker-specs' | wc -l").contains("4")
            )
        }
    }

    @Test("The archives hold what was counted")
    func archives() throws {
        try withScratch { path in
            let expected = try ExampleTree(seed: 1, tasks: 10).write(to: "\(path)/t")
            let archive = try read("\(path)/t/coordination/archives/failed-workers-2025-11-11.tar.gz")
            let tar = TarReader(source: GzipReader(source: ByteStream.reader(archive)).byteReader)
            var specs = 0
            while let member = try tar.next() {
                #expect(member.isPlainRelativePath)
                if member.kind == .file { specs += 1 }
            }
            #expect(specs == expected.archivedWorkerSpecs)
            #expect(expected.members == specs + 2)
        }
    }

    @Test("The committed example is what its seed gives, compressed files aside")
    func committed() throws {
        // Tests/ExampleTreeTests/<this file>, so the package is three levels up.
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
            separator: "/"
        )
        try withScratch { path in
            try ExampleTree(seed: 42, tasks: 200).write(to: "\(path)/t")
            // The bytes of compressed files depend on the version of zlib.
            _ = try shell("diff -r -x '*.gz' '\(path)/t' '\(package)/examples/coordination-project'")
        }
    }

    @Test("A directory that holds something is refused")
    func occupied() throws {
        try withScratch { path in
            try ExampleTree(seed: 1, tasks: 1).write(to: "\(path)/t")
            let error = #expect(throws: ExampleTreeError.self) {
                try ExampleTree(seed: 1, tasks: 1).write(to: "\(path)/t")
            }
            #expect(error?.code == .cannotWrite)
            #expect(throws: ExampleTreeError.self) { try ExampleTree(seed: 1, tasks: 1).write(to: "\(path)/no/where") }
        }
    }
}
