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
}
