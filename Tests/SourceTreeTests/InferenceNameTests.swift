import Testing

@testable import SourceTree

@Suite("Names in an inference")
struct InferenceNameTests {
    @Test(
        "of folders, files and members give kinds: the last word in the singular, numbers and empty words left out",
        arguments: [
            ("tickets", "ticket"), ("userProfiles", "user_profile"), ("HTTP-Requests", "http_request"),
            ("categories", "category"), ("statuses", "status"), ("addresses", "address"), ("boxes", "box"),
            ("people", "person"), ("news", "news"), ("status", "status"), ("analysis", "analysis"),
            ("tickets-backup-2024", "ticket"), ("export_tickets", "ticket"), ("2024-03-01", nil), ("data", nil),
            ("index", nil), ("T", nil), ("チケット", "チケット"), ("a b/c*d tickets", "b_c_d_ticket"), ("", nil),
            ("\u{202E}evil", "evil"),
        ] as [(String, String?)]
    )
    func kinds(name: String, kind: String?) {
        #expect(NameWords(name.utf8).kind == kind)
    }

    @Test("a kind is never long", arguments: [60, 4_000])
    func longKind(length: Int) {
        let name = String(repeating: "ab", count: length / 2)
        #expect((NameWords(name.utf8).kind?.count ?? 0) <= 48)
    }

    @Test(
        "leave numbers open, and words that only look like numbers",
        arguments: [
            ("ticket-17", "ticket-*"), ("2024-03-01", "*"), ("app-2024-03-01T10", "app-*T*"), ("v1.2.3-rc1", "v*-rc*"),
            ("a1b2c3d4e5", "*"), ("deadbeef", "deadbeef"), ("alice", "alice"), ("", ""), ("日本1", "日本*"),
        ]
    )
    func patterns(name: String, glob: String) {
        #expect(NamePattern(name.utf8).glob == glob)
    }

    @Test(
        "become globs that take them and nothing else",
        arguments: [
            "plain", "we*ird", "a?b", "{a,b}", "back\\slash", "[x]", "new\nline", "100% \"q\" 'r'", "日本", "a,b", "!x",
        ]
    )
    func escaping(name: String) throws {
        let glob = try MappingGlob(NamePattern.escaped(name.utf8))
        #expect(glob.matches(Array(name.utf8)))
        for other in ["weXird", "aXb", "a", "b", "backslash", "x", "newline", name + "x", "x" + name]
        where other != name {
            #expect(!glob.matches(Array(other.utf8)), "\(other)")
        }
    }

    @Test("that are no UTF-8 become globs that take them")
    func notUTF8() throws {
        let name = Array("bad".utf8) + [0xFF, 0xFE] + Array(".json".utf8)
        #expect(NamePattern.escaped(name) == "bad??.json")
        #expect(try MappingGlob(NamePattern.escaped(name)).matches(name))
    }

    @Test(
        "say how far a place is from the live files",
        arguments: [
            ("tickets/a.json", .live), ("backup-2024/a.json", .backup), ("tickets/a.json.bak", .backup),
            ("old/a.json", .backup), ("archive/2023/a.json", .archive), ("archive/backup/a.json", .archive),
            ("backlog/a.json", .live), ("golden/a.json", .live), ("tickets.old/a.json", .backup),
        ] as [(String, PlaceRank)]
    )
    func ranks(path: String, rank: PlaceRank) {
        #expect(PlaceRank(of: Array(path.utf8)) == rank)
    }

    /// A path, and how it is cut.
    struct Cut: Sendable, CustomTestStringConvertible {
        let path: String
        var member: String?
        let folder: String
        let stem: String
        let suffix: String
        var testDescription: String { path }
    }

    @Test(
        "of files are cut into folder, stem and suffix, and the suffix takes the file again",
        arguments: [
            Cut(path: "a.json", folder: "", stem: "a", suffix: ".json"),
            Cut(path: "x/y/a.b.jsonl", folder: "x/y", stem: "a.b", suffix: ".jsonl"),
            Cut(path: "x/a.json.20240101", folder: "x", stem: "a", suffix: ".json.*"),
            Cut(path: "x/noext", folder: "x", stem: "noext", suffix: ""),
            Cut(path: "x/a.jsonl.gz", member: "a.jsonl", folder: "x", stem: "a", suffix: ".jsonl.gz!/*"),
            Cut(path: "x/e.tar.gz", member: "t/a.json", folder: "x/e.tar.gz!/t", stem: "a", suffix: ".json"),
            Cut(path: "x/e.tgz", member: "a.json", folder: "x/e.tgz!", stem: "a", suffix: ".json"),
        ]
    )
    func cutting(cut: Cut) throws {
        let place = FilePlace(Array(cut.path.utf8), member: cut.member.map { Array($0.utf8) })
        #expect(String(decoding: place.folder, as: UTF8.self) == cut.folder)
        #expect(String(decoding: place.stem, as: UTF8.self) == cut.stem)
        #expect(place.suffix == cut.suffix)
        let folder = cut.folder.isEmpty ? "" : cut.folder + "/"
        #expect(try MappingGlob(folder + "*" + place.suffix).matches(place.path.bytes))
        #expect(try MappingGlob(folder + NamePattern.escaped(place.name)).matches(place.path.bytes))
    }
}

@Suite("Uniqueness in bounded memory")
struct UniquenessSketchTests {
    @Test("is exact while every value is kept")
    func exact() {
        var sketch = UniquenessSketch()
        #expect(!sketch.isUnique)
        for number in 0..<1_000 { sketch.add("v\(number)") }
        #expect(sketch.isUnique && sketch.isExact)
        sketch.add("v17")
        #expect(!sketch.isUnique)
        #expect(sketch.repeated == "v17")
    }

    @Test("is judged by a sample when there are too many, which still shows values that repeat")
    func sample() {
        var unique = UniquenessSketch()
        var repeating = UniquenessSketch()
        for number in 0..<(UniquenessSketch.capacity * 2) {
            unique.add("v\(number)")
            repeating.add("v\(number % (UniquenessSketch.capacity + 10_000))")
        }
        #expect(unique.isUnique && !unique.isExact)
        #expect(unique.size <= UniquenessSketch.capacity)
        #expect(!repeating.isUnique)
    }

    @Test("tells values of different scopes apart")
    func scopes() {
        var sketch = UniquenessSketch()
        sketch.add("a", scope: 1)
        sketch.add("a", scope: 2)
        #expect(sketch.isUnique)
        sketch.add("a", scope: 2)
        #expect(!sketch.isUnique)
    }
}
