import Diagnostics
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite("Small files and directories")
struct FileTests {
    @Test("a file is replaced whole, with its mode, and nothing is left beside it")
    func replace() async {
        // A process of its own: all threads share the umask.
        await #expect(processExitsWith: .success) {
            try await withTemporaryDirectory { directory in
                let path = "\(directory)/file"
                umask(0o077)
                try SmallFile.write(text: "one\n", to: path)
                #expect(Directory.mode(of: path) == 0o600)
                try SmallFile.write(text: "two \n\n", to: path, mode: 0o644)
                #expect(Directory.mode(of: path) == 0o644)
                #expect(try SmallFile.readText(path) == "two")
                #expect(Directory.entries(of: directory) == ["file"])
            }
        }
    }

    @Test("a link in the place of a file is replaced, not followed")
    func link() async throws {
        try await withTemporaryDirectory { directory in
            try SmallFile.write(text: "target", to: "\(directory)/target")
            #expect(symlink("\(directory)/target", "\(directory)/link") == 0)
            try SmallFile.write(text: "new", to: "\(directory)/link")
            #expect(try SmallFile.readText("\(directory)/target") == "target")
        }
    }

    @Test("a place that cannot be written is named, and nothing is left")
    func refused() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.make("\(directory)/taken/inner")
            let error = #expect(throws: ProcessesError.self) {
                try SmallFile.write(text: "x", to: "\(directory)/taken")
            }
            #expect(error?.code == .cannotWrite)
            #expect(error?.details["path"] == "\(directory)/taken")
            #expect(Directory.entries(of: directory) == ["taken"])
        }
    }

    @Test("a full disk is a full disk")
    func full() {
        guard Directory.exists("/dev/full") else { return }
        let error = #expect(throws: ProcessesError.self) { try SmallFile.write(text: "x", to: "/dev/full/x") }
        #expect(error?.code == .cannotWrite)
    }

    @Test("a missing file is nil, an unreadable one an error, and reading is bounded")
    func read() async throws {
        try await withTemporaryDirectory { directory in
            #expect(try SmallFile.read("\(directory)/none") == nil)
            #expect(try SmallFile.read("\(directory)/none/below") == nil)
            let error = #expect(throws: ProcessesError.self) { try SmallFile.read(directory) }
            #expect(error?.code == .cannotRead)
            try SmallFile.write([UInt8](repeating: 7, count: 100_000), to: "\(directory)/big")
            #expect(try SmallFile.read("\(directory)/big")?.count == 100_000)
            #expect(try SmallFile.read("\(directory)/big", limit: 50)?.count == 50)
        }
    }

    @Test("the tail of a log begins at a line")
    func tail() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/log"
            try SmallFile.write(text: "first line\nsecond line\nthird\n", to: path)
            #expect(SmallFile.tail(of: path) == "first line\nsecond line\nthird\n")
            #expect(SmallFile.tail(of: path, limit: 10) == "third\n")
            #expect(SmallFile.tail(of: path, from: 11) == "second line\nthird\n")
            #expect(SmallFile.tail(of: path, from: 1_000) == "")
            #expect(SmallFile.tail(of: "\(directory)/none") == "")
        }
    }

    @Test("directories are made with their mode whatever the umask, and removed with all in them")
    func directories() async {
        await #expect(processExitsWith: .success) {
            try await withTemporaryDirectory { directory in
                umask(0o077)
                let path = "\(directory)/a/b"
                #expect(try Directory.make(path, mode: 0o750))
                #expect(try !Directory.make(path, mode: 0o700))
                #expect(Directory.mode(of: path) == 0o750)
                #expect(Directory.mode(of: "\(directory)/a") == 0o755)
                #expect(symlink("/etc", "\(path)/link") == 0)
                #expect(!Directory.removeIfEmpty(path))
                try Directory.remove("\(directory)/a")
                try Directory.remove("\(directory)/a")
                #expect(Directory.entries(of: directory).isEmpty)
                #expect(Directory.exists("/etc"))
            }
        }
    }

    @Test(
        "the parent of a path",
        arguments: [("/a/b", "/a"), ("/a/b/", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b", "a")]
    )
    func parent(_ path: String, _ parent: String) {
        #expect(Directory.parent(of: path) == parent)
    }

    @Test("a temporary directory is private and goes when the body throws")
    func temporary() async throws {
        struct Stop: Error {}
        var seen = ""
        await #expect(throws: Stop.self) {
            try await TemporaryDirectory.withDirectory { path in
                seen = path
                #expect(Directory.mode(of: path) == 0o700)
                throw Stop()
            }
        }
        #expect(!seen.isEmpty && !Directory.exists(seen))
    }

    @Test("there is room and memory")
    func machine() {
        #expect(Directory.freeBytes(at: "/tmp") ?? 0 > 0)
        #expect(Directory.freeBytes(at: "/nonexistent") == nil)
        #expect(MachineMemory.limit() > 64 << 20)
    }
}
