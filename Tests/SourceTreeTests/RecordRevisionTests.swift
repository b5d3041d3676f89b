import Domain
import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Revising records")
struct RecordRevisionTests {
    /// Candidates of a real tree with their rows, by kind.
    private static func records() throws -> [(path: String, record: ExtractedRecord)] {
        try RealTree.extraction.get().flatMap { file in
            file.records.filter { $0.disposition == .candidate && !$0.rows.isEmpty }.map { (file.path, $0) }
        }
    }

    private static func place(_ path: String, _ record: ExtractedRecord) -> RecordExtractor.Place {
        RecordExtractor.Place(
            source: RecordExtractor.Source(
                path: Array(path.utf8),
                fileID: DeterministicID(high: 0, low: 0),
                size: record.span.end
            ),
            pointer: record.pointer,
            ordinal: record.ordinal,
            byteStart: record.span.start
        )
    }

    @Test("A record that is to become its own row stays as it is", .enabled(if: RealTree.root != nil))
    func identity() throws {
        let extractor = try RecordExtractor.shipped.get()
        var count = 0
        for (path, record) in try Self.records() where !path.contains("!") {
            let text = try #require(record.text)
            let revision = extractor.revise(text, at: Self.place(path, record), to: record.rows[0].values)
            #expect(revision?.text == Array(text), "\(path) \(record.pointer)")
            #expect(revision?.unmet == [])
            count += 1
        }
        #expect(count > 3_000)
    }

    @Test("A record can become the row of another one; what it cannot say is named", .enabled(if: RealTree.root != nil))
    func another() throws {
        let extractor = try RecordExtractor.shipped.get()
        var (said, unsaid) = (0, 0)
        for (_, group) in Dictionary(grouping: try Self.records(), by: \.record.kind) where group.count > 1 {
            for index in 0..<min(group.count - 1, 120) {
                let (path, record) = group[index]
                let wanted = group[(index * 7 + 1) % group.count].record.rows[0]
                guard !path.contains("!"), wanted.table == record.rows[0].table else { continue }
                let text = try #require(record.text)
                let place = Self.place(path, record)
                let revision = try #require(extractor.revise(text, at: place, to: wanted.values))
                let result = try #require(revision.record.rows.first)
                for (number, column) in wanted.table.mappedColumns.enumerated() where column.type != .json {
                    if revision.unmet.contains(column.name) {
                        unsaid += 1
                    } else if result.values[number] == wanted.values[number] {
                        said += 1
                    } else if !Self.isPartOfUnsaid(column.name, revision.unmet) {
                        Issue.record("\(path) \(record.pointer) \(column.name)")
                    }
                }
            }
        }
        #expect(said > 10_000)
        #expect(unsaid < said / 20, "\(unsaid) of \(said)")
    }

    /// A word as written goes with its normalised word, a text of a time with its instant.
    private static func isPartOfUnsaid(_ column: String, _ unmet: [String]) -> Bool {
        guard column.hasSuffix("_raw") || column.hasPrefix("repository_") else { return false }
        return unmet.contains {
            column.hasPrefix($0) || $0.hasSuffix(String(column.dropLast(4))) || $0 == "repository_name"
        }
    }

    @Test(
        "Every row of a real tree can be a file of its own where there is a place for it",
        .enabled(if: RealTree.root != nil)
    )
    func composing() throws {
        let extractor = try RecordExtractor.shipped.get()
        var count = 0
        for (_, record) in try Self.records() where record.kind == "task" {
            let source = RecordExtractor.Source(
                path: Array("coordination/tasks/x.json".utf8),
                fileID: DeterministicID(high: 0, low: 0),
                size: 0
            )
            let revision = try #require(extractor.compose(record.rows[0].values, of: .tasks, as: source))
            #expect(revision.unmet == [], "\(record.naturalID ?? "")")
            #expect(revision.record.naturalID == record.naturalID)
            count += 1
        }
        #expect(count > 200)
    }

    /// What a record has besides its id, before and after a change.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: String
        let after: String
    }

    /// `é` in one code point and in two: other bytes, but equal as Swift's strings.
    private static let (one, two) = ("caf\u{e9}", "cafe\u{301}")

    @Test(
        "Fields are told apart by the bytes of their names, and by their order where a name is there twice",
        arguments: [
            Change(testDescription: "first", before: #""\#(one)":1,"\#(two)":2"#, after: #""\#(one)":3,"\#(two)":2"#),
            Change(testDescription: "second", before: #""\#(one)":1,"\#(two)":2"#, after: #""\#(one)":1,"\#(two)":3"#),
            Change(testDescription: "swapped", before: #""\#(one)":1,"\#(two)":2"#, after: #""\#(one)":2,"\#(two)":1"#),
            Change(testDescription: "gone", before: #""\#(one)":1,"\#(two)":2"#, after: #""\#(two)":2"#),
            Change(testDescription: "new", before: #""\#(one)":1"#, after: #""\#(one)":1,"\#(two)":2"#),
            Change(testDescription: "another", before: #""\#(one)":1"#, after: #""\#(two)":1"#),
            Change(
                testDescription: "inside",
                before: #""x":{"\#(one)":1,"\#(two)":2}"#,
                after: #""x":{"\#(one)":3,"\#(two)":2}"#
            ),
            Change(
                testDescription: "no text",
                before: #""\ud800":1,"\ud801":2"#,
                after: #""\ud800":1,"\ud801":3,"\udfff":4"#
            ),
            Change(testDescription: "twice, first", before: #""x":1,"x":2"#, after: #""x":3,"x":2"#),
            Change(testDescription: "twice, last", before: #""x":1,"x":2"#, after: #""x":1,"x":3"#),
            Change(testDescription: "twice, then once", before: #""x":1,"y":0,"x":2"#, after: #""y":0,"x":2"#),
            Change(testDescription: "twice, then never", before: #""x":1,"y":0,"x":2"#, after: #""y":0"#),
            Change(testDescription: "once, then twice", before: #""x":1,"y":0"#, after: #""x":3,"y":0,"x":4"#),
        ]
    )
    func names(_ change: Change) throws {
        let extractor = try RecordExtractor.shipped.get()
        let path = "coordination/tasks/x.json"
        func text(_ fields: String) -> String { "{\"task_id\":\"x\",\(fields)}" }
        func record(_ text: [UInt8]) throws -> ExtractedRecord {
            try #require(extractor.extracted(path, bytes: text).records.first)
        }
        let before = try record(Array(text(change.before).utf8))
        let after = try record(Array(text(change.after).utf8))
        let place = Self.place(path, before)
        let old = try #require(before.text)
        let revision = try #require(extractor.revise(old, at: place, to: after.rows[0].values))
        // Strings would be equal in two spellings.
        let got = String(decoding: revision.text, as: UTF8.self)
        #expect(revision.text.elementsEqual(text(change.after).utf8), "\(got)")
        #expect(revision.unmet == [])
        let composed = try #require(extractor.compose(after.rows[0].values, of: .tasks, as: place.source))
        #expect(composed.unmet == [])
        #expect(Self.canonical(try record(composed.text)) == Self.canonical(after))
    }

    private static func canonical(_ record: ExtractedRecord) -> [UInt8]? {
        guard case .json(let text)? = record.value("metadata") else { return nil }
        return try? JSONDocument(strict: text).root.canonical
    }
}
