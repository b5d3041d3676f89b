import Domain
import Foundation
import SourceTree
import TestSupport
import Testing

@testable import Catalog

@Suite("The scan of discovery")
struct DiscoveryScannerTests {
    private func with(
        _ files: [String: String],
        _ body: (_ root: String, DiscoveryScanner) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            for (path, text) in files { try CatalogTree.write(text, to: "\(directory)/tree/\(path)") }
            let scanner = DiscoveryScanner(
                source: try SourceRoot(validating: directory + "/tree"),
                rules: try AssetRules.shipped()
            )
            try await body(directory + "/tree", scanner)
        }
    }

    @Test("hashes what it has not read, and reads nothing twice")
    func cache() async throws {
        try await with(["coordination/a.json": "{}", "coordination/b.txt": "abc", ".git/x": "skipped"]) {
            root,
            scanner in
            var cache = ContentCache()
            let first = try scanner.scan(&cache)
            #expect(first.read == 2 && first.skipped == 1)
            #expect(first.files.map(\.note.path) == ["coordination/a.json", "coordination/b.txt"])
            #expect(
                first.files[1].note.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            )
            #expect(first.files[1].note.size == 3)
            let second = try scanner.scan(&cache)
            #expect(second.read == 0 && second.sawSame(as: first))
            try CatalogTree.write("abd", to: root + "/coordination/b.txt")
            let third = try scanner.scan(&cache)
            #expect(third.read == 1 && !third.sawSame(as: first))
            #expect(third.files[1].note.sha256 != first.files[1].note.sha256)
        }
    }

    @Test("keeps what it read in a file that may be lost or damaged")
    func cacheFile() async throws {
        try await with(["a.json": "{}"]) { root, scanner in
            let source = try SourceRoot(validating: root)
            var cache = ContentCache()
            _ = try scanner.scan(&cache)
            let directory = root + "/.."
            let state = try #require(URL(filePath: directory).standardizedFileURL.path as String?)
            try cache.write(of: source, in: state)
            #expect(ContentCache(of: source, in: state) == cache)
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: state).first { $0.hasSuffix(".json") }
            )
            try Data("{\"entries\": {".utf8).write(to: URL(filePath: "\(state)/\(name)"))
            #expect(ContentCache(of: source, in: state) == ContentCache())
            #expect(ContentCache(of: source, in: state + "/nowhere") == ContentCache())
        }
    }

    @Test("describes links, pipes, empty files and names that are no text, and follows or opens none of them")
    func oddEntries() async throws {
        try await with(["a/real.json": "{}", "a/empty": ""]) { root, scanner in
            try FileManager.default.createSymbolicLink(atPath: root + "/a/link", withDestinationPath: "../../elsewhere")
            #expect(mkfifo(root + "/a/pipe", 0o644) == 0)
            let name: [UInt8] = Array("\(root)/a/".utf8) + [0xFF, 0x0A]
            let descriptor = (name + [0]).withUnsafeBytes {
                open($0.baseAddress!.assumingMemoryBound(to: CChar.self), O_WRONLY | O_CREAT, 0o644)
            }
            #expect(descriptor >= 0)
            close(descriptor)
            var cache = ContentCache()
            let scan = try scanner.scan(&cache)
            let notes = Dictionary(uniqueKeysWithValues: scan.files.map { ($0.note.path, $0.note) })
            #expect(notes.count == 5)
            #expect(notes["a/link"]?.entry == .link && notes["a/link"]?.target == "../../elsewhere")
            #expect(notes["a/link"]?.content == DiscoveryNote.Content.none && notes["a/link"]?.sha256 == nil)
            #expect(notes["a/pipe"]?.entry == .fifo && notes["a/pipe"]?.content == DiscoveryNote.Content.none)
            #expect(notes["a/empty"]?.size == 0 && notes["a/empty"]?.content == .hashed)
            #expect(notes["a/\\xff\\n"]?.content == .hashed)
        }
    }

    @Test("finds a secret at the end of a file that is too large to hold")
    func largeFile() async throws {
        try await with(["a/small": "{}"]) { root, scanner in
            let secret = "\"gh" + "p_" + "abcdefghijklmnop1234\""
            let text = String(repeating: " ", count: 9 << 20) + secret
            try Data(text.utf8).write(to: URL(filePath: root + "/a/large"))
            var cache = ContentCache()
            let scan = try scanner.scan(&cache)
            #expect(scan.files.map(\.note.looksSecret) == [true, false])
            #expect(scan.files[0].note.size == Int64(text.utf8.count))
            #expect(cache.entries["a/large"]?.looksSecret == true)
            #expect(try scanner.scan(&cache).sawSame(as: scan))
        }
    }
}
