import Diagnostics
import Domain
import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Validation of mapping files")
struct MappingValidationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let title: String
        let yaml: String
        let line: Int?
        let message: String
        var testDescription: String { title }
    }

    /// A valid mapping with a replaced part.
    static func mapping(
        shapes: String = "  t: {table: tasks, id: /id, columns: {task_id: $id}}",
        rules: String = "  - {name: r, files: a.json, records: [{at: /, shape: t}]}",
        more: String = ""
    ) -> String {
        "version: 1\nvocabularies:\n  v: {words: {a: pending}}\n  w: {words: {a: odd}}\nshapes:\n\(shapes)\nrules:\n\(rules)\n\(more)"
    }

    static let cases: [Case] = [
        Case(title: "empty", yaml: "", line: 1, message: "the file is empty"),
        Case(title: "a list", yaml: "- a", line: 1, message: "a list where the mapping file is a mapping"),
        Case(title: "broken YAML", yaml: "version: 1\n  x: [", line: 2, message: "not valid YAML"),
        Case(title: "duplicate key", yaml: "version: 1\nversion: 1", line: nil, message: "a key occurs twice: version"),
        Case(title: "no version", yaml: "rules: []", line: 1, message: "`version` is missing"),
        Case(
            title: "other version",
            yaml: mapping().replacing("version: 1", with: "version: 2"),
            line: 1,
            message: "version 2 where"
        ),
        Case(title: "no rules", yaml: "version: 1", line: 1, message: "`rules` is missing"),
        Case(title: "unknown top key", yaml: mapping(more: "rulez: 1"), line: 9, message: "unknown key `rulez`"),
        Case(
            title: "unknown table",
            yaml: mapping(shapes: "  t: {table: tusks}"),
            line: 6,
            message: "there is no table `tusks`"
        ),
        Case(title: "no table", yaml: mapping(shapes: "  t: {columns: {}}"), line: 6, message: "`table` is missing"),
        Case(
            title: "unknown column",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, titel: /t}}"),
            line: 6,
            message: "tasks has no column `titel`"
        ),
        Case(
            title: "derived column",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, assigned_to: /a}}"),
            line: 6,
            message: "`assigned_to` is derived and cannot be filled"
        ),
        Case(
            title: "key not filled",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, columns: {title: /t}}"),
            line: 6,
            message: "the key column `task_id` of tasks is not filled"
        ),
        Case(
            title: "no id",
            yaml: mapping(shapes: "  t: {table: tasks, columns: {task_id: $id}}"),
            line: 6,
            message: "`id` is missing"
        ),
        Case(
            title: "each row of a table with ids",
            yaml: mapping(shapes: "  t: {table: tasks, resolve: each, columns: {task_id: /id}}"),
            line: 6,
            message: "rows of tasks are found by id"
        ),
        Case(
            title: "word column without words",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: /s}}"),
            line: 6,
            message: "task_status takes only words of ours"
        ),
        Case(
            title: "word column without words, long form",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: {from: /s}}}"),
            line: 6,
            message: "task_status takes only words of ours"
        ),
        Case(
            title: "unknown vocabulary",
            yaml: mapping(
                shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: {from: /s, words: x}}}"
            ),
            line: 6,
            message: "there is no vocabulary `x`"
        ),
        Case(
            title: "vocabulary with a foreign word",
            yaml: mapping(
                shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: {from: /s, words: w}}}"
            ),
            line: 6,
            message: "w gives odd, which task_status does not take"
        ),
        Case(
            title: "constant outside the words",
            yaml: mapping(
                shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: {constant: odd}}}"
            ),
            line: 6,
            message: "task_status does not take `odd`"
        ),
        Case(
            title: "raw column of another type",
            yaml: mapping(
                shapes:
                    "  t: {table: tasks, id: /id, columns: {task_id: $id, task_status: {from: /s, words: v, raw: tags}}}"
            ),
            line: 6,
            message: "`tags` is no text column"
        ),
        Case(
            title: "bad source",
            yaml: mapping(shapes: "  t: {table: tasks, id: id, columns: {task_id: $id}}"),
            line: 6,
            message: "`id` is no source"
        ),
        Case(
            title: "bad escape",
            yaml: mapping(shapes: "  t: {table: tasks, id: /a~2, columns: {task_id: $id}}"),
            line: 6,
            message: "`/a~2` is no source"
        ),
        Case(
            title: "unknown transform",
            yaml: mapping(
                shapes: "  t: {table: tasks, id: /id, columns: {task_id: $id, title: {from: /t, as: shout}}}"
            ),
            line: 6,
            message: "`shout` where lowercase or repository"
        ),
        Case(
            title: "whole in a text column",
            yaml: mapping(shapes: "  t: {table: tasks, id: /id, whole: title, columns: {task_id: $id}}"),
            line: 6,
            message: "`title` is no json column"
        ),
        Case(
            title: "extends nothing",
            yaml: mapping(shapes: "  t: {extends: nothing}"),
            line: 6,
            message: "there is no other shape `nothing`"
        ),
        Case(
            title: "unknown shape",
            yaml: mapping(rules: "  - {name: r, files: a, records: [{at: /, shape: q}]}"),
            line: 8,
            message: "there is no shape `q`"
        ),
        Case(
            title: "bad glob",
            yaml: mapping(rules: "  - {name: r, files: 'a{', records: [{at: /, shape: t}]}"),
            line: 8,
            message: "`{` without `}`"
        ),
        Case(
            title: "no files",
            yaml: mapping(rules: "  - {name: r, records: [{at: /, shape: t}]}"),
            line: 8,
            message: "`files` is missing"
        ),
        Case(
            title: "no records",
            yaml: mapping(rules: "  - {name: r, files: a}"),
            line: 8,
            message: "`records` is missing"
        ),
        Case(
            title: "records of a file",
            yaml: mapping(rules: "  - {name: r, files: a, format: file, records: []}"),
            line: 8,
            message: "a file that is not read as JSON has no records"
        ),
        Case(
            title: "unknown format",
            yaml: mapping(rules: "  - {name: r, files: a, format: csv, records: [{at: /, shape: t}]}"),
            line: 8,
            message: "`csv` where one of json, stream, file"
        ),
        Case(
            title: "bad rank",
            yaml: mapping(rules: "  - {name: r, files: a, rank: old, records: [{at: /, shape: t}]}"),
            line: 8,
            message: "`old` is no rank"
        ),
        Case(
            title: "bad pattern",
            yaml: mapping(rules: "  - {name: r, files: a, records: [{at: tasks, shape: t}]}"),
            line: 8,
            message: "`tasks` is no pointer pattern"
        ),
        Case(
            title: "rule twice",
            yaml: mapping(
                rules: "  - {name: r, files: a, records: [{shape: t}]}\n  - {name: r, files: b, records: [{shape: t}]}"
            ),
            line: 9,
            message: "two rules are named `r`"
        ),
        Case(
            title: "unknown condition",
            yaml: mapping(rules: "  - {name: r, files: a, records: [{shape: t, when: {exist: /a}}]}"),
            line: 8,
            message: "unknown key `exist`"
        ),
        Case(
            title: "one alias of two agents",
            yaml: mapping(more: "aliases: {a: [x], b: [x]}"),
            line: 9,
            message: "`x` is a spelling of `b` and of `a`"
        ),
    ]

    @Test("a mistake is reported with line, place and what was expected", arguments: cases)
    func mistake(_ test: Case) throws {
        let error = try #require(throws: MappingError.self) { try Mapping(yaml: Array(test.yaml.utf8), file: "m.yaml") }
        let issue = try #require(error.issues.first { $0.message.contains(test.message) }, "\(error.issues)")
        if let line = test.line { #expect(issue.line == line) }
        #expect(issue.file == "m.yaml")
        #expect(error.code == .mappingInvalid)
    }

    @Test("every mistake is reported, not only the first")
    func all() throws {
        let yaml = Self.mapping(
            rules: "  - {name: r, files: '/a', format: x, rank: y, records: [{at: z, shape: q, what: 1}]}"
        )
        let error = try #require(throws: MappingError.self) { try Mapping(yaml: Array(yaml.utf8), file: "m.yaml") }
        #expect(error.issues.count >= 6)
        #expect(error.details["issues"]?.split(separator: "\n").count == error.issues.count)
    }

    @Test("the shipped mapping is valid, and its rules are all different")
    func shipped() throws {
        let mapping = try Mapping.shipped()
        #expect(mapping.rules.count > 50)
        #expect(mapping.sha256.count == 32)
        #expect(Mapping.publishedSchema.count > 1_000)
        #expect(mapping.kinds.contains("task"))
    }

    @Test("the published schema knows every table, and the top level that the program reads")
    func schema() throws {
        let schema = try JSONDocument(strict: Mapping.publishedSchema).root
        let tables = try #require(schema.value(at: "/$defs/shape/properties/table/enum"))
        #expect(Set(tables.elements.compactMap(\.string)) == Set(CatalogTable.all.map(\.name)))
        let top = try #require(schema.value(at: "/properties"))
        #expect(
            Set(top.members.compactMap { $0.key.string }) == [
                "version", "name", "vocabularies", "shapes", "rules", "aliases",
            ]
        )
    }

    // MARK: Vocabularies

    struct WordCase: Sendable {
        let vocabulary: MappingVocabulary
        let raw: String
        let ours: String?
    }

    static let exact = MappingVocabulary(name: "v", ignoresCase: false, words: ["Queued": "pending", "10": "critical"])
    static let folding = MappingVocabulary(name: "v", ignoresCase: true, words: ["Queued": "pending", "ÄB": "x"])

    @Test(
        "a vocabulary knows its words and no others",
        arguments: [
            WordCase(vocabulary: exact, raw: "Queued", ours: "pending"),
            WordCase(vocabulary: exact, raw: "queued", ours: nil),
            WordCase(vocabulary: exact, raw: "10", ours: "critical"),
            WordCase(vocabulary: exact, raw: "10.0", ours: nil),
            WordCase(vocabulary: exact, raw: "", ours: nil),
            WordCase(vocabulary: folding, raw: "QUEUED", ours: "pending"),
            WordCase(vocabulary: folding, raw: "Äb", ours: "x"),
            WordCase(vocabulary: folding, raw: "äb", ours: nil),
            WordCase(vocabulary: folding, raw: " queued", ours: nil),
        ]
    )
    func words(_ test: WordCase) {
        #expect(test.vocabulary.word(for: test.raw) == test.ours)
    }

    // MARK: Check

    @Test("a check tells which rule takes which file, what is left and what is unused")
    func check() throws {
        var check = MappingCheck(mapping: try Mapping.shipped())
        check.add(path: Array("coordination/task-queue.json".utf8))
        check.add(path: Array("elsewhere/x.json".utf8))
        check.add(path: Array("README.md".utf8))
        #expect(check.assignments.map(\.rule) == ["task-queue", nil, nil])
        #expect(check.assignments[0].alsoTakenBy == ["task-queue-backups", "other-documents"])
        #expect(check.unmapped == [Array("elsewhere/x.json".utf8)])
        #expect(check.unusedRules.count == check.counts.count - 1)
    }
}
