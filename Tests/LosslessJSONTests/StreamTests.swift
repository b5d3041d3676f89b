import Diagnostics
import LosslessJSON
import Testing

@Suite("A stream of values")
struct StreamTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let title: String
        let text: String
        let items: [String]
        var testDescription: String { title }

        init(_ title: String, _ text: String, _ items: [String]) {
            (self.title, self.text, self.items) = (title, text, items)
        }
    }

    static let around: [Case] = [
        Case("nothing", "", []),
        Case("white space alone", " \r\n\t\n", []),
        Case("one value with white space", "\n {\"a\":1} \n", [#"value {"a":1}"#]),
        Case("one value a line", "{\"a\":1}\n{\"b\":2}\n", [#"value {"a":1}"#, #"value {"b":2}"#]),
        Case("lines that end with CR LF", "{\"a\":1}\r\n[2]\r\n", [#"value {"a":1}"#, "value [2]"]),
        Case("blank lines", "[1]\n\n\n[2]\n", ["value [1]", "value [2]"]),
        Case("no final line feed", "[1]\n[2]", ["value [1]", "value [2]"]),
        Case("glued values", #"{}{"t":1}[2]"#, ["value {}", #"value {"t":1}"#, "value [2]"]),
        Case(
            "pretty-printed values",
            "{\n  \"a\": 1\n}\n{\n  \"b\": [\n    2\n  ]\n}\n",
            ["value {\n  \"a\": 1\n}", "value {\n  \"b\": [\n    2\n  ]\n}"]
        ),
        Case(
            "scalars on lines",
            "1\n2.5\n\"x\"\ntrue\nnull\n",
            ["value 1", "value 2.5", #"value "x""#, "value true", "value null"]
        ),
        Case("scalars in one line", "1 2 \"x\" {}", ["value 1", "value 2", #"value "x""#, "value {}"]),
        Case("a number that ends with the stream", "12", ["value 12"]),
        Case("a byte order mark", "\u{FEFF}{}", ["bom", "value {}"]),
        Case("a byte order mark before the second value", "{}\n\u{FEFF}[]", ["value {}", "bom", "value []"]),
        Case("text before a value", "No problem found\n{\"a\":1}", ["text No problem found", #"value {"a":1}"#]),
        Case("lines of text before a value", "one\n\n two \n[]", ["text one\n\n two", "value []"]),
        Case("text that begins with a number", "3 files found\n[]", ["text 3 files found", "value []"]),
        Case("text that begins like a literal", "truly\nnull and void\n[]", ["text truly\nnull and void", "value []"]),
        Case("text behind a value", "{}\nDone.\n", ["value {}", "text Done."]),
        Case("text behind a value in its line", "{} // the end\n", ["value {}", "text // the end"]),
        Case("text on both sides", "a\n[1]\nb\n", ["text a", "value [1]", "text b"]),
        Case("text between values", "[1]\noops\n[2]", ["value [1]", "invalid oops", "value [2]"]),
        Case("text and no value", "just words\n", ["invalid just words"]),
        Case("a control character in text", "a\u{0}b\n[1]", ["invalid a\u{0}b", "value [1]"]),
        Case("a literal cut short", "nul", ["invalid nul"]),
    ]

    static let broken: [Case] = [
        Case("a missing value", "{\"a\": ,}\n", [#"invalid {"a": ,}"#]),
        Case(
            "a missing value among good lines",
            "{\"a\":1}\n{\"a\": ,}\n{\"a\":3}\n",
            [#"value {"a":1}"#, #"invalid {"a": ,}"#, #"value {"a":3}"#]
        ),
        Case("a torn last line", "{\"a\":1}\n{\"a\":2,\"b", [#"value {"a":1}"#, #"invalid {"a":2,"b"#]),
        Case("a torn last line with a line feed", "[1]\n[2,\n", ["value [1]", "invalid [2,"]),
        Case(
            "a line torn inside a string",
            "{\"a\":\"x\n{\"a\":2}\n{\"a\":3}\n",
            ["invalid {\"a\":\"x", #"value {"a":2}"#, #"value {"a":3}"#]
        ),
        Case(
            "a line torn behind a colon, which swallows the next line",
            "{\"a\":\n{\"a\":2}\n{\"a\":3}\n",
            ["invalid {\"a\":", #"value {"a":2}"#, #"value {"a":3}"#]
        ),
        Case(
            "a line torn behind a comma",
            "{\"a\":1,\n{\"a\":2}\n",
            [#"invalid {"a":1,"#, #"value {"a":2}"#]
        ),
        Case("two torn lines in a row", "[1,\n[2,\n[3]\n", ["invalid [1,\n[2,", "value [3]"]),
        Case(
            "the second half of a line",
            "[1]\n\"b\":2}\n[3]\n",
            ["value [1]", #"invalid "b":2}"#, "value [3]"]
        ),
        Case("a stray bracket", "[1]\n}\n[2]\n", ["value [1]", "invalid }", "value [2]"]),
        Case("a stray bracket behind a value", "[1]]\n[2]\n", ["value [1]", "invalid ]", "value [2]"]),
        Case(
            "a broken value glued to a good one",
            "{}{\"a\": ,}\n{\"a\":2}\n",
            ["value {}", #"invalid {"a": ,}"#, #"value {"a":2}"#]
        ),
        Case("commas between lines", "{\"a\":1},\n{\"a\":2},\n", [#"value {"a":1}"#, "invalid ,\n{\"a\":2},"]),
        Case(
            "a broken pretty-printed value: its lines are not values",
            "{\n\"a\": ,\n\"l\": [\n{\"b\":1},\n{\"b\":2}\n]\n}\n",
            ["invalid {\n\"a\": ,\n\"l\": [\n{\"b\":1},\n{\"b\":2}\n]\n}"]
        ),
        Case(
            "a truncated array with an element a line",
            "[\n{\"a\":1},\n{\"a\":2}\n",
            ["invalid [\n{\"a\":1},\n{\"a\":2}"]
        ),
        Case(
            "a truncated array with a broken element",
            "[\n{\"a\":1},\n{\"a\": ,},\n{\"a\":3}\n",
            ["invalid [\n{\"a\":1},\n{\"a\": ,},\n{\"a\":3}"]
        ),
        Case(
            "two objects pasted where one belongs",
            "{\n  \"x\": {\n  \"a\": 1\n}\n{\n  \"a\": 2\n},\n  \"y\": 3\n}\n",
            ["invalid {\n  \"x\": {\n  \"a\": 1\n}\n{\n  \"a\": 2\n},\n  \"y\": 3\n}"]
        ),
        Case(
            "three objects pasted where one belongs",
            "{\n  \"x\": {}\n{}\n{},\n  \"y\": 3\n}\n",
            ["invalid {\n  \"x\": {}\n{}\n{},\n  \"y\": 3\n}"]
        ),
        Case(
            "a broken pretty-printed value among good ones",
            "{\n  \"a\": 1\n}\n{\n  \"a\": ,\n  \"b\": {\n  }\n}\n{\n  \"a\": 3\n}\n",
            [
                "value {\n  \"a\": 1\n}", "invalid {\n  \"a\": ,\n  \"b\": {\n  }\n}", "value {\n  \"a\": 3\n}",
            ]
        ),
        Case(
            "a pasted pretty-printed value among good ones",
            "{\n \"x\": {\n}\n{\n},\n \"y\": 3\n}\n{\n \"a\": 3\n}\n",
            ["invalid {\n \"x\": {\n}\n{\n},\n \"y\": 3\n}", "value {\n \"a\": 3\n}"]
        ),
        Case(
            "a value that does not begin its line",
            "{\n}{\"a\": ,}\n[1]\n",
            ["value {\n}", "invalid {\"a\": ,}\n[1]"]
        ),
        Case("a log line in brackets", "[INFO] up\n{\"a\":1}\n", ["invalid [INFO] up", #"value {"a":1}"#]),
        Case("an expression", #"{"id": "t-" + Date.now()}"#, [#"invalid {"id": "t-" + Date.now()}"#]),
        Case("a string with a line feed", "\"a\nb\"\n[1]\n", ["invalid \"a\nb\"", "value [1]"]),
    ]

    @Test("is split into its values and what stands around them", arguments: around)
    func splits(_ example: Case) throws {
        #expect(try outline(example.text) == example.items)
    }

    @Test("loses as little as can be told behind something broken", arguments: broken)
    func recovers(_ example: Case) throws {
        #expect(try outline(example.text) == example.items)
    }

    @Test("gives the same items byte by byte", arguments: around + broken)
    func bytewise(_ example: Case) throws {
        #expect(try outline(example.text) { 1 } == example.items)
    }

    @Test("is covered: outside of the items there is only white space", arguments: around + broken)
    func covers(_ example: Case) throws {
        let bytes = Array(example.text.utf8)
        var position = 0
        for item in try scan(bytes) {
            #expect(item.span.start >= position)
            #expect(bytes[position..<item.span.start].allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) })
            position = item.span.end
        }
        #expect(bytes[position...].allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) })
    }

    @Test("numbers values and invalid stretches in one series")
    func ordinals() throws {
        let items = try scan(Array("[1]\n{,}\n[2]\n".utf8), selectors: [.root])
        let ordinals = items.map { item in
            switch item {
            case .record(_, let ordinal, _, _, _, _, _), .value(let ordinal, _, _), .invalid(let ordinal, _, _): ordinal
            case .text, .byteOrderMark: -1
            }
        }
        #expect(ordinals == [0, 0, 1, 2, 2])
    }

    @Test("locates what is wrong in the whole stream")
    func locates() throws {
        let text = "{\"a\":1}\n\n{\n  \"b\": ,\n}\n"
        let error = try #require(try scan(Array(text.utf8)).compactMap(\.error).first)
        #expect((error.line, error.column, error.offset) == (4, 8, 18))
        #expect(error.message == "line 4, column 8: expected a value, found `,`")
        #expect(error.code == .jsonInvalid)
        #expect(!error.isTruncated)
    }

    @Test("ends with the reader's error")
    func readerFails() throws {
        struct Broken: Error {}
        var scanner = JSONRecordScanner(reader: { _ in throw Broken() })
        #expect(throws: Broken.self) { try scanner.next() }
    }

    @Test("in UTF-16 is one invalid stretch that says so", arguments: [false, true])
    func utf16(isBigEndian: Bool) throws {
        let units = "[\"é\"]\n".utf16.flatMap { unit in
            isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 0xFF)] : [UInt8(unit & 0xFF), UInt8(unit >> 8)]
        }
        for bytes in [units, (isBigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]) + units] {
            let items = try scan(bytes)
            #expect(items.count == 1)
            let error = try #require(items.first?.error)
            #expect(error.reason == .foreignEncoding)
            #expect(error.message.contains("UTF-16"))
        }
    }

    @Test("with bad UTF-8 in a value goes on behind that value")
    func badUTF8() throws {
        let bytes = Array("[1][\"".utf8) + [0xFF] + Array("\",2][3]".utf8)
        let items = try scan(bytes)
        #expect(items.map(\.span) == [(0, 3), (3, 10), (10, 13)].map { ByteSpan(start: $0.0, end: $0.1) })
        #expect(items[1].error?.reason == .invalidUTF8)
        #expect(items[1].error?.offset == 5)
    }

    @Test("read strictly is one value and nothing else")
    func strict() throws {
        #expect(try outline(" [1] \n", tolerance: .strict) == ["value [1]"])
        #expect(try outline("[1]\n[2]\n", tolerance: .strict) == ["value [1]", "invalid [2]"])
        #expect(try outline("\u{FEFF}[1]", tolerance: .strict) == ["invalid \u{FEFF}[1]"])
        #expect(try outline("[1,\n[2]\n", tolerance: .strict) == ["invalid [1,\n[2]"])
        #expect(try outline("  ", tolerance: .strict) == ["invalid "])
    }
}
