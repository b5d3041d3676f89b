import TestSupport
import Testing

@testable import LosslessJSON

@Suite("A document")
struct DocumentTests {
    private func value(_ text: String) throws -> JSONValue {
        try JSONDocument(strict: Array(text.utf8)).root
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self)
    }

    @Test("knows kind, span and exact text of every value")
    func spans() throws {
        let source = #"xx {"a": [1.50, null], "b" : "\u00e9"} "#
        let bytes = Array(source.utf8)
        let document = try JSONDocument(tolerant: bytes[2...], base: 102)
        let root = document.root
        #expect(root.kind == .object)
        #expect(root.span == ByteSpan(start: 103, end: 138))
        #expect(root.count == 2)
        let list = try #require(root["a"])
        #expect(list.elements.map(\.kind) == [.number, .null])
        #expect(text(list.rawText) == "[1.50, null]")
        #expect(list.elements.map { text($0.rawText) } == ["1.50", "null"])
        let member = try #require(root.members.map { $0 }.last)
        #expect(member.key.string == "b")
        #expect(text(member.key.rawText) == "\"b\"")
        #expect(member.key.span == ByteSpan(start: 123, end: 126))
        #expect(member.value.string == "é")
        #expect(text(member.value.rawText) == #""\u00e9""#)
    }

    @Test("gives scalars only as what they are")
    func scalars() throws {
        let list = try value(#"["x", 1, true, false, null, {}, []]"#).elements.map { $0 }
        #expect(list.map(\.kind) == [.string, .number, .true, .false, .null, .object, .array])
        #expect(list.map(\.string) == ["x", nil, nil, nil, nil, nil, nil])
        #expect(list.map(\.numberText) == [nil, "1", nil, nil, nil, nil, nil])
        #expect(list.map(\.boolean) == [nil, nil, true, false, nil, nil, nil])
        #expect(list.map(\.isNull) == [false, false, false, false, true, false, false])
        #expect(list.map(\.count) == [0, 0, 0, 0, 0, 0, 0])
        #expect(list[0].members.map(\.key.string) == [])
        #expect(list[0]["x"]?.kind == nil)
    }

    @Test(
        "reads a whole number exactly, however it is written",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("2.0", 2), ("1e2", 100), ("20e-1", 2), ("1.5e1", 15),
            ("0.00e999999999999999999999", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("92233720368547758070e-1", .max),
            ("1.5", nil), ("1e-1", nil), ("1e19", nil), ("1e999999999999", nil), ("1e-999999999999999999999", nil),
            ("1000000000000000000", 1_000_000_000_000_000_000), ("10e17", 1_000_000_000_000_000_000),
        ] as [(String, Int64?)]
    )
    func integers(number: String, expected: Int64?) throws {
        #expect(try value(number).integer == expected)
    }

    @Test("finds the last of duplicate names and lists all with their places")
    func duplicates() throws {
        let root = try value(#"{"a":1,"b":{"c":1,"c":2},"\u0061":3,"d":4}"#)
        #expect(root["a"]?.numberText == "3")
        #expect(root.members.map { $0.value.numberText } == ["1", nil, "3", "4"])
        let found = root.duplicateKeys
        #expect(found.map(\.displayName) == ["a"])
        #expect(found.first?.spans == [ByteSpan(start: 1, end: 4), ByteSpan(start: 25, end: 33)])
        let all = try JSONDocument(strict: Array(#"{"a":1,"b":{"c":1,"c":2},"\u0061":3,"d":4}"#.utf8)).duplicateKeys
        #expect(all.map(\.displayName) == ["a", "c"])
    }

    @Test(
        "unescapes strings",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
            (#""\ud83d\ude00!""#, "😀!"), (#""a\u0000b""#, "a\0b"), (#""plain ü 😀""#, "plain ü 😀"), (#""""#, ""),
        ]
    )
    func strings(source: String, expected: String) throws {
        let string = try value(source)
        #expect(string.string == expected)
        #expect(string.unescaped == Array(expected.utf8))
        #expect(string.plainText.map(Array.init) == (source.contains("\\") ? nil : Array(expected.utf8)))
        #expect(string.hasNUL == expected.contains("\0"))
        #expect(!string.hasLoneSurrogate)
    }

    @Test(
        "shows lone surrogates as what they are",
        arguments: [
            (#""\ud800""#, [0xED, 0xA0, 0x80]), (#""\uDFFF""#, [0xED, 0xBF, 0xBF]),
            (#""\ude00\ud83d""#, [0xED, 0xB8, 0x80, 0xED, 0xA0, 0xBD]),
            (#""\ud83d\ud83d\ude00""#, [0xED, 0xA0, 0xBD, 0xF0, 0x9F, 0x98, 0x80]),
            (#""\ud83dx""#, [0xED, 0xA0, 0xBD, 0x78]),
        ] as [(String, [UInt8])]
    )
    func loneSurrogates(source: String, bytes: [UInt8]) throws {
        let string = try value(source)
        #expect(string.string == nil)
        #expect(string.hasLoneSurrogate)
        #expect(string.unescaped == bytes)
    }

    @Test(
        "follows RFC 6901 pointers, its own examples among them",
        arguments: [
            ("", "{"), ("/foo", "["), ("/foo/0", "\"bar\""), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"),
            ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"), ("/foo/2", nil),
            ("/foo/00", nil), ("/foo/-", nil), ("/foo/0/0", nil), ("foo", nil), ("/m~n", nil), ("/none", nil),
        ] as [(String, String?)]
    )
    func pointers(pointer: String, expected: String?) throws {
        let root = try value(
            #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
        )
        let found = root.value(at: pointer).map { text($0.rawText) }
        #expect(found.map { expected.map($0.hasPrefix) ?? false } ?? (expected == nil), "\(found ?? "nothing")")
    }

    @Test("takes names as bytes: two forms of one character are two names")
    func normalisation() throws {
        let root = try value("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(root[Array("\u{E9}".utf8)]?.numberText == "1")
        #expect(root[Array("e\u{301}".utf8)]?.numberText == "2")
        #expect(root.duplicateKeys == [])
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let text: String
        let message: String
        var testDescription: String { text }
    }

    @Test(
        "says where and what was expected",
        arguments: [
            Broken(text: "", message: "line 1, column 1: expected a value, found the end"),
            Broken(text: "{\n  \"a\": ,\n}", message: "line 2, column 8: expected a value, found `,`"),
            Broken(text: "[1 2]", message: "line 1, column 4: expected `,` or `]`, found `2`"),
            Broken(text: "{\"a\":1 \"b\"}", message: "line 1, column 8: expected `,` or `}`, found `\"`"),
            Broken(text: "{\"a\" 1}", message: "line 1, column 6: expected `:`, found `1`"),
            Broken(text: "{a:1}", message: "line 1, column 2: expected a member name in quotes or `}`, found `a`"),
            Broken(text: "{\"a\":1,}", message: "line 1, column 8: expected a member name in quotes, found `}`"),
            Broken(text: "[", message: "line 1, column 2: expected a value or `]`, found the end"),
            Broken(text: "[1,", message: "line 1, column 4: expected a value, found the end"),
            Broken(text: "[tru]", message: "line 1, column 5: expected `true`, `false` or `null`, found `]`"),
            Broken(text: "[-]", message: "line 1, column 3: expected a digit, found `]`"),
            Broken(text: "[1.]", message: "line 1, column 4: expected a digit, found `]`"),
            Broken(text: "[1e+]", message: "line 1, column 5: expected a digit, found `]`"),
            Broken(text: "[01]", message: "line 1, column 3: expected `,` or `]`, found `1`"),
            Broken(
                text: "\"a\nb\"",
                message: "line 1, column 3: expected an escape instead of a control character, found a line feed"
            ),
            Broken(text: "\"\\x\"", message: "line 1, column 3: expected one of `\"\\/bfnrtu` after `\\`, found `x`"),
            Broken(
                text: "\"\\u12g4\"",
                message: "line 1, column 6: expected four hexadecimal digits after `\\u`, found `g`"
            ),
            Broken(text: "\"abc", message: "line 1, column 5: expected the closing quote of a string, found the end"),
            Broken(
                text: "[] []",
                message: "line 1, column 4: expected nothing but white space after the value, found `[`"
            ),
            Broken(text: "\u{FEFF}1", message: "line 1, column 1: expected a value, found byte 0xEF"),
            Broken(text: "[[[[]]]]", message: "line 1, column 4: nested deeper than the limit"),
        ]
    )
    func errors(_ example: Broken) {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONDocument(strict: Array(example.text.utf8), limits: JSONLimits(maximumDepth: 3))
        }
        #expect(error?.message == example.message)
        #expect(error?.details["line"] == error.map { String($0.line) })
    }

    @Test("counts an error's offset from the base")
    func errorBase() {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONDocument(tolerant: Array("[1,\n x]".utf8), base: 1_000)
        }
        #expect(error?.offset == 1_005)
        #expect(error.map { [$0.line, $0.column] } == [2, 2])
    }

    @Test("hands out its parts in the order of the text, names told from strings, until one is not wanted")
    func parts() throws {
        let document = try JSONDocument(strict: Array(#" {"a": ["x", 1, {"\u0062": null}], "c": "d\n"} "#.utf8))
        var seen: [String] = []
        let isAll = document.allParts { number, part in
            #expect(number == seen.count)
            seen.append((part.isName ? "name " : "") + text(part.rawText) + (part.hasEscapes ? " escaped" : ""))
            if part.kind == .string { #expect(part.quotedText.count == part.rawText.count - 2) }
            return true
        }
        #expect(isAll)
        #expect(
            seen == [
                #"{"a": ["x", 1, {"\u0062": null}], "c": "d\n"}"#, #"name "a""#, #"["x", 1, {"\u0062": null}]"#,
                #""x""#, "1",
                #"{"\u0062": null}"#, #"name "\u0062" escaped"#, "null", #"name "c""#, #""d\n" escaped"#,
            ]
        )
        var ends: [Int] = []
        #expect(
            !document.allParts { number, part in
                if part.kind == .object || part.kind == .array { ends.append(part.next) }
                return number < 5
            }
        )
        #expect(ends == [10, 8, 8])
    }

    @Test("white space is skipped alike eight bytes at a time and one by one", arguments: 0..<40)
    func whitespace(_ count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        for ending in [[], [0x22], [0x00], [0x0B, 0x20], [0xA0]] as [[UInt8]] {
            let space = (0..<count).map { _ in
                ([0x20, 0x20, 0x20, 0x0A, 0x09, 0x0D] as [UInt8]).randomElement(using: &generator) ?? 0x20
            }
            let bytes = space + ending + [0x20, 0x20]
            bytes.withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return }
                for start in 0...count {
                    #expect(ByteSearch.skipWhitespace(base, start, count + ending.count) == count)
                }
            }
        }
    }

    @Test(
        "bytes are counted alike sixteen at a time and one by one",
        arguments: [0, 1, 15, 16, 17, 4_080, 4_096, 9_001]
    )
    func counting(_ count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 9...11, using: &generator) }
        let start = count / 7
        bytes.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return }
            #expect(ByteSearch.count(of: 10, in: base, start, count) == bytes[start...].count { $0 == 10 })
        }
    }

    @Test("pointers hold the indexes of elements in decimal", arguments: [0, 9, 10, 1_234_567_890])
    func index(_ index: Int) {
        var pointer = Array("/a".utf8)
        JSONPointer.append(index: index, to: &pointer)
        #expect(text(pointer) == "/a/\(index)")
    }

    @Test("is the same from a slice, and shares its bytes")
    func slices() throws {
        let bytes = Array("..[1,{\"a\":\"b\"}]..".utf8)
        let root = try JSONDocument(strict: bytes[2..<15]).root
        #expect(root.value(at: "/1/a")?.string == "b")
        #expect(root.value(at: "/1")?.rawText.startIndex == 5)
    }

    @Test("writes text as JSON strings with minimal escapes")
    func quoting() throws {
        let source = "a\"b\\c/\n\u{1}\u{7F}é😀"
        var output: [UInt8] = []
        JSONText.append(source, to: &output)
        #expect(text(output) == "\"a\\\"b\\\\c/\\n\\u0001\u{7F}é😀\"")
        #expect(try JSONDocument(strict: output).root.string == source)
    }
}
