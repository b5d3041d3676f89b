import Diagnostics
import Testing

@testable import Catalog
@testable import CatalogAPI

@Suite("What a request says")
struct RequestReadingTests {
    struct Path: CustomTestStringConvertible {
        let target: String
        let segments: [String]?
        var testDescription: String { target }
    }

    @Test(
        "a path is split before it is decoded",
        arguments: [
            Path(target: "/", segments: []), Path(target: "/api/tasks/a%2Fb", segments: ["api", "tasks", "a/b"]),
            Path(target: "/api/tasks/%0A?x=/y", segments: ["api", "tasks", "\n"]),
            Path(target: "/api/tasks/", segments: ["api", "tasks", ""]),
            Path(target: "//x", segments: ["", "x"]), Path(target: "http://h:1/a/b?c#d", segments: ["a", "b"]),
            Path(target: "/%E2%82%AC#x", segments: ["€"]), Path(target: "*", segments: nil),
            Path(target: "https://h", segments: []),
        ]
    )
    func paths(_ path: Path) throws {
        let target = RequestTarget(path.target)
        #expect(target?.segments.map { PercentCoding.decoded($0) } == path.segments)
    }

    @Test("what is not percent-encoded UTF-8 is refused", arguments: ["%", "%1", "%zz", "%ff", "a%C3%28", "%ED%A0%80"])
    func badEncoding(_ text: String) {
        #expect(PercentCoding.decoded(text) == nil)
    }

    @Test("encoding and decoding give the id back", arguments: ["a/b", "\n\u{0}", "100%", "ünï", "a b+c", "~._-", ""])
    func roundTrip(_ id: String) {
        #expect(PercentCoding.decoded(PercentCoding.encoded(id)) == id)
    }

    @Test("query parameters are decoded; one that stands twice is refused")
    func parameters() throws {
        let target = try #require(RequestTarget("/x?a=1&b=x+y%2B&c&&d==%26"))
        #expect(try target.parameters() == ["a": "1", "b": "x y+", "c": "", "d": "=&"])
        #expect(throws: APIError.self) { try #require(RequestTarget("/x?a=1&a=2")).parameters() }
        #expect(throws: APIError.self) { try #require(RequestTarget("/x?a=%f")).parameters() }
    }

    @Test("entity tags are read as RFC 9110 has them")
    func entityTags() {
        #expect(EntityTags("*") == .any)
        #expect(
            EntityTags("\"a\", W/\"b,c\"")
                == .tags([.init(text: "a", isWeak: false), .init(text: "b,c", isWeak: true)])
        )
        for wrong in ["", "a", "\"a", "\"a\" \"b\"", "w/\"a\""] { #expect(EntityTags(wrong) == nil, "\(wrong)") }
        #expect(EntityTags("\"p1-2\"")?.covers("p1-2") == true)
        #expect(EntityTags("\"p1-2\"")?.covers("p1-3") == false)
    }

    @Test("least versions are read by document")
    func leastVersions() throws {
        let tokens = try #require(VersionTokens("tasks/a%2Fb=p1-2, documents/k/x%2Cy=j-0123456789abcdef"))
        #expect(tokens.least(of: DocumentKey(.tasks, "a/b")) == .row(epoch: 1, version: 2))
        #expect(tokens.least(of: .document(kind: "k", id: "x,y")) == .record("0123456789abcdef"))
        #expect(tokens.least(of: DocumentKey(.agents, "a/b")) == nil)
        for wrong in [
            "x", "tasks/a", "tasks/a=1", "nothing/a=p1-2", "tasks/a/b=p1-2", "documents/a=p1-2", "tasks/%=p1-2",
        ] {
            #expect(VersionTokens(wrong) == nil, "\(wrong)")
        }
    }

    @Test("the time of day is that of RFC 9110")
    func date() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
