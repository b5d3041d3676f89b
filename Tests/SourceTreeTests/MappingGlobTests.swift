import Testing

@testable import SourceTree

@Suite("Globs of the mapping language")
struct MappingGlobTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let path: String
        let matches: Bool
        var testDescription: String { "\(pattern) \(matches ? "takes" : "leaves") \(path)" }
    }

    static let cases: [Case] = [
        Case(pattern: "a/b.json", path: "a/b.json", matches: true),
        Case(pattern: "a/b.json", path: "a/b.jsonx", matches: false),
        Case(pattern: "a/b.json", path: "x/a/b.json", matches: false),
        Case(pattern: "a/*.json", path: "a/b.json", matches: true),
        Case(pattern: "a/*.json", path: "a/.json", matches: true),
        Case(pattern: "a/*.json", path: "a/b/c.json", matches: false),
        Case(pattern: "a/*.json*", path: "a/b.json.processed", matches: true),
        Case(pattern: "a/**/b.json", path: "a/b.json", matches: true),
        Case(pattern: "a/**/b.json", path: "a/x/y/b.json", matches: true),
        Case(pattern: "a/**/b.json", path: "a/xb.json", matches: false),
        Case(pattern: "a/**/b.json", path: "ab.json", matches: false),
        Case(pattern: "**/b", path: "b", matches: true),
        Case(pattern: "**/b", path: "x/y/b", matches: true),
        Case(pattern: "**/b", path: "xb", matches: false),
        Case(pattern: "a/**", path: "a/x/y", matches: true),
        Case(pattern: "a/**", path: "a/", matches: true),
        Case(pattern: "a/**", path: "ab", matches: false),
        Case(pattern: "a**c", path: "a/b/c", matches: true),
        Case(pattern: "m/*/h", path: "m/\ndev/h", matches: true),
        Case(pattern: "m/?/h", path: "m/\n/h", matches: true),
        Case(pattern: "m/?/h", path: "m///h", matches: false),
        Case(pattern: "{a,b}/c", path: "b/c", matches: true),
        Case(pattern: "{a,b}/c", path: "c/c", matches: false),
        Case(pattern: "x{,.old}", path: "x", matches: true),
        Case(pattern: "x{,.old}", path: "x.old", matches: true),
        Case(pattern: "a{1,2}{3,4}", path: "a24", matches: true),
        Case(pattern: "a\\*b", path: "a*b", matches: true),
        Case(pattern: "a\\*b", path: "axb", matches: false),
        Case(pattern: "a\\{b", path: "a{b", matches: true),
        Case(pattern: "c.tar.gz!/**/*.json", path: "c.tar.gz!/x.json", matches: true),
        Case(pattern: "c.tar.gz!/**/*.json", path: "c.tar.gz!/d/e/x.json", matches: true),
        Case(pattern: "**/*a*a*a*a*a*a*b", path: String(repeating: "a", count: 200), matches: false),
        Case(pattern: "a/**/**/b", path: "a/b", matches: true),
        Case(pattern: "a/**/**/b", path: "a/x/b", matches: true),
    ]

    @Test("a pattern takes exactly the paths that it describes", arguments: cases)
    func matching(_ test: Case) throws {
        #expect(try MappingGlob(test.pattern).matches(Array(test.path.utf8)) == test.matches)
    }

    @Test("paths that are no UTF-8 match byte by byte")
    func rawBytes() throws {
        let path: [UInt8] = [0x61, 0x2F, 0xFF, 0xFE, 0x2F, 0x62]
        #expect(try MappingGlob("a/*/b").matches(path))
        #expect(try MappingGlob("a/??/b").matches(path))
        #expect(try !MappingGlob("a/?/b").matches(path))
    }

    @Test("a pattern that means nothing is refused", arguments: ["", "/a", "a{b", "a}b", "a{b{c}}", "a\\", "a***b"])
    func refused(_ pattern: String) {
        #expect(throws: MappingGlob.PatternError.self) { try MappingGlob(pattern) }
    }
}
