import LosslessJSON
import Testing

@Suite("The canonical form")
struct CanonicalTests {
    private func canonical(_ text: String) throws -> String {
        String(decoding: try JSONDocument(strict: Array(text.utf8)).root.canonical, as: UTF8.self)
    }

    @Test(
        "writes numbers as exact decimals",
        arguments: [
            ("0", "0"), ("-0", "0"), ("0.000", "0"), ("0e5", "0"), ("-0.0e-999999999999999999999", "0"), ("1", "1e0"),
            ("-1", "-1e0"), ("10", "1e1"), ("1.10", "1.1e0"), ("0.30", "3e-1"), ("12345", "1.2345e4"),
            ("0.00123", "1.23e-3"), ("120.00e3", "1.2e5"), ("1E+2", "1e2"), ("1e-0", "1e0"), ("1e400", "1e400"),
            ("-1.5e-400", "-1.5e-400"), ("1e999999999999", "1e999999999999"), ("10e999999999999", "1e1000000000000"),
            ("4.96726085201511e-05", "4.96726085201511e-5"), ("9007199254740993", "9.007199254740993e15"),
            ("1e9999999999999999999999", "1e9999999999999999999999"),
            ("10e9999999999999999999999", "1e10000000000000000000000"),
            ("0.1e10000000000000000000000", "1e9999999999999999999999"),
            ("10e-10000000000000000000000", "1e-9999999999999999999999"),
            ("0.01e-9999999999999999999999", "1e-10000000000000000000001"),
            ("1e00000000000000000000000005", "1e5"), ("1e-00000000000000000000000000", "1e0"),
            ("100000000000000000", "1e17"), ("-10000000000", "-1e10"), ("1200000000", "1.2e9"),
            ("123456789012345678", "1.23456789012345678e17"), ("1234567890123456789", "1.234567890123456789e18"),
            ("100e999999999999999999", "1e1000000000000000001"), ("0.1e1000000000000000000", "1e999999999999999999"),
        ]
    )
    func numbers(source: String, expected: String) throws {
        #expect(try canonical(source) == expected)
        #expect(try canonical(expected) == expected)
    }

    @Test("does not allocate what an exponent promises")
    func hugeNumber() throws {
        let zeros = String(repeating: "0", count: 100_000)
        #expect(try canonical("1\(zeros)e-100000") == "1e0")
        #expect(try canonical("0.\(zeros)1e100001") == "1e0")
    }

    @Test(
        "sorts members by the bytes of their names and keeps duplicates in order",
        arguments: [
            (#"{"b":1,"a":2}"#, #"{"a":2e0,"b":1e0}"#), (#"{"a":1,"b":0,"a":2}"#, #"{"a":1e0,"a":2e0,"b":0}"#),
            (#"{"\u0062":1,"a":2,"b":3}"#, #"{"a":2e0,"b":1e0,"b":3e0}"#),
            (#"{"ab":1,"a":2,"":3,"B":4}"#, #"{"":3e0,"B":4e0,"a":2e0,"ab":1e0}"#),
            (
                #"{"abcdefghi":1,"abcdefgh":2,"abcdefghh":3,"abcdefg":4}"#,
                #"{"abcdefg":4e0,"abcdefgh":2e0,"abcdefghh":3e0,"abcdefghi":1e0}"#
            ),
            (#"{"a\u0000":1,"a":2,"a\u0000\u0000":3}"#, #"{"a":2e0,"a\u0000":1e0,"a\u0000\u0000":3e0}"#),
            (#"{"é":1,"z":2,"😀":3,"\uffff":4}"#, "{\"z\":2e0,\"é\":1e0,\"\u{FFFF}\":4e0,\"😀\":3e0}"),
            (
                #"{"x":{"b":[ ],"a":{ }},"w":[3,[2,{"q":1,"p":null}]]}"#,
                #"{"w":[3e0,[2e0,{"p":null,"q":1e0}]],"x":{"a":{},"b":[]}}"#
            ),
        ]
    )
    func members(source: String, expected: String) throws {
        #expect(try canonical(source) == expected)
    }

    @Test(
        "escapes as little as possible",
        arguments: [
            (#""\u0041\/\u00e9\ud83d\ude00""#, #""A/é😀""#),
            (#""\u0022\u005c\u000a\u001F\u007f""#, "\"\\\"\\\\\\n\\u001f\u{7F}\""),
            (#""\b\f\n\r\t""#, #""\b\f\n\r\t""#), (#""\u0008\u000C\u000D\u0009""#, #""\b\f\r\t""#),
            (#""\uD800\uDBFF""#, #""\ud800\udbff""#), (#""\uDE00\uD83D!""#, #""\ude00\ud83d!""#),
            (#""\u0000""#, #""\u0000""#),
        ]
    )
    func strings(source: String, expected: String) throws {
        #expect(try canonical(source) == expected)
        #expect(try canonical(expected) == expected)
    }

    @Test("keeps a composed and a decomposed character apart")
    func normalisation() throws {
        let composed = try JSONDocument(strict: Array("\"\u{E9}\"".utf8)).root.canonical
        let decomposed = try JSONDocument(strict: Array("\"e\u{301}\"".utf8)).root.canonical
        #expect(composed != decomposed)
    }

    @Test("of a part is the form of that part alone")
    func part() throws {
        let root = try JSONDocument(strict: Array(#"[{"b":1,"a":2},3]"#.utf8)).root
        var output = Array("> ".utf8)
        root.value(at: "/0")?.appendCanonical(to: &output)
        #expect(String(decoding: output, as: UTF8.self) == #"> {"a":2e0,"b":1e0}"#)
    }
}
