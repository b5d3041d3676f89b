import Domain
import Testing

@testable import SourceTree

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Walking a tree")
struct TreeWalkerTests {
    @Test("Every entry comes once, with its type, directories before what they hold, names in bytewise order")
    func kinds() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("b")
            try scratch.file("b/z", "12345")
            try scratch.directory("b/empty")
            try scratch.file("b-", "")
            try scratch.file("B", "")
            try scratch.link("dangling", to: "no\nwhere")
            try scratch.pipe("pipe")
            try makeSocket(scratch.path + "/socket")
            let entries = try scratch.walk()
            #expect(entries.map(\.pathText) == ["B", "b", "b/empty", "b/z", "b-", "dangling", "pipe", "socket"])
            #expect(entries.map(\.type) == [.file, .dir, .dir, .file, .file, .link, .fifo, .socket])
            #expect(entries[3].size == 5)
            #expect(entries[5].linkTarget == Array("no\nwhere".utf8))
            #expect(entries.allSatisfy { $0.error == nil && $0.inode > 0 && $0.mtimeNanoseconds > 0 })
            #expect(entries[3].fingerprint == (try scratch.status(of: "b/z").fingerprint))
        }
    }

    private func makeSocket(_ path: String) throws {
        #if canImport(Glibc)
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let number = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        defer { close(number) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, size) }
        }
        try #require(result == 0)
    }

    @Test("Names are bytes: a newline, no UTF-8, a backslash, 255 bytes")
    func names() throws {
        try TreeScratch.use { scratch in
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: 255)
            let names: [[UInt8]] = [Array("\ndevelopment".utf8), Array("a\\nb".utf8), long, [0xc3, 0x28], [0xff]]
            for name in names { try scratch.file(name, []) }
            let entries = try scratch.walk()
            #expect(entries.map(\.path) == names)
            #expect(Set(entries.map(\.pathText)).count == names.count)
            #expect(entries[0].pathText == "\\ndevelopment")
            #expect(entries[3].pathText == "\\xc3(")
        }
    }

    @Test("Links are entries and never followed, so loops end")
    func linkLoop() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("a")
            try scratch.link("a/up", to: "..")
            try scratch.link("self", to: "self")
            #expect(try scratch.walk().map(\.pathText) == ["a", "a/up", "self"])
        }
    }

    @Test("An excluded directory is left out by identity, however it is spelled")
    func excluded() throws {
        try TreeScratch.use { scratch in
            try scratch.directory("a")
            try scratch.directory("a/home")
            try scratch.file("a/home/x")
            try scratch.file("a/y")
            try scratch.link("alias", to: "a/home")
            for spelling in ["a/home", "a/../a/home/", "alias"] {
                let entries = try scratch.walk(excluding: [scratch.path + "/" + spelling])
                #expect(entries.map(\.pathText) == ["a", "a/y", "alias"])
            }
            #expect(try scratch.walk(excluding: [scratch.path + "/absent"]).count == 5)
        }
    }

    @Test("A tree of 2,000 levels is walked with few open directories", arguments: [2, 32])
    func deep(openDirectories: Int) throws {
        try TreeScratch.use { scratch in
            var directory = try Descriptor.directory(at: scratch.path)
            for level in 0..<2_000 {
                try directory.withName("d".utf8) { mkdirat(directory.number, $0, 0o755) }
                // Something behind the subdirectory, so that the walk has to come back to each level.
                if level % 10 == 0 { _ = try directory.open("z".utf8, flags: O_CREAT | O_WRONLY, mode: 0o644) }
                directory = try directory.directory("d".utf8)
            }
            let entries = try scratch.walk(openDirectories: openDirectories)
            #expect(entries.count == 2_200)
            #expect(entries.allSatisfy { $0.error == nil })
            #expect(entries.last?.pathText == "z")
            #expect(entries[2_000].path.count == 2 * 1_990 + 1)
        }
    }

    @Test("What vanishes during the walk is left out and counted")
    func vanishing() throws {
        try TreeScratch.use { scratch in
            for name in ["a", "b", "c"] { try scratch.file(name) }
            let walker = try TreeWalker(root: SourceRoot(validating: scratch.path))
            #expect(try walker.next()?.pathText == "a")
            try scratch.delete("b")
            #expect(try walker.next()?.pathText == "c")
            #expect(try walker.next() == nil)
            #expect(walker.vanishedCount == 1)
        }
    }

    @Test("A directory that is replaced by a link during the walk is not followed")
    func replacedByLink() throws {
        try TreeScratch.use { scratch in
            try scratch.file("a")
            try scratch.directory("b")
            let walker = try TreeWalker(root: SourceRoot(validating: scratch.path))
            #expect(try walker.next()?.pathText == "a")
            try scratch.rename("b", to: "hidden")
            try scratch.link("b", to: "/")
            let entry = try walker.next()
            #expect(entry?.type == .link)
            #expect(try walker.next() == nil)
        }
    }

    @Test("What may not be read is an entry with the reason")
    func unreadable() throws {
        try TreeScratch.use { scratch in
            try scratch.setMode(0o755, of: ".")
            try scratch.directory("closed")
            try scratch.file("closed/inside")
            try scratch.directory("listed")
            try scratch.file("listed/inside")
            try scratch.file("secret")
            try scratch.setMode(0, of: "secret")
            try scratch.setMode(0, of: "closed")
            try scratch.setMode(0o444, of: "listed")
            defer {
                for name in ["closed", "listed"] {
                    #expect(throws: Never.self) { try scratch.setMode(0o755, of: name) }
                }
            }
            let entries = try asOrdinaryUser { try scratch.walk() }
            #expect(entries.map(\.pathText) == ["closed", "listed", "listed/inside", "secret"])
            #expect(entries.map(\.type) == [.unreadable, .dir, .unreadable, .unreadable])
            #expect(entries.filter { $0.type == .unreadable }.allSatisfy { $0.error == "Permission denied" })
            #expect(entries[0].mode & UInt32(S_IFMT) == UInt32(S_IFDIR))
        }
    }

    @Test("A directory of 20,000 names comes whole and in order")
    func huge() throws {
        try TreeScratch.use { scratch in
            for index in 0..<20_000 { try scratch.file("f\(index * 7_919 % 20_000)") }
            let names = try scratch.walk().map(\.pathText)
            #expect(names.count == 20_000)
            #expect(
                zip(names, names.dropFirst()).allSatisfy {
                    Array($0.0.utf8).lexicographicallyPrecedes(Array($0.1.utf8))
                }
            )
        }
    }
}
