import Domain
import Testing

@testable import SourceTree

@Suite("Drafting a mapping")
struct MappingInferenceTests {
    /// Files, and the rules that they lead to.
    struct Case: Sendable, CustomTestStringConvertible {
        let title: String
        let files: [String: String]
        /// Globs, pointer, kind and id of each rule's places, in order.
        let rules: [String]
        var unmapped: [String] = []
        var testDescription: String { title }
    }

    static let formCases: [Case] = [
        Case(
            title: "an object around lists gives a kind for each",
            files: ["export.json": #"{"project":"x","tickets":[{"id":"T-1"}],"users":[{"login":"a"},{"login":"b"}]}"#],
            rules: ["export.json /tickets/* ticket /id", "export.json /users/* user /login"]
        ),
        Case(
            title: "two spellings of one name are two lists",
            files: [
                "export.json": "{\"caf\u{e9}\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"cafe\u{301}\":[{\"id\":\"c\"}]}"
            ],
            rules: ["export.json /cafe\u{301}/* cafe /id", "export.json /caf\u{e9}/* caf\u{e9} /id"]
        ),
        Case(
            title: "lists one level further down",
            files: ["export.json": #"{"version":1,"data":{"tickets":[{"id":1},{"id":2}]}}"#],
            rules: ["export.json /data/tickets/* ticket /id"]
        ),
        Case(
            title: "a record that holds lists stays one record",
            files: [
                "orders/1.json": #"{"id":1,"lines":[{"id":1},{"id":2}]}"#,
                "orders/2.json": #"{"id":2,"lines":[{"id":1}]}"#,
            ],
            rules: ["orders/*.json / order /id"]
        ),
        Case(
            title: "several files with lists but fields of their own are records",
            files: [
                "people/ada.json": #"{"name":"Ada","born":1815,"orders":[{"id":1},{"id":2}]}"#,
                "people/bob.json": #"{"name":"Bob","born":1901,"orders":[{"id":1}]}"#,
                "people/eve.json": #"{"name":"Eve","born":1990,"orders":[]}"#,
            ],
            rules: ["people/*.json / person /name"]
        ),
        Case(
            title: "pages of a list",
            files: [
                "issues/page-1.json": #"{"page":1,"total":3,"items":[{"id":1},{"id":2}]}"#,
                "issues/page-2.json": #"{"page":2,"total":3,"items":[{"id":3}]}"#,
            ],
            rules: ["issues/*.json /items/* issue /id"]
        ),
        Case(
            title: "an object keyed by id",
            files: [
                "users.json": #"{"ada":{"name":"A","n":1},"bob":{"name":"B","n":2},"eve":{"name":"E","n":3},"_v":1}"#
            ],
            rules: ["users.json /* user $key"]
        ),
        Case(
            title: "lists keyed by id",
            files: [
                "comments.json":
                    #"{"T-1":[{"id":1,"text":"a"},{"id":2,"text":"b"}],"T-2":[{"id":3,"text":"c"}],"T-3":[]}"#
            ],
            rules: ["comments.json /*/* comment /id"]
        ),
        Case(
            title: "lists of lists",
            files: ["rows.json": #"[[{"n":1},{"n":2}],[{"n":3}]]"#],
            rules: ["rows.json /*/* record $place"]
        ),
        Case(
            title: "a list of texts is one document",
            files: ["words.json": #"["a","b"]"#],
            rules: ["words.json / word $stem"]
        ),
        Case(
            title: "values one behind the other, whatever the name",
            files: [
                "events.json": "{\"n\":1}\n{\"n\":2}\n", "audit.log": "{\"n\":1}\n{\"n\":1}\n",
                "notes.log": "[section]\n",
            ],
            rules: ["audit.log / audit $place", "events.json / event $place"]
        ),
        Case(
            title: "a mixed folder is told apart by patterns of names",
            files: [
                "all/ticket-1.json": #"{"id":1,"title":"a"}"#, "all/ticket-2.json": #"{"id":2,"title":"b"}"#,
                "all/user-1.json": #"{"login":"x","mail":"m"}"#, "all/user-2.json": #"{"login":"y","mail":"n"}"#,
            ],
            rules: ["all/ticket-*.json / ticket /id", "all/user-*.json / user /login"]
        ),
        Case(
            title: "a mixed folder without patterns is told apart by names",
            files: [
                "all/a.json": #"{"id":1,"title":"a"}"#, "all/b.json": #"{"id":2,"title":"b"}"#,
                "all/c.json": #"{"id":3,"title":"b"}"#, "all/list.json": #"[{"sku":1},{"sku":2}]"#,
            ],
            rules: ["all/a.json, all/b.json, all/c.json / document /id", "all/list.json /* record /sku"]
        ),
        Case(
            title: "sister folders",
            files: [
                "projects/x/tickets/1.json": #"{"id":1,"t":"a"}"#, "projects/x/tickets/2.json": #"{"id":2,"t":"b"}"#,
                "projects/y/tickets/1.json": #"{"id":1,"t":"a"}"#, "projects/y/tickets/2.json": #"{"id":2,"t":"b"}"#,
            ],
            rules: ["projects/*/tickets/*.json / ticket $folder//id"]
        ),
        Case(
            title: "folders that only happen to look alike are none",
            files: [
                "tickets/1.json": #"{"id":1,"name":"a"}"#, "tickets/2.json": #"{"id":2,"name":"b"}"#,
                "users/1.json": #"{"id":1,"name":"a"}"#, "users/2.json": #"{"id":2,"name":"b"}"#,
            ],
            rules: ["tickets/*.json / ticket /id", "users/*.json / user /id"]
        ),
        Case(
            title: "what is broken or empty goes by its folder, or is listed",
            files: [
                "t/1.json": #"{"id":1}"#, "t/2.json": #"{"id":2}"#, "t/3.json": "{", "t/4.json": "", "x/5.json": "nope",
            ],
            rules: ["t/*.json / document /id"],
            unmapped: ["x/5.json: no valid JSON"]
        ),
    ]

    static let idCases: [Case] = [
        Case(
            title: "a repeated id is none",
            files: ["e.jsonl": "{\"id\":1}\n{\"id\":1}\n{\"id\":2}\n"],
            rules: ["e.jsonl / record $place"]
        ),
        Case(
            title: "an id that few have is none",
            files: ["events.jsonl": "{\"id\":1}\n{\"a\":1}\n{\"b\":2}\n"],
            rules: ["events.jsonl / event $place"]
        ),
        Case(
            title: "the kind's own id goes before others, and a reference is none",
            files: [
                "comments.json":
                    #"[{"comment_id":"c1","ticket_id":1,"name":"x"},{"comment_id":"c2","ticket_id":2,"name":"y"}]"#
            ],
            rules: ["comments.json /* comment /comment_id"]
        ),
        Case(
            title: "an id that is unique in each file",
            files: [
                "runs/a.json": #"{"total":2,"steps":[{"id":1,"do":"x"},{"id":2,"do":"y"}]}"#,
                "runs/b.json": #"{"total":1,"steps":[{"id":1,"do":"x"}]}"#,
            ],
            rules: ["runs/*.json /steps/* step $path#/id"]
        ),
        Case(
            title: "fractions and secrets are no ids",
            files: [
                "m.json": #"[{"id":1.5,"token":"aaaaaaaaaa","key":null},{"id":2.5,"token":"bbbbbbbbbb","key":null}]"#
            ],
            rules: ["m.json /* record $place"]
        ),
        Case(
            title: "a backup shares the kind of what it is a copy of",
            files: [
                "tickets/1.json": #"{"id":1,"title":"new"}"#, "tickets/2.json": #"{"id":2,"title":"new"}"#,
                "backup/2024/1.json": #"{"id":1,"title":"old"}"#, "backup/2024/2.json": #"{"id":2,"title":"old"}"#,
            ],
            rules: ["backup/2024/*.json / ticket /id", "tickets/*.json / ticket /id"]
        ),
        Case(
            title: "namesakes are told apart by what is around them",
            files: [
                "sales/people.json": #"[{"id":1,"n":1},{"id":2,"n":1}]"#,
                "support/people.json": #"[{"id":1,"m":1},{"id":2,"m":1},{"id":3,"m":1}]"#,
            ],
            rules: ["sales/people.json /* sale_person /id", "support/people.json /* person /id"]
        ),
    ]

    @Test("finds files that are alike, and the records in them", arguments: formCases)
    func forms(example: Case) throws {
        try check(example)
    }

    @Test("finds what identifies records", arguments: idCases)
    func ids(example: Case) throws {
        try check(example)
    }

    private func check(_ example: Case) throws {
        let draft = try draft(example.files)
        let rules = draft.rules.map { "\($0.globs.joined(separator: ", ")) \($0.pointer) \($0.kind) \($0.id)" }
        #expect(rules == example.rules, "\(draft.yaml)")
        #expect(draft.unmapped.map { "\(TreePath.text($0.path)): \($0.reason)" } == example.unmapped)
        _ = try Mapping(yaml: Array(draft.yaml.utf8), file: "draft")
        #expect(try self.draft(example.files).yaml == draft.yaml)
    }

    private func draft(_ files: [String: String]) throws -> MappingDraft {
        try TreeScratch.use { scratch in
            for (path, text) in files.sorted(by: { $0.key < $1.key }) {
                var folder = ""
                for part in path.split(separator: "/").dropLast() {
                    folder += (folder.isEmpty ? "" : "/") + part
                    if !(try scratch.exists(folder)) { try scratch.directory(folder) }
                }
                try scratch.file(path, text)
            }
            return try MappingInference(root: SourceRoot(validating: scratch.path)).draft()
        }
    }

    @Test("a value that is too large to hold is looked into member by member")
    func large() throws {
        let filler = String(repeating: "x", count: 1_000)
        let tickets = (1...9_000).map { #"{"id":\#($0),"text":"\#(filler)"}"# }.joined(separator: ",")
        let draft = try draft(["export.json": #"{"id":"e","tickets":[\#(tickets)],"users":[{"id":"u"}]}"#])
        #expect(draft.rules.map(\.pointer) == ["/tickets/*", "/users/*"])
        #expect(draft.rules.map(\.records) == [9_000, 1])
    }

    @Test("a tree with more groups than rules are drafted gives the smallest one rule, and leaves nothing out")
    func manyGroups() throws {
        var files: [String: String] = [:]
        for number in 0..<(MappingInference.mostGroups + 20) {
            let letters = [number / 676, number / 26 % 26, number % 26].compactMap { UnicodeScalar(97 + $0) }
            let name = String(String.UnicodeScalarView(letters))
            files["\(name)x/list\(name).json"] = #"[{"id":1,"\#(name)":1,"\#(name)2":2,"\#(name)3":2},{"id":2}]"#
        }
        let draft = try draft(files)
        #expect(draft.rules.count == MappingInference.mostGroups)
        #expect(draft.rules.reduce(0) { $0 + $1.files } == files.count)
        #expect(draft.unmapped.isEmpty)
    }

    @Test("$place and $folder are sources: no two records have one place")
    func sources() throws {
        let yaml = """
            version: 1
            shapes:
              a: {table: documents, id: $place, whole: body, columns: {kind: {constant: a}, id: $id, title: $folder}}
            rules:
              - {name: a, files: "**/*.json", records: [{at: "/x/*", shape: a}]}
            """
        let extractor = RecordExtractor(mapping: try Mapping(yaml: Array(yaml.utf8), file: "a.yaml"))
        let records = try extractor.extracted("f/g\n/a.json", #"{"x":{"k/1":{},"k":{}}}"#).records
        #expect(records.map(\.naturalID) == ["f/g\\n/a.json#0/x/k~11", "f/g\\n/a.json#0/x/k"])
        #expect(records[0].value("title") == .text("f/g\\n"))
        // Names that are no text, or none that a column holds, or one text in two spellings.
        let names = [#"\ud800"#, #"\udbff"#, #"\u0000"#, "", "~", "*", "caf\u{e9}", "cafe\u{301}", "\u{301}"]
        let members = names.map { "\"\($0)\":{}" }.joined(separator: ",")
        let odd = try extractor.extracted("a.json", "{\"x\":{\(members)}}").records
        let ids = odd.compactMap { $0.naturalID.map(ExactText.init) }
        #expect(odd.allSatisfy { $0.disposition == .candidate } && Set(ids).count == names.count, "\(ids)")
        #expect(ids.first == ExactText(#"a.json#0/x/\ud800"#))
    }
}

extension TreeScratch {
    func exists(_ name: String) throws -> Bool {
        do {
            _ = try status(of: name)
            return true
        } catch let error as SystemError where error.errno == 2 {
            return false
        }
    }
}
