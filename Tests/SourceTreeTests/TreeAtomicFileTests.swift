import Testing

@testable import SourceTree

@Suite("Replacing files as a whole")
struct TreeAtomicFileTests {
    private func reason(_ body: () throws -> Void) -> SourceTreeError.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SourceTreeError)?.reason
        }
    }

    @Test("The new bytes stand there, the permissions stay, and nothing is left beside them")
    func replaces() throws {
        try TreeScratch.use { scratch in
            try scratch.file(Array("f".utf8), Array("old".utf8), mode: 0o640)
            let fingerprint = try AtomicFile(root: scratch.path, path: Array("f".utf8)).write(Array("new".utf8))
            #expect(try scratch.content(of: "f") == "new")
            #expect(try scratch.status(of: "f").mode & 0o7777 == 0o640)
            #expect(try scratch.status(of: "f").fingerprint == fingerprint)
            #expect(try scratch.names() == ["f"])
        }
    }

    @Test("A new file gets mode 0644 or the one given")
    func newFile() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("a")
            try AtomicFile(root: scratch.path, path: Array("a/f".utf8)).write([], replacing: .absent)
            try AtomicFile(root: scratch.path, path: Array("a/g".utf8)).write([], mode: 0o600)
            #expect(try scratch.status(of: "a/f").mode & 0o7777 == 0o644)
            #expect(try scratch.status(of: "a/g").mode & 0o7777 == 0o600)
        }
    }

    @Test("Who holds the old file open keeps reading the old bytes")
    func oldReaders() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let reader = StableFile(root: scratch.path, path: Array("f".utf8))
            let digest = try reader.hash()
            try AtomicFile(root: scratch.path, path: Array("f".utf8)).write(Array("new".utf8))
            #expect(try reader.hash().fingerprint.inode != digest.fingerprint.inode)
        }
    }

    @Test("A file that is not the expected one is left alone")
    func expectations() throws {
        try TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let file = AtomicFile(root: scratch.path, path: Array("f".utf8))
            let fingerprint = try scratch.status(of: "f").fingerprint
            #expect(reason { try file.write([], replacing: .absent) } == .notAsExpected)
            try scratch.append("er", to: "f")
            #expect(reason { try file.write([], replacing: .fingerprint(fingerprint)) } == .notAsExpected)
            #expect(try scratch.content(of: "f") == "older")
            let newer = try scratch.status(of: "f").fingerprint
            try file.write(Array("new".utf8), replacing: .fingerprint(newer))
            #expect(try scratch.content(of: "f") == "new")
            try scratch.delete("f")
            #expect(reason { try file.write([], replacing: .fingerprint(newer)) } == .notAsExpected)
            #expect(try scratch.names() == [])
        }
    }

    @Test("A change between preparing and committing is found")
    func prepared() async throws {
        try await TreeScratch.use { scratch in
            try scratch.file("f", "old")
            let fingerprint = try scratch.status(of: "f").fingerprint
            let file = AtomicFile(root: scratch.path, path: Array("f".utf8))
            await #expect(throws: SourceTreeError.self) {
                try await file.withReplacement(Array("new".utf8)) { replacement in
                    try scratch.append("er", to: "f")
                    try replacement.commit(replacing: .fingerprint(fingerprint))
                }
            }
            #expect(try scratch.content(of: "f") == "older")
            #expect(try scratch.names() == ["f"])
            try await file.withReplacement(Array("new".utf8)) { replacement in try replacement.commit() }
            #expect(try scratch.content(of: "f") == "new")
        }
    }

    @Test("A replacement that is not committed leaves nothing")
    func abandoned() async throws {
        try await TreeScratch.use { scratch in
            try scratch.file("f", "old")
            try await AtomicFile(root: scratch.path, path: Array("f".utf8)).withReplacement([1]) { _ in }
            #expect(try scratch.content(of: "f") == "old")
            #expect(try scratch.names() == ["f"])
        }
    }

    @Test("Links, pipes and ways out are refused")
    func refused() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("a")
            try scratch.link("b", to: "a")
            try scratch.link("link", to: "a/f")
            try scratch.pipe("pipe")
            func write(_ path: String) -> SourceTreeError.Reason? {
                reason { try AtomicFile(root: scratch.path, path: Array(path.utf8)).write([1]) }
            }
            #expect(write("b/f") == .cannotWrite)
            #expect(write("link") == .notRegular)
            #expect(write("pipe") == .notRegular)
            #expect(write("a") == .notRegular)
            #expect(write("../f") == .unsafePath)
            #expect(write("gone/f") == .cannotWrite)
            #expect(try scratch.names() == ["a", "b", "link", "pipe"])
        }
    }
}
