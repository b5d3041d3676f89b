import Diagnostics
import LosslessJSON
import Testing

@Suite("Record selectors")
struct RecordTests {
    private let queue = """
        {"meta": {"n": 2}, "tasks": [{"id": "a", "tags": ["x", "y"]}, {"id": "b"}], "a/b": {"~": 1}, "tasks": [3]}
        """

    private func records(_ patterns: [String], _ text: String) throws -> [String] {
        let selectors = try patterns.map { try RecordSelector(pointer: $0) }
        let whole = try outline(text, selectors: selectors).filter { $0.hasPrefix("record") }
        let cut = try outline(text, selectors: selectors) { 1 }.filter { $0.hasPrefix("record") }
        #expect(whole == cut)
        return whole
    }

    @Test("choose the elements of an array in a member, of every member with that name")
    func elements() throws {
        #expect(
            try records(["/tasks/*"], queue) == [
                #"record 0 /tasks/0 {"id": "a", "tags": ["x", "y"]}"#, #"record 0 /tasks/1 {"id": "b"}"#,
                "record 0 /tasks/0 3",
            ]
        )
    }

    @Test("choose by index, by wildcard and deep")
    func deep() throws {
        #expect(try records(["/tasks/0/id"], queue) == [#"record 0 /tasks/0/id "a""#])
        #expect(try records(["/*/*/tags/1"], queue) == [#"record 0 /tasks/0/tags/1 "y""#])
        #expect(try records(["/meta"], queue) == [#"record 0 /meta {"n": 2}"#])
        #expect(try records(["/none/*"], queue) == [])
    }

    @Test("choose members whose names need escapes in a pointer or in the text")
    func escapes() throws {
        #expect(try records(["/a~1b/~0"], queue) == ["record 0 /a~1b/~0 1"])
        #expect(try records([#"/é"#], #"{"\u00e9": 1}"#) == ["record 0 /é 1"])
    }

    @Test("choose the whole value for the empty pattern and for a slash", arguments: ["", "/"])
    func root(pattern: String) throws {
        #expect(try records([pattern], "[1]\n2\n") == ["record 0  [1]", "record 0  2"])
    }

    @Test("hand out inner records before outer ones, each with its selector's number")
    func nested() throws {
        let text = #"{"l": [{"m": [1]}, 2]}"#
        #expect(
            try records(["/", "/l/*", "/l/*/m/*", "/l/0"], text) == [
                "record 2 /l/0/m/0 1", #"record 1 /l/0 {"m": [1]}"#, #"record 3 /l/0 {"m": [1]}"#, "record 1 /l/1 2",
                #"record 0  {"l": [{"m": [1]}, 2]}"#,
            ]
        )
    }

    @Test("start afresh with every top-level value")
    func several() throws {
        #expect(
            try records(["/l/*"], "{\"l\":[1\n{\"l\":[2]}\n{\"l\":{\"k\":3}}") == [
                "record 0 /l/0 1", "record 0 /l/0 2", "record 0 /l/k 3",
            ]
        )
    }

    @Test("come with their bytes and kind")
    func bytes() throws {
        let items = try scan(Array(#"{"a": [true, "x"]}"#.utf8), selectors: [try RecordSelector(pointer: "/a/*")])
        guard case .record(0, 0, "/a/0", let span, let bytes?, .true, _) = items[0] else {
            Issue.record("\(items)")
            return
        }
        #expect(span == ByteSpan(start: 7, end: 11))
        #expect(bytes.elementsEqual("true".utf8))
    }

    @Test("are refused when malformed", arguments: ["tasks", "/a~", "/a~2b"])
    func malformed(pattern: String) {
        #expect {
            try RecordSelector(pointer: pattern)
        } throws: { error in
            let error = error as? JSONSyntaxError
            return error?.reason == .selector && error?.code == .mappingInvalid
                && error?.message.contains(pattern) == true
        }
    }

    @Test("of an invalid value are handed out before it, to be dropped")
    func invalid() throws {
        let selectors = [try RecordSelector(pointer: "/*")]
        #expect(
            try outline(#"[1, 2, }"#, selectors: selectors) == ["record 0 /0 1", "record 0 /1 2", "invalid [1, 2, }"]
        )
    }
}
