import LosslessJSON
import Testing

@Suite("JSONTestSuite", .enabled(if: SharedFiles.suite != nil, "the fixture json-test-suite is missing"))
struct ConformanceTests {
    private let folder = (SharedFiles.suite ?? "") + "/test_parsing"

    /// What the strict and the tolerant reader make of a text that RFC 8259 leaves to the implementation.
    struct Decision: Sendable, CustomTestStringConvertible {
        let name: String
        /// Nil: accepted; else why it is refused.
        let strict: JSONSyntaxError.Reason?
        let tolerant: JSONSyntaxError.Reason?
        var testDescription: String { name }

        init(_ name: String, strict: JSONSyntaxError.Reason? = nil, tolerant: JSONSyntaxError.Reason? = nil) {
            (self.name, self.strict, self.tolerant) = (name, strict, tolerant)
        }
    }

    /// The same table as in docs/json.md.
    static let decisions: [Decision] = [
        Decision("i_number_double_huge_neg_exp"), Decision("i_number_huge_exp"),
        Decision("i_number_neg_int_huge_exp"), Decision("i_number_pos_double_huge_exp"),
        Decision("i_number_real_neg_overflow"), Decision("i_number_real_pos_overflow"),
        Decision("i_number_real_underflow"), Decision("i_number_too_big_neg_int"),
        Decision("i_number_too_big_pos_int"), Decision("i_number_very_big_negative_int"),
        Decision("i_object_key_lone_2nd_surrogate"), Decision("i_string_1st_surrogate_but_2nd_missing"),
        Decision("i_string_1st_valid_surrogate_2nd_invalid"),
        Decision("i_string_UTF-16LE_with_BOM", strict: .foreignEncoding, tolerant: .foreignEncoding),
        Decision("i_string_UTF-8_invalid_sequence", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_UTF8_surrogate_U+D800", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_incomplete_surrogate_and_escape_valid"),
        Decision("i_string_incomplete_surrogate_pair"), Decision("i_string_incomplete_surrogates_escape_valid"),
        Decision("i_string_invalid_lonely_surrogate"), Decision("i_string_invalid_surrogate"),
        Decision("i_string_invalid_utf-8", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_inverted_surrogates_U+1D11E"),
        Decision("i_string_iso_latin_1", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_lone_second_surrogate"),
        Decision("i_string_lone_utf8_continuation_byte", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_not_in_unicode_range", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_overlong_sequence_2_bytes", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_overlong_sequence_6_bytes", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_overlong_sequence_6_bytes_null", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_truncated-utf-8", strict: .invalidUTF8, tolerant: .invalidUTF8),
        Decision("i_string_utf16BE_no_BOM", strict: .foreignEncoding, tolerant: .foreignEncoding),
        Decision("i_string_utf16LE_no_BOM", strict: .foreignEncoding, tolerant: .foreignEncoding),
        Decision("i_structure_500_nested_arrays"),
        Decision("i_structure_UTF-8_BOM_empty_object", strict: .syntax),
    ]

    private func texts(_ prefix: String) throws -> [(name: String, bytes: [UInt8])] {
        try SharedFiles.files(in: folder).filter { $0.hasPrefix(prefix) }.map { name in
            (name, try SharedFiles.bytes("\(folder)/\(name)"))
        }
    }

    /// Why the strict reader refuses; all strict ways must agree, whole and byte by byte.
    private func strictRefusal(_ bytes: [UInt8], _ name: String) throws -> JSONSyntaxError? {
        var refusal: JSONSyntaxError?
        do { _ = try JSONDocument(strict: bytes) } catch { refusal = error }
        for size in [Int.max, 1] {
            let items = try scan(bytes, tolerance: .strict) { size }
            // A value may turn out not to be alone.
            #expect(items.count == 1 || items.count == 2 && items[0].error == nil, "\(name): \(items)")
            let error = items.last?.error
            #expect(error == refusal, "\(name): scanner and document agree in pieces of \(size)")
        }
        return refusal
    }

    @Test("accepts all 95 texts that must be accepted")
    func acceptsValid() throws {
        let valid = try texts("y_")
        #expect(valid.count == 95)
        for (name, bytes) in valid {
            #expect(try strictRefusal(bytes, name) == nil, "\(name)")
            let items = try scan(bytes)
            #expect(items.count == 1 && items[0].error == nil, "\(name), tolerant: \(items)")
        }
    }

    @Test("refuses all 188 texts that must be refused, with a place inside the text")
    func refusesInvalid() throws {
        let invalid = try texts("n_")
        #expect(invalid.count == 188)
        for (name, bytes) in invalid {
            let error = try #require(try strictRefusal(bytes, name), "\(name)")
            #expect((0...bytes.count).contains(error.offset), "\(name): \(error)")
            let lines = bytes[..<error.offset].split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(error.line == lines.count, "\(name): \(error)")
            #expect(error.column == (lines.last?.count ?? 0) + 1, "\(name): \(error)")
        }
    }

    @Test("has a decision for each of the 35 texts that are left to the implementation")
    func decidesAll() throws {
        #expect(try texts("i_").map(\.name) == Self.decisions.map { $0.name + ".json" }.sorted())
        #expect(Self.decisions.count == 35)
    }

    @Test("does what the table says", arguments: decisions)
    func keepsDecision(_ decision: Decision) throws {
        let bytes = try SharedFiles.bytes("\(folder)/\(decision.name).json")
        #expect(try strictRefusal(bytes, decision.name)?.reason == decision.strict)
        for size in [Int.max, 1] {
            let refusals = try scan(bytes) { size }.compactMap(\.error)
            #expect(refusals.map(\.reason) == (decision.tolerant.map { [$0] } ?? []))
        }
    }

    @Test("the table in docs/json.md has the same decisions")
    func documentsDecisions() throws {
        let document = try #require(SharedFiles.documentation("json.md"), "docs/json.md is missing")
        for decision in Self.decisions {
            let row = document.split(separator: "\n").first { $0.contains("`\(decision.name)`") }
            let cells = try #require(row, "\(decision.name) has no row").split(separator: "|")
            let strict = cells[1].contains("accepted")
            let tolerant = cells[2].contains("accepted")
            #expect(strict == (decision.strict == nil), "\(decision.name)")
            #expect(tolerant == (decision.tolerant == nil), "\(decision.name)")
        }
    }
}
