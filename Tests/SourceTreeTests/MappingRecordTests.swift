import Domain
import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Mapping of one record")
struct MappingRecordTests {
    let extractor: RecordExtractor

    init() throws {
        extractor = try RecordExtractor.shipped.get()
    }

    func task(_ text: String) throws -> ExtractedRecord {
        try #require(try extractor.extracted("coordination/tasks/a.json", text).records.first)
    }

    // MARK: Columns

    struct ColumnCase: Sendable, CustomTestStringConvertible {
        let member: String
        let column: String
        let value: MappedValue
        /// Whether the member is kept in the rest too.
        let isKept: Bool
        var finding: FindingRule?
        var testDescription: String { member }
    }

    static let columns: [ColumnCase] = [
        ColumnCase(member: #""title":"x""#, column: "title", value: .text("x"), isKept: false),
        ColumnCase(member: #""title":"\u00e4\n""#, column: "title", value: .text("ä\n"), isKept: false),
        ColumnCase(member: #""title":"""#, column: "title", value: .text(""), isKept: false),
        ColumnCase(member: #""title":null"#, column: "title", value: .null, isKept: true),
        ColumnCase(member: #""title":5"#, column: "title", value: .null, isKept: true, finding: .wrongType),
        ColumnCase(member: #""title":["x"]"#, column: "title", value: .null, isKept: true, finding: .wrongType),
        ColumnCase(member: #""title":"a\u0000b""#, column: "title", value: .null, isKept: true, finding: .nulCharacter),
        ColumnCase(member: #""title":"\udc00""#, column: "title", value: .null, isKept: true, finding: .loneSurrogate),
        ColumnCase(member: #""status":"queued""#, column: "task_status", value: .text("pending"), isKept: false),
        ColumnCase(
            member: #""status":"Worker_Spawned""#,
            column: "task_status",
            value: .text("in_progress"),
            isKept: false
        ),
        ColumnCase(
            member: #""status":"Worker_Spawned""#,
            column: "status_raw",
            value: .text("Worker_Spawned"),
            isKept: false
        ),
        ColumnCase(
            member: #""status":"odd""#,
            column: "task_status",
            value: .null,
            isKept: false,
            finding: .unknownWord
        ),
        ColumnCase(
            member: #""status":"odd""#,
            column: "status_raw",
            value: .text("odd"),
            isKept: false,
            finding: .unknownWord
        ),
        ColumnCase(member: #""status":{}"#, column: "status_raw", value: .null, isKept: true, finding: .wrongType),
        ColumnCase(member: #""priority":"CRITICAL""#, column: "task_priority", value: .text("critical"), isKept: false),
        ColumnCase(member: #""priority":10"#, column: "task_priority", value: .text("critical"), isKept: true),
        ColumnCase(member: #""priority":10"#, column: "priority_raw", value: .text("10"), isKept: true),
        ColumnCase(member: #""token_budget":10"#, column: "token_budget", value: .integer(10), isKept: false),
        ColumnCase(member: #""token_budget":0"#, column: "token_budget", value: .integer(0), isKept: false),
        ColumnCase(member: #""token_budget":-7"#, column: "token_budget", value: .integer(-7), isKept: false),
        ColumnCase(
            member: #""token_budget":999999999999999999"#,
            column: "token_budget",
            value: .integer(999_999_999_999_999_999),
            isKept: false
        ),
        ColumnCase(
            member: #""token_budget":9223372036854775807"#,
            column: "token_budget",
            value: .integer(.max),
            isKept: false
        ),
        ColumnCase(
            member: #""token_budget":9223372036854775808"#,
            column: "token_budget",
            value: .null,
            isKept: true,
            finding: .numberOutOfRange
        ),
        ColumnCase(member: #""token_budget":1e1"#, column: "token_budget", value: .integer(10), isKept: true),
        ColumnCase(member: #""token_budget":-0"#, column: "token_budget", value: .integer(0), isKept: true),
        ColumnCase(
            member: #""token_budget":1.5"#,
            column: "token_budget",
            value: .null,
            isKept: true,
            finding: .wrongType
        ),
        ColumnCase(
            member: #""token_budget":"10""#,
            column: "token_budget",
            value: .null,
            isKept: true,
            finding: .wrongType
        ),
        ColumnCase(
            member: #""token_budget":99999999999999999999"#,
            column: "token_budget",
            value: .null,
            isKept: true,
            finding: .numberOutOfRange
        ),
        ColumnCase(member: #""sla_minutes":1.10"#, column: "sla_minutes", value: .numeric("1.10"), isKept: false),
        ColumnCase(member: #""sla_minutes":1e2"#, column: "sla_minutes", value: .numeric("1e2"), isKept: true),
        ColumnCase(
            member: #""sla_minutes":1e999999"#,
            column: "sla_minutes",
            value: .null,
            isKept: true,
            finding: .numberOutOfRange
        ),
        ColumnCase(
            member: #""created_at":"1970-01-01T00:00:01-0600""#,
            column: "created_at",
            value: .instant(microseconds: 21_601_000_000),
            isKept: false
        ),
        ColumnCase(
            member: #""created_at":"1970-01-01T00:00:00.0000001Z""#,
            column: "created_at_raw",
            value: .text("1970-01-01T00:00:00.0000001Z"),
            isKept: false
        ),
        ColumnCase(
            member: #""created_at":"2025-11-16T10:36:48""#,
            column: "created_at",
            value: .null,
            isKept: false,
            finding: .instantWithoutZone
        ),
        ColumnCase(
            member: #""created_at":"2025-11-16T10:36:48""#,
            column: "created_at_raw",
            value: .text("2025-11-16T10:36:48"),
            isKept: false,
            finding: .instantWithoutZone
        ),
        ColumnCase(
            member: #""deadline":"ASAP""#,
            column: "deadline_at_raw",
            value: .text("ASAP"),
            isKept: false,
            finding: .notAnInstant
        ),
        ColumnCase(
            member: #""created_at":1700000000"#,
            column: "created_at",
            value: .null,
            isKept: true,
            finding: .wrongType
        ),
        ColumnCase(member: #""tags":["a","b"]"#, column: "tags", value: .textArray(["a", "b"]), isKept: false),
        ColumnCase(member: #""tags":[]"#, column: "tags", value: .textArray([]), isKept: false),
        ColumnCase(member: #""tags":"a""#, column: "tags", value: .textArray(["a"]), isKept: true),
        ColumnCase(member: #""tags":["a",null]"#, column: "tags", value: .null, isKept: true, finding: .wrongType),
        ColumnCase(member: #""tags":["\u0000"]"#, column: "tags", value: .null, isKept: true, finding: .nulCharacter),
        ColumnCase(
            member: #""result": {"b":1, "a":1.10} "#,
            column: "result_data",
            value: .json(Array(#"{"b":1, "a":1.10}"#.utf8)),
            isKept: false
        ),
        ColumnCase(member: #""repository":"o/n""#, column: "repository_name", value: .text("n"), isKept: false),
        ColumnCase(member: #""repository":"o/n""#, column: "repository_owner", value: .text("o"), isKept: false),
        ColumnCase(member: #""repository":"n""#, column: "repository_owner", value: .null, isKept: false),
        ColumnCase(member: #""repository":"o:1/n""#, column: "repository_owner", value: .text("o:1"), isKept: false),
        ColumnCase(member: #""repository":"o\/n""#, column: "repository_owner", value: .text("o"), isKept: false),
        ColumnCase(
            member: #""repository":"https://h/o/n""#,
            column: "repository_url",
            value: .text("https://h/o/n"),
            isKept: false
        ),
        ColumnCase(
            member: #""repository":"o/n/x""#,
            column: "repository_name",
            value: .null,
            isKept: true,
            finding: .wrongType
        ),
        ColumnCase(
            member: #""repository":"/n""#,
            column: "repository_name",
            value: .null,
            isKept: true,
            finding: .wrongType
        ),
    ]

    @Test("a value enters its column exactly or stays in the rest, with a finding at its place", arguments: columns)
    func column(_ test: ColumnCase) throws {
        let text = #"{"id":"a",\#(test.member)}"#
        let record = try task(text)
        #expect(record.value(test.column) == test.value)
        let rest = record.rest ?? ""
        #expect(rest.contains(test.member.split(separator: " ")[0]) == test.isKept)
        let relevant = record.findings.filter { $0.rule != .notStorableAsJSONB }
        #expect(relevant.map(\.rule) == (test.finding.map { [$0] } ?? []))
        if let finding = relevant.first {
            #expect(!finding.pointer.isEmpty)
            #expect(finding.byteOffset.map { $0 > 9 && $0 < text.utf8.count } == true)
        }
    }

    @Test("the rest has the original names, order and spelling")
    func rest() throws {
        let record = try task(#"{"z":1.0,"id":"a", "\u0061b" : {"y": 1,"x":2},"title":"t","n":null}"#)
        #expect(record.rest == #"{"z":1.0,"\u0061b":{"y": 1,"x":2},"n":null}"#)
        #expect(try task(#"{"id":"a","title":"t"}"#).value("metadata") == .null)
    }

    @Test("of a repeated key the last value counts, all are kept, and both places are reported")
    func duplicates() throws {
        let record = try task(#"{"id":"a","title":"x","title":"y"}"#)
        #expect(record.value("title") == .text("y"))
        #expect(record.rest == #"{"title":"x","title":"y"}"#)
        let finding = try #require(record.findings(.duplicateKey).first)
        #expect(finding.message.contains("bytes 10, 22"))
        let nested = try task(#"{"id":"a","context":{"p":[{"k":1,"k":2}]}}"#)
        #expect(nested.findings(.duplicateKey).map(\.pointer) == ["/context/p/0"])
    }

    @Test("two members that give one column different values are reported, the first wins")
    func contradiction() throws {
        let record = try task(#"{"id":"a","result":1,"results":2}"#)
        #expect(record.value("result_data") == .json(Array("1".utf8)))
        #expect(record.rest == #"{"results":2}"#)
        #expect(record.findings(.contradictingFields).map(\.pointer) == ["/results"])
        #expect(try task(#"{"id":"a","result":1,"results":1}"#).findings.isEmpty)
    }

    // MARK: Ids and dispositions

    struct IDCase: Sendable, CustomTestStringConvertible {
        let text: String
        let id: String?
        let disposition: ExtractedRecord.Disposition
        var testDescription: String { text }
    }

    static let ids: [IDCase] = [
        IDCase(text: #"{"id":"a"}"#, id: "a", disposition: .candidate),
        IDCase(text: #"{"task_id":"b"}"#, id: "b", disposition: .candidate),
        IDCase(text: #"{"id":"","task_id":"b"}"#, id: "b", disposition: .candidate),
        IDCase(text: #"{"id":null,"task_id":"b"}"#, id: "b", disposition: .candidate),
        IDCase(text: #"{"id":42}"#, id: "42", disposition: .candidate),
        IDCase(text: #"{"id":1.5,"title":"x"}"#, id: nil, disposition: .quarantined("missing_id")),
        IDCase(text: #"{"id":"a\u0000"}"#, id: nil, disposition: .quarantined("missing_id")),
        IDCase(text: #"{"title":"x"}"#, id: nil, disposition: .quarantined("missing_id")),
        IDCase(
            text: #"{"id":"\#(String(repeating: "x", count: 2_001))"}"#,
            id: nil,
            disposition: .quarantined("the id is too long to be a key")
        ),
        IDCase(
            text: #"{"tracks":[]}"#,
            id: nil,
            disposition: .notARecord(
                "an object with none of the fields /id, /task_id, /title, /description, /status, /type"
            )
        ),
        IDCase(text: "[1]", id: nil, disposition: .notARecord("an array where a record of kind task is object")),
        IDCase(text: "7", id: nil, disposition: .notARecord("a number where a record of kind task is object")),
    ]

    @Test("a record without id is quarantined, a value that is none is said to be none", arguments: ids)
    func identity(_ test: IDCase) throws {
        let record = try task(test.text)
        #expect(record.naturalID == test.id)
        #expect(record.disposition == test.disposition)
        #expect(record.rows.isEmpty == (test.disposition != .candidate))
    }

    @Test("white space around an id is kept and reported")
    func whitespace() throws {
        let record = try task(#"{"id":" a\n"}"#)
        #expect(record.naturalID == " a\n")
        #expect(record.findings(.whitespaceInName).count == 1)
    }

    @Test("doubly nested backups give the inner tasks and the task that wraps them")
    func nestedBackup() throws {
        let text = #"{"id":"root","tasks":[{"tasks":[{"id":"a"},{"id":"b"}],"metadata":{},"updated_at":"x"}]}"#
        let file = try extractor.extracted("coordination/task-queue-backup-1.json", text)
        #expect(file.records.map(\.naturalID) == ["a", "b", "root"])
        #expect(file.records.map(\.pointer) == ["/tasks/0/tasks/0", "/tasks/0/tasks/1", ""])
    }

    @Test("a bare id in an index is an asset with the list's class")
    func index() throws {
        let file = try extractor.extracted(
            "coordination/catalog/indexes/by-sensitivity.json",
            #"{"internal":["a.b"],"pii":["c"]}"#
        )
        #expect(file.records.map(\.naturalID) == ["a.b", "c"])
        #expect(file.records[0].value("sensitivity") == .text("internal"))
        #expect(file.records[0].value("metadata") == .null)
        #expect(file.records[1].value("sensitivity") == .null)
        #expect(file.records[1].value("sensitivity_raw") == .text("pii"))
    }

    @Test("an entry of a keyed registry has its key as id, one of a list needs a field")
    func registry() throws {
        let keyed = try extractor.extracted(
            "agents/configs/agent-registry.json",
            #"{"agents":{"m":{"type":"master"}}}"#
        )
        #expect(keyed.records.map(\.naturalID) == ["m"])
        let list = try extractor.extracted(
            "agents/configs/agent-registry.json",
            #"{"agents":[{"type":"master"},{"id":"x"}]}"#
        )
        #expect(list.records.map(\.disposition) == [.quarantined("missing_id"), .candidate])
    }

    // MARK: What jsonb cannot hold

    @Test(
        "what jsonb cannot hold has a reason, and json columns keep the text",
        arguments: [
            #"{"id":"a","x":"\u0000"}"#, #"{"id":"a","x":["\ud800"]}"#, #"{"id":"a","\u0000":1}"#,
            #"{"id":"a","x":1e131072}"#, #"{"id":"a","x":1e-16384}"#, #"{"id":"a","x":0e99999999999}"#,
        ]
    )
    func notStorable(_ text: String) throws {
        let record = try task(text)
        #expect(record.docReason != nil)
        #expect(record.disposition == .candidate)
        #expect(record.rest?.isEmpty == false)
        #expect(record.findings(.notStorableAsJSONB).count == 1)
    }

    @Test(
        "what jsonb holds has none",
        arguments: ["1e131071", "1e-16383", "0.1e131072", "0e5", #""\ud83d\ude00""#, #""\\u0000""#]
    )
    func storable(_ value: String) throws {
        #expect(try task(#"{"id":"a","x":\#(value)}"#).docReason == nil)
    }

    @Test("nesting to the limit is followed without recursion to match")
    func deep() throws {
        let depth = 990
        let text =
            #"{"id":"a","x":\#(String(repeating: "[", count: depth))"\u0000"\#(String(repeating: "]", count: depth))}"#
        let record = try task(text)
        #expect(record.docReason != nil)
        #expect(record.findings(.nulCharacter).first?.pointer.split(separator: "/").count == depth + 1)
    }

    // MARK: Secrets

    @Test(
        "texts that look like secrets are reported, whatever field holds them",
        arguments: [
            #""note":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk""#,
            #""note":"see ghp_0123456789abcdefghij0123456789abcdef ok""#,
            #""note":"-----BEGIN RSA PRIVATE KEY-----\nMIIE""#,
            #""note":"key AKIAIOSFODNN7EXAMPLE""#,
            #""password":"hunter2hunter2""#,
            #""config":{"API-Key":"0123456789abcdef"}"#,
        ]
    )
    func secrets(_ member: String) throws {
        let record = try task(#"{"id":"a",\#(member)}"#)
        #expect(record.findings(.secretLike).count == 1)
        #expect(record.findings.allSatisfy { !$0.message.contains("hunter2") && !$0.message.contains("eyJ") })
    }

    @Test(
        "harmless texts are not",
        arguments: [
            #""tokens_used":"1234567890""#, #""note":"sk-ip this""#, #""password":"$DB_PASSWORD""#, #""token":"short""#,
            #""secret":"a sentence about it""#, #""note":"eyJust.a.word""#,
        ]
    )
    func harmless(_ member: String) throws {
        #expect(try task(#"{"id":"a",\#(member)}"#).findings(.secretLike).isEmpty)
    }

    @Test("a secret in a field that is reported for another reason is not quoted")
    func quotedSecret() throws {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk"
        let record = try task(#"{"id":"a","created_at":"\#(token)","status":"\#(token)"}"#)
        #expect(record.findings.count >= 3)
        #expect(record.findings.allSatisfy { !$0.message.contains("eyJ") })
    }

    // MARK: Implied rows

    @Test("only elements that are texts imply relations")
    func lineage() throws {
        let record = try task(#"{"id":"a","dependencies":["b","",5],"context":{"dependencies":["c"]}}"#)
        let rows = record.rows.filter { $0.table.name == "task_lineage" }
        #expect(rows.map(\.role) == ["depends_on/0", "depends_on/context/0"])
        #expect(record.findings(.wrongType).count == 1)
    }

    @Test("each name implies one agent, behind every definition")
    func inferred() throws {
        let record = try task(#"{"id":"a","assigned_to":"x","created_by":"x","master":""}"#)
        let agents = record.rows.filter { $0.table.name == "agents" }
        #expect(agents.map(\.role) == ["agent/assigned_to_raw"])
        #expect(agents.first?.value("agent_type") == .text("external"))
        #expect(agents.first?.value("origin") == .text("inferred"))
        #expect(agents.first?.rank == 1_000_000)
    }

    @Test("the newest exact time of a record is its own")
    func newest() throws {
        let record = try task(#"{"id":"a","created_at":"1970-01-01T00:00:01Z","updated_at":"1970-01-01T00:00:05"}"#)
        #expect(record.newestTime == 1_000_000)
        #expect(try task(#"{"id":"a"}"#).newestTime == nil)
    }

    // MARK: Screening

    @Test("the screen says yes only to records without findings", .enabled(if: RealTree.root != nil))
    func screen() throws {
        var clean = 0
        var records = 0
        for file in try RealTree.extraction.get() {
            for record in file.records where record.disposition == .candidate {
                let text = try #require(record.text)
                records += 1
                guard try Self.isClean(text) else { continue }
                clean += 1
                try Self.expectNothing(text)
            }
        }
        // It has to be worth its while.
        #expect(clean * 10 > records * 9)
    }

    @Test(
        "the screen says no wherever the inspector could find something",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":{"b":1,"c":{},"b":2}}"#, #"[{"a":1},{"a":1,"a":1}]"#, #"{"a/b":1,"a\/b":2}"#,
            #"{"\u0061":1,"a":2}"#, #"{"x":"\u0000"}"#, #"{"x":"\\\ud800"}"#, #"{"x":1e131072}"#, #"{"x":-1E+99999}"#,
            #"{"password":"hunter2hunter2"}"#, #"{"API_KEY" : "0123456789"}"#,
            #"{"api-key":"0123456789"}"#, #"{"Private-Key":"0123456789"}"#,
            #"{"x":"a ghp_0123456789abcdefghij0123456789"}"#, #"{"x":["-----BEGIN PRIVATE KEY-----"]}"#,
            #"{"id":"sk-0123456789abcdef"}"#, #"{"x":"\npm_0123456789abcdef"}"#,
            #"{"title":1,"title":2}"#, #"{"id":"a","i\u0064":"b"}"#, #"{"type":{"id":1,"id":2}}"#,
        ]
    )
    func screened(_ text: String) throws {
        #expect(try !Self.isClean(Array(text.utf8)[...]))
    }

    @Test(
        "the screen finds a secret wherever it stands in a text",
        arguments: [0, 1, 14, 15, 16, 17, 53, 54, 55, 63, 64, 65, 119]
    )
    func placed(_ before: Int) throws {
        for secret in ["sk-0123456789abcdef", "AKIA0123456789ABCDEF", "-----BEGIN PRIVATE KEY-----"] {
            for after in [0, 1, 7, 40, 70] {
                let text =
                    String(repeating: "w ", count: before / 2) + (before % 2 == 1 ? "." : "") + secret
                    + String(repeating: " v", count: after)
                #expect(try !Self.isClean(Array(#"{"x":"\#(text)"}"#.utf8)[...]))
            }
        }
    }

    @Test(
        "the screen says yes to plain records",
        arguments: [
            #"{"a":{"b":1},"b":{"a":1},"c":[{"a":1},{"a":2}]}"#, #"{"a":"b","b":"a"}"#, #"{"x":"\n\"\\","y":1.5e10}"#,
            "7", "[]", #"{"x":"2025-10-31T12:36:14-06:00 and then many more words","y":"a.b.c.d.e.f.g.h.i.j.k.l"}"#,
        ]
    )
    func plain(_ text: String) throws {
        let bytes = Array(text.utf8)[...]
        #expect(try Self.isClean(bytes))
        try Self.expectNothing(bytes)
    }

    private static func isClean(_ text: ArraySlice<UInt8>) throws -> Bool {
        let document = try JSONDocument(strict: text)
        let mapping = try RecordExtractor.shipped.get().mapping
        let shape = try #require(mapping.rules.first { $0.name == "task-queue" }?.selections.first?.shape)
        return RecordScreen.isClean(document, RecordFields(record: document.root, shape: shape))
    }

    private static func expectNothing(_ text: ArraySlice<UInt8>) throws {
        var inspector = RecordInspector()
        var findings = RecordFindings(limit: 10)
        inspector.inspect(try JSONDocument(strict: text).root, findings: &findings)
        #expect(findings.list.isEmpty)
        #expect(inspector.docReason == nil)
    }
}
