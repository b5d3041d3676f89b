import LosslessJSON
import Testing

@Suite("Repair proposals")
struct RepairTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let repaired: String
        let rule: String
        var testDescription: String { text }

        init(_ text: String, _ repaired: String, _ rule: String) {
            (self.text, self.repaired, self.rule) = (text, repaired, rule)
        }
    }

    static let mechanical: [Case] = [
        Case(#"{"a": ,"b":1}"#, #"{"a": null,"b":1}"#, "missing-value"),
        Case("{\"a\": \n}", "{\"a\": \nnull}", "missing-value"),
        Case(#"{"a": , "b": ,"c":}"#, #"{"a": null, "b": null,"c":null}"#, "missing-value"),
        Case(#"[{"a": ]"#, #"[{"a": null}]"#, "missing-bracket+missing-value"),
        Case(#"{"p": high, "q": 1}"#, #"{"p": "high", "q": 1}"#, "bare-word"),
        Case("[low\n]", "[\"low\"\n]", "bare-word"),
        Case("[a-1.b_c]", "[\"a-1.b_c\"]", "bare-word"),
        Case("[normal]", "[\"normal\"]", "bare-word"),
        Case(#"{"a": True, "b": None, "c": False}"#, #"{"a": true, "b": null, "c": false}"#, "foreign-literal"),
        Case("[1, 2, ]", "[1, 2 ]", "trailing-comma"),
        Case("{\"a\": 1,\n}", "{\"a\": 1\n}", "trailing-comma"),
        Case(#"{"a": [1, {"b": "x""#, #"{"a": [1, {"b": "x"}]}"#, "missing-bracket"),
        Case("{\"a\": [true\n", "{\"a\": [true\n]}", "missing-bracket"),
        Case(#"{"a": 1, "#, #"{"a": 1 }"#, "missing-bracket"),
        Case(#"{"a": "#, #"{"a": null}"#, "missing-bracket+missing-value"),
        Case("[[", "[[]]", "missing-bracket"),
        Case("\u{FEFF}{\"a\": ,\"b\":1}", "\u{FEFF}{\"a\": null,\"b\":1}", "missing-value"),
        Case(#"{"a": , "b": word}"#, #"{"a": null, "b": "word"}"#, "bare-word+missing-value"),
    ]

    @Test("make a broken text parse strictly, as byte patches", arguments: mechanical)
    func repairs(_ example: Case) throws {
        let bytes = Array(example.text.utf8)
        let proposal = try #require(JSONRepair.proposal(for: bytes))
        let repaired = try #require(proposal.apply(to: bytes))
        #expect(String(decoding: repaired, as: UTF8.self) == example.repaired)
        #expect(proposal.rule == example.rule)
        _ = try JSONDocument(tolerant: repaired)
    }

    @Test(
        "are not made where a choice is left, or nothing is broken",
        arguments: [
            #"{"a": 1}"#, "", "word", "[30000-32767]", #"{"id": "t" + Date.now()}"#, #"{"a": 1 "b": 2}"#,
            #"{"a": "cut off"#, "[12", "[-", "[1.", #"{"name"#, #"{"name""#, "[NaN]", "[-Infinity]", "[two words]",
            "{a: 1}", "[1,,2]", "[1}", "[1]]", #"{"x": {"a":1}{"a":2}, "y": 3}"#, "[\"a\nb\"]", "[,1]", "[tru", "nul",
        ]
    )
    func noRepair(text: String) {
        #expect(JSONRepair.proposal(for: Array(text.utf8)) == nil)
    }

    @Test("count their offsets from the base and say where they are")
    func offsets() throws {
        let stretch = Array("{\n  \"a\": ,\n  \"b\": low\n}".utf8)
        let proposal = try #require(JSONRepair.proposal(for: stretch, base: 500))
        #expect(
            proposal.patches == [
                BytePatch(offset: 509, length: 0, replacement: Array("null".utf8)),
                BytePatch(offset: 518, length: 3, replacement: Array("\"low\"".utf8)),
            ]
        )
        #expect(
            proposal.description
                == "line 2, column 8: insert the missing value as `null`; line 3, column 8: put quotes around a bare word"
        )
        #expect(proposal.apply(to: stretch, base: 500)?.count == stretch.count + 6)
        #expect(proposal.apply(to: stretch) == nil)
    }

    @Test("are given up when a text needs too many")
    func tooMany() {
        let text = "{" + (0..<300).map { "\"k\($0)\": " }.joined(separator: ",") + "}"
        #expect(JSONRepair.proposal(for: Array(text.utf8)) == nil)
    }

    @Test("patches apply in any order, never overlapping, never outside")
    func patches() {
        let bytes = Array("abcdef".utf8)
        let change = BytePatch(offset: 1, length: 2, replacement: Array("X".utf8))
        let insertion = BytePatch(offset: 6, length: 0, replacement: Array("!".utf8))
        let second = BytePatch(offset: 6, length: 0, replacement: Array("?".utf8))
        #expect(BytePatch.apply([insertion, change, second], to: bytes) == Array("aXdef!?".utf8))
        #expect(BytePatch.apply([], to: bytes) == bytes)
        #expect(BytePatch.apply([change, BytePatch(offset: 2, length: 1, replacement: [])], to: bytes) == nil)
        #expect(BytePatch.apply([BytePatch(offset: 5, length: 2, replacement: [])], to: bytes) == nil)
        #expect(BytePatch.apply([BytePatch(offset: 7, length: 0, replacement: [])], to: bytes) == nil)
        #expect(BytePatch.apply([change], to: bytes, base: 2) == nil)
    }
}
