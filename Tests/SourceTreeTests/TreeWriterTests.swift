import Compression
import Domain
import Testing

@testable import SourceTree

@Suite("Writing a tree")
struct TreeWriterTests {
    private func reason(_ body: () throws -> Void) -> SourceTreeError.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SourceTreeError)?.reason
        }
    }

    private func copy(_ source: TreeScratch, to path: String) throws -> TreeWriterReport {
        let writer = try TreeWriter(creating: path)
        for entry in try source.walk() {
            var bytes: [UInt8] = []
            if entry.type == .file { bytes = try StableFile(root: source.path, path: entry.path).read().bytes ?? [] }
            try writer.add(entry, contents: ByteStream.reader(bytes))
        }
        return try writer.finish()
    }

    @Test("A copy has the same entries, bytes, modes, link targets and times to the nanosecond")
    func roundTrip() throws {
        try TreeScratch.use { source in
            try source.directory("a")
            try source.directory("a/\ndevelopment")
            try source.file("a/\ndevelopment/f", "content")
            try source.file(Array("a/".utf8) + [0xff], [1, 2, 3], mode: 0o600)
            try source.file("empty")
            try source.link("link", to: "../../outside")
            try source.pipe("pipe")
            try source.setTime(1_234_567_890_123_456_789, of: "a/\ndevelopment/f")
            try source.setTime(-1, of: "empty")
            try source.setTime(987_654_321, of: "a")
            try source.setMode(0o555, of: "a/\ndevelopment")
            try TreeScratch.use { target in
                let report = try copy(source, to: target.path + "/new")
                #expect(report.files == 3 && report.directories == 2 && report.links == 1 && report.pipes == 1)
                #expect(report.bytes == 10)
                let copied = try TreeScratch(path: target.path + "/new").walk()
                let original = try source.walk()
                #expect(copied.map(\.path) == original.map(\.path))
                for (left, right) in zip(copied, original) {
                    #expect(left.mode == right.mode && left.linkTarget == right.linkTarget, "\(left.pathText)")
                    #expect(left.mtimeNanoseconds == right.mtimeNanoseconds, "\(left.pathText)")
                    guard left.type == .file else { continue }
                    let digests = try [target.path + "/new", source.path].map {
                        try StableFile(root: $0, path: left.path).hash().sha256
                    }
                    #expect(digests[0] == digests[1])
                }
                try source.setMode(0o755, of: "a/\ndevelopment")
                try target.setMode(0o755, of: "new/a/\ndevelopment")
            }
        }
    }

    @Test("The target must be absent or empty")
    func target() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f")
            #expect(reason { _ = try TreeWriter(creating: scratch.path) } == .notAsExpected)
            #expect(reason { _ = try TreeWriter(creating: scratch.path + "/f") } == .cannotWrite)
            #expect(reason { _ = try TreeWriter(creating: scratch.path + "/no/where") } == .cannotWrite)
            try scratch.directory("empty")
            #expect(reason { _ = try TreeWriter(creating: scratch.path + "/empty") } == nil)
        }
    }

    @Test(
        "Paths that lead out are refused for every kind of entry",
        arguments: ["../x", "/x", "a/../../x", "a//x", "", ".", "x\u{0}"]
    )
    func traversal(path: String) throws {
        try TreeScratch.use { scratch in
            let writer = try TreeWriter(creating: scratch.path + "/new")
            for type in [EntryType.file, .dir, .link, .fifo] {
                let entry = TreeEntry(path: Array(path.utf8), type: type, linkTarget: Array("t".utf8))
                #expect(reason { try writer.add(entry, contents: ByteStream.reader([])) } == .unsafePath)
            }
            #expect(try scratch.names() == ["new"])
        }
    }

    @Test("A link in the new tree is never written through")
    func linkInTheWay() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("outside")
            let writer = try TreeWriter(creating: scratch.path + "/new")
            try writer.addLink(Array("a".utf8), target: Array("../outside".utf8))
            #expect(
                reason { try writer.addFile(Array("a/x".utf8), contents: ByteStream.reader([1])) } == .notAsExpected
            )
            #expect(reason { try writer.addFile(Array("a".utf8), contents: ByteStream.reader([1])) } == .notAsExpected)
            #expect(try TreeScratch(path: scratch.path + "/outside").names() == [])
        }
    }

    @Test("Sockets, devices and unreadable entries are listed instead")
    func omissions() throws {
        try TreeScratch.use { scratch in
            let writer = try TreeWriter(creating: scratch.path + "/new")
            for type in [EntryType.socket, .device, .unreadable] {
                let isMade = try writer.add(TreeEntry(path: [97], type: type), contents: ByteStream.reader([]))
                #expect(!isMade)
            }
            #expect(try writer.finish().notRecreated.map(\.type) == [.socket, .device, .unreadable])
        }
    }

    @Test("A file whose bytes fail to come does not appear")
    func failedContents() async throws {
        struct Broken: Error {}
        try await TreeScratch.use { scratch in
            let writer = try TreeWriter(creating: scratch.path + "/new")
            #expect(throws: Broken.self) { try writer.addFile([97], contents: { _ in throw Broken() }) }
            await #expect(throws: Broken.self) {
                try await writer.withFile([98]) { sink in
                    try sink.write([1])
                    throw Broken()
                }
            }
            #expect(try TreeScratch(path: scratch.path + "/new").names() == [])
        }
    }

    @Test("Chunks that come asynchronously make one file")
    func chunks() async throws {
        try await TreeScratch.use { scratch in
            let writer = try TreeWriter(creating: scratch.path + "/new")
            try await writer.withFile(Array("a/b/c".utf8), mode: 0o600, mtimeNanoseconds: 5) { sink in
                for chunk in ["one ", "two"] { try sink.write(Array(chunk.utf8)) }
                #expect(sink.count == 7)
            }
            let report = try writer.finish()
            #expect(report.directories == 2 && report.bytes == 7)
            #expect(try scratch.content(of: "new/a/b/c") == "one two")
            let status = try scratch.status(of: "new/a/b/c")
            #expect(status.mode & 0o7777 == 0o600 && status.mtimeNanoseconds == 5)
        }
    }

    @Test("A tree of 2,000 levels is written")
    func deep() throws {
        try TreeScratch.use { scratch in
            let writer = try TreeWriter(creating: scratch.path + "/new")
            let path = [[UInt8]](repeating: Array("d".utf8), count: 2_000).joined(separator: [UInt8(ascii: "/")])
            try writer.addFile(Array(path) + Array("/f".utf8), contents: ByteStream.reader([1]))
            #expect(try writer.finish().directories == 2_000)
            #expect(try TreeScratch(path: scratch.path + "/new").walk().last?.size == 1)
        }
    }
}
