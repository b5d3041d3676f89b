import Domain
import LosslessJSON
import Postgres
import TestSupport
import Testing

@testable import Catalog

@Suite("Patches and numbers of documents")
struct DocumentChangeTests {
    /// A case of RFC 6902, appendix A, or of ours; nil where the patch does not fit.
    struct Patch: Sendable {
        let document: String
        let patch: String
        let result: String?
    }

    @Test(
        "of RFC 6902 give what its examples say",
        arguments: [
            Patch(
                document: #"{"foo":"bar"}"#,
                patch: #"[{"op":"add","path":"/baz","value":"qux"}]"#,
                result: #"{"baz":"qux","foo":"bar"}"#
            ),
            Patch(
                document: #"{"foo":["bar","baz"]}"#,
                patch: #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                result: #"{"foo":["bar","qux","baz"]}"#
            ),
            Patch(
                document: #"{"baz":"qux","foo":"bar"}"#,
                patch: #"[{"op":"remove","path":"/baz"}]"#,
                result: #"{"foo":"bar"}"#
            ),
            Patch(
                document: #"{"foo":["bar","qux","baz"]}"#,
                patch: #"[{"op":"remove","path":"/foo/1"}]"#,
                result: #"{"foo":["bar","baz"]}"#
            ),
            Patch(
                document: #"{"baz":"qux","foo":"bar"}"#,
                patch: #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                result: #"{"baz":"boo","foo":"bar"}"#
            ),
            Patch(
                document: #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                patch: #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                result: #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
            ),
            Patch(
                document: #"{"foo":["all","grass","cows","eat"]}"#,
                patch: #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                result: #"{"foo":["all","cows","eat","grass"]}"#
            ),
            Patch(
                document: #"{"baz":"qux","foo":["a",2,"c"]}"#,
                patch: #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2.0}]"#,
                result: #"{"baz":"qux","foo":["a",2,"c"]}"#
            ),
            Patch(document: #"{"baz":"qux"}"#, patch: #"[{"op":"test","path":"/baz","value":"bar"}]"#, result: nil),
            Patch(
                document: #"{"foo":"bar"}"#,
                patch: #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                result: #"{"foo":"bar","child":{"grandchild":{}}}"#
            ),
            Patch(document: #"{"foo":"bar"}"#, patch: #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, result: nil),
            Patch(
                document: #"{"/":9,"~1":10}"#,
                patch: #"[{"op":"test","path":"/~01","value":10}]"#,
                result: #"{"/":9,"~1":10}"#
            ),
            Patch(document: #"{"/":9,"~1":10}"#, patch: #"[{"op":"test","path":"/~01","value":"10"}]"#, result: nil),
            Patch(
                document: #"{"foo":["bar"]}"#,
                patch: #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                result: #"{"foo":["bar",["abc","def"]]}"#
            ),
            Patch(document: #"{"a":[1]}"#, patch: #"[{"op":"replace","path":"/a/1","value":2}]"#, result: nil),
            Patch(document: #"{"a":[1]}"#, patch: #"[{"op":"add","path":"/a/01","value":2}]"#, result: nil),
            Patch(document: #"{"a":{"b":1}}"#, patch: #"[{"op":"move","from":"/a","path":"/a/b/c"}]"#, result: nil),
            Patch(
                document: #"{"a":1.10}"#,
                patch: #"[{"op":"copy","from":"/a","path":"/b"}]"#,
                result: #"{"a":1.10,"b":1.10}"#
            ),
            // Two spellings of one character are two names, whatever Swift's strings say.
            Patch(
                document: "{\"\u{e9}\":1,\"e\u{301}\":2}",
                patch: "[{\"op\":\"replace\",\"path\":\"/\u{e9}\",\"value\":3}]",
                result: "{\"\u{e9}\":3,\"e\u{301}\":2}"
            ),
            Patch(
                document: "{\"\u{e9}\":1,\"e\u{301}\":{}}",
                patch: "[{\"op\":\"move\",\"from\":\"/\u{e9}\",\"path\":\"/e\u{301}/a\"}]",
                result: "{\"e\u{301}\":{\"a\":1}}"
            ),
            Patch(document: "{\"\u{e9}\":1}", patch: "[{\"op\":\"remove\",\"path\":\"/e\u{301}\"}]", result: nil),
            // A mark that joins what is before it does not hide the stroke.
            Patch(
                document: "{\"a\":{\"\u{301}b\":1}}",
                patch: "[{\"op\":\"remove\",\"path\":\"/a/\u{301}b\"}]",
                result: #"{"a":{}}"#
            ),
            // What is no text stays as it is written beside a change.
            Patch(
                document: #"{"\ud800":1,"\u0061":2,"b":3}"#,
                patch: #"[{"op":"remove","path":"/b"}]"#,
                result: #"{"\ud800":1,"\u0061":2}"#
            ),
        ]
    )
    func jsonPatch(_ example: Patch) throws {
        let document = try JSONDocument(strict: example.document.body)
        let patch = try JSONPatch(example.patch.body)
        guard let result = example.result else {
            #expect(throws: CatalogError.self) { try patch.applied(to: .text(document.root)) }
            return
        }
        let expected = try JSONDocument(strict: result.body)
        #expect(try patch.applied(to: .text(document.root)).means(.text(expected.root)))
    }

    @Test(
        "of RFC 7396 give what its examples say",
        arguments: [
            Patch(document: #"{"a":"b"}"#, patch: #"{"a":"c"}"#, result: #"{"a":"c"}"#),
            Patch(document: #"{"a":"b"}"#, patch: #"{"b":"c"}"#, result: #"{"a":"b","b":"c"}"#),
            Patch(document: #"{"a":"b"}"#, patch: #"{"a":null}"#, result: #"{}"#),
            Patch(document: #"{"a":"b","b":"c"}"#, patch: #"{"a":null}"#, result: #"{"b":"c"}"#),
            Patch(document: #"{"a":["b"]}"#, patch: #"{"a":"c"}"#, result: #"{"a":"c"}"#),
            Patch(document: #"{"a":{"b":"c"}}"#, patch: #"{"a":{"b":"d","c":null}}"#, result: #"{"a":{"b":"d"}}"#),
            Patch(document: #"{"a":[{"b":"c"}]}"#, patch: #"{"a":[1]}"#, result: #"{"a":[1]}"#),
            Patch(document: #"["a","b"]"#, patch: #"["c","d"]"#, result: #"["c","d"]"#),
            Patch(document: #"{"e":null}"#, patch: #"{"a":1}"#, result: #"{"e":null,"a":1}"#),
            Patch(document: #"[1,2]"#, patch: #"{"a":"b","c":null}"#, result: #"{"a":"b"}"#),
            Patch(document: #"{}"#, patch: #"{"a":{"bb":{"ccc":null}}}"#, result: #"{"a":{"bb":{}}}"#),
            Patch(
                document: "{\"\u{e9}\":1,\"e\u{301}\":2}",
                patch: "{\"e\u{301}\":3}",
                result: "{\"\u{e9}\":1,\"e\u{301}\":3}"
            ),
            Patch(document: #"{"\ud800":1,"b":3}"#, patch: #"{"b":null}"#, result: #"{"\ud800":1}"#),
            Patch(document: #"{"a":1,"a":2}"#, patch: #"{"a":3}"#, result: #"{"a":1,"a":3}"#),
            Patch(document: #"{"a":1,"a":2}"#, patch: #"{"a":null}"#, result: "{}"),
        ]
    )
    func mergePatch(_ example: Patch) throws {
        let document = try JSONDocument(strict: example.document.body)
        let patch = try JSONDocument(strict: example.patch.body)
        let merged = JSONTree.text(document.root).merged(with: patch.root)
        #expect(merged.bytes.text == example.result)
    }

    @Test(
        "keep every digit and lose the exponent",
        arguments: [
            ("0", "0"), ("-0", "0"), ("-0.0", "0.0"), ("1.10", "1.10"), ("1E2", "100"), ("1.5e-3", "0.0015"),
            ("-12.50e1", "-125.0"), ("1.234e2", "123.4"), ("0.00", "0.00"), ("10e-1", "1.0"), ("007e0", "7"),
        ]
    )
    func decimals(_ number: String, _ plain: String) {
        #expect(PlainDecimal(number)?.text == plain)
        #expect(PlainDecimal("1e1001") == nil && PlainDecimal("1e-99999999999999999999") == nil)
    }

    @Test("hold the words that the schema takes")
    func vocabularies() async throws {
        try await CatalogSchema.with { database in
            let rows = try await database.query(
                """
                SELECT c.conrelid::regclass::text AS table, a.attname AS column, pg_get_constraintdef(c.oid) AS text
                FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'c' AND cardinality(c.conkey) = 1 AND pg_get_constraintdef(c.oid) LIKE '%ARRAY[%'
                """
            ).rows
            var words: [String: [String]] = [:]
            for row in rows {
                let text = row["text"].string ?? ""
                words["\(row["table"].string ?? "").\(row["column"].string ?? "")"] =
                    text.matches(of: /'([a-z_]+)'::text/).map { String($0.1) }
            }
            for kind in CatalogKind.allCases {
                for field in DocumentField.all(of: kind.table) {
                    #expect(field.words == words["\(kind.table.name).\(field.name)"], "\(kind).\(field.name)")
                }
            }
        }
    }

    @Test("a merge patch of plain fields gives what the merged document gives, faults included")
    func plainMergePatch() throws {
        let body =
            #"{"version":3,"task_id":"t","title":"one","task_status":"pending","description":null,"timeout_minutes":1.50}"#
        let stored = try StoredFields(Array(body.utf8), table: .tasks)
        let names = [
            "title", "description", "task_status", "priority_raw", "created_at", "timeout_minutes", "token_budget",
            "tags",
            "metadata", "version", "no_such", "task_id", "a/b~",
        ]
        let values = [
            "null", #""x""#, #""pending""#, #""p\u0065nding""#, #""a\u0000b""#, "1", "1e3", "2.5", "true", #""\ud800""#,
            #""2026-01-31T12:00:00Z""#, "99999999999999999999",
        ]
        var plain = 0
        for first in names {
            for second in names {
                for value in values {
                    let patch = #"{"\#(first)":\#(value),"\#(second)":"y"}"#
                    let document = try DocumentBody.object(Array(patch.utf8))
                    func outcome(_ body: () throws -> RowValues?) -> (RowValues?, [CatalogError.Fault]) {
                        do { return (try body(), []) } catch { return (nil, (error as? CatalogError)?.faults ?? []) }
                    }
                    let quick = outcome {
                        try DocumentReader.values(of: document.root, table: .tasks, over: stored)
                    }
                    let merged = outcome {
                        let text = JSONTree.text(stored.object).merged(with: document.root).bytes
                        return try DocumentReader.values(
                            of: DocumentBody.stored(text).root,
                            table: .tasks,
                            stored: stored
                        )
                    }
                    // One that has to be merged says nothing.
                    if quick.0 == nil, quick.1.isEmpty { continue }
                    plain += 1
                    #expect(quick.0 == merged.0, "\(patch)")
                    #expect(Set(quick.1.map(\.pointer)) == Set(merged.1.map(\.pointer)), "\(patch)")
                }
            }
        }
        #expect(plain > 500)
    }

    @Test("another spelling of the same characters is a change")
    func spellings() async throws {
        let stored = #"{"version":3,"task_id":"t","title":"caf\u{e9}","tags":["\u{e9}"],"description":"same"}"#
            .replacing(#"\u{e9}"#, with: "\u{e9}")
        let patch = #"{"title":"caf_","tags":["_"],"description":"same"}"#.replacing("_", with: "e\u{301}")
        let change = try await DocumentChange(
            .mergePatch(Array(patch.utf8)),
            of: DocumentKey(.tasks, "t"),
            current: Array(stored.utf8)
        ) { _, _ in false }
        #expect(change.changed == ["title", "tags"])
    }
}
