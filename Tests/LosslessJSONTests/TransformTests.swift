import LosslessJSON
import Testing

@Suite(
    "JSONTestSuite's transformations",
    .enabled(if: SharedFiles.suite != nil, "the fixture json-test-suite is missing")
)
struct TransformTests {
    /// What a text that readers disagree about becomes: always kept, in a form that says exactly what stood there.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// The canonical form; nil: refused.
        let canonical: String?
        var duplicates = 0
        var testDescription: String { name }

        init(_ name: String, _ canonical: String?, duplicates: Int = 0) {
            (self.name, self.canonical, self.duplicates) = (name, canonical, duplicates)
        }
    }

    static let cases: [Case] = [
        Case("number_-9223372036854775808", "[-9.223372036854775808e18]"),
        Case("number_-9223372036854775809", "[-9.223372036854775809e18]"),
        Case("number_1.0", "[1e0]"),
        Case("number_1.000000000000000005", "[1.000000000000000005e0]"),
        Case("number_1000000000000000", "[1e15]"),
        Case("number_10000000000000000999", "[1.0000000000000000999e19]"),
        Case("number_1e-999", "[1e-999]"),
        Case("number_1e6", "[1e6]"),
        Case("number_9223372036854775807", "[9.223372036854775807e18]"),
        Case("number_9223372036854775808", "[9.223372036854775808e18]"),
        // Names are bytes: the two normalisation forms are two names, decomposed (65 …) before composed (C3 …).
        Case("object_key_nfc_nfd", "{\"e\u{301}\":\"NFD\",\"\u{E9}\":\"NFC\"}"),
        Case("object_key_nfd_nfc", "{\"e\u{301}\":\"NFD\",\"\u{E9}\":\"NFC\"}"),
        Case("object_same_key_different_values", #"{"a":1e0,"a":2e0}"#, duplicates: 1),
        Case("object_same_key_same_value", #"{"a":1e0,"a":1e0}"#, duplicates: 1),
        Case("object_same_key_unclear_values", #"{"a":0,"a":0}"#, duplicates: 1),
        Case("string_1_escaped_invalid_codepoint", #"["\ud800"]"#),
        Case("string_1_invalid_codepoint", nil),
        Case("string_2_escaped_invalid_codepoints", #"["\ud800\ud800"]"#),
        Case("string_2_invalid_codepoints", nil),
        Case("string_3_escaped_invalid_codepoints", #"["\ud800\ud800\ud800"]"#),
        Case("string_3_invalid_codepoints", nil),
        Case("string_with_escaped_NULL", #"["A\u0000B"]"#),
    ]

    private let folder = (SharedFiles.suite ?? "") + "/test_transform"

    @Test("every text of the folder is decided")
    func decidesAll() throws {
        #expect(try SharedFiles.files(in: folder) == Self.cases.map { $0.name + ".json" }.sorted())
    }

    @Test("keeps what others change", arguments: cases)
    func transforms(_ example: Case) throws {
        let bytes = try SharedFiles.bytes("\(folder)/\(example.name).json")
        guard let canonical = example.canonical else {
            #expect(throws: JSONSyntaxError.self) { try JSONDocument(strict: bytes) }
            return
        }
        let document = try JSONDocument(strict: bytes)
        #expect(Array(document.root.canonical) == Array(canonical.utf8))
        #expect(document.duplicateKeys.count == example.duplicates)
        #expect(Array(document.bytes) == bytes)
    }
}
