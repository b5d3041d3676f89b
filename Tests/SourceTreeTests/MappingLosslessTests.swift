import Domain
import LosslessJSON
import Testing

@testable import SourceTree

/// Nothing of a record is lost on its way into a row: each top-level member is in the rest verbatim, or in a column
/// that holds exactly its value.
@Suite("Rows hold everything that their records say")
struct MappingLosslessTests {
    @Test("on every record of a real tree", .enabled(if: RealTree.root != nil))
    func realTree() throws {
        var members = 0
        for file in try RealTree.extraction.get() {
            for record in file.records where record.disposition == .candidate {
                members += try Self.check(record, place: "\(file.path) \(record.pointer)")
            }
        }
        #expect(members > 10_000)
    }

    @Test(
        "on hostile records",
        arguments: [
            #"{"id":"a","title":"x","title":"y"}"#,
            #"{"id":"a","id":"b"}"#,
            #"{"id":7,"title":7,"status":true,"priority":2.50}"#,
            #"{"id":"a","title":"\u0000","description":"\ud800","type":"\u0041"}"#,
            #"{"id":"a","created_at":"2025-01-01T00:00:00.1234567Z","updated_at":5,"started_at":null,"deadline":""}"#,
            #"{"id":"a","token_budget":1e3,"tokens_used":9223372036854775808,"timeout_minutes":1.50,"sla_minutes":-0}"#,
            #"{"id":"a","tags":["x",1],"error":{"a":1},"result":[1, 2]}"#,
            #"{"id":"a","tags":"x","repository":"https://github.com/o/n"}"#,
            #"{"id":"a","repository":"o/n/x","\u0069d2":1,"weird \"key\"":{ "a" : 1 }}"#,
            #"{"id":"a","status":"PENDING","priority":"unheard-of"}"#,
            #"{"id":"a","":1,"metadata":{"x":1},"ключ":"значение"}"#,
        ]
    )
    func hostile(_ text: String) throws {
        let extractor = try RecordExtractor.shipped.get()
        let file = try extractor.extracted("coordination/tasks/x.json", text)
        let record = try #require(file.records.first)
        #expect(record.disposition == .candidate)
        _ = try Self.check(record, place: text)
    }

    /// Checks each member of a record; returns how many there are.
    private static func check(_ record: ExtractedRecord, place: String) throws -> Int {
        let text = try #require(record.text)
        let value = try JSONDocument(strict: text).root
        let row = try #require(record.rows.first)
        for column in ["details", "snapshot", "body"] {
            if case .json(let bytes)? = row.value(column), bytes.elementsEqual(text) { return value.count }
        }
        var left: [(key: [UInt8], text: [UInt8])] = []
        if case .json(let bytes)? = row.value("metadata") {
            for member in try JSONDocument(strict: bytes).root.members {
                left.append((Array(member.key.rawText), Array(member.value.rawText)))
            }
        }
        guard value.kind == .object else {
            #expect(row.values.contains { holds($0, value) }, "\(place)")
            return 1
        }
        for member in value.members {
            if let index = left.firstIndex(where: {
                $0.key.elementsEqual(member.key.rawText) && $0.text.elementsEqual(member.value.rawText)
            }) {
                left.remove(at: index)
                continue
            }
            let isHeld = row.values.contains { holds($0, member.value) } || isRepository(row, member.value)
            #expect(isHeld, "\(place): \(String(decoding: member.key.rawText, as: UTF8.self))")
            #expect(value.duplicateKeys.allSatisfy { $0.name != member.key.unescaped }, "\(place)")
        }
        #expect(left.isEmpty, "\(place): the rest holds what the record does not")
        return value.count
    }

    /// Whether a column's value says exactly what a JSON value says.
    private static func holds(_ column: MappedValue, _ value: JSONValue) -> Bool {
        switch column {
        case .null: return false
        case .text(let text): return value.string == text
        case .integer(let number): return value.rawText.elementsEqual(String(number).utf8)
        case .numeric(let text): return value.numberText == text && !text.contains("e") && !text.contains("E")
        case .boolean(let flag): return value.boolean == flag
        case .instant(let time): return value.string.map { SourceInstant($0) == .exact(microseconds: time) } ?? false
        case .json(let bytes): return value.rawText.elementsEqual(bytes)
        case .textArray(let texts): return value.kind == .array && value.elements.map(\.string) == texts
        }
    }

    private static func isRepository(_ row: MappedRow, _ value: JSONValue) -> Bool {
        guard case .text(let name)? = row.value("repository_name") else { return false }
        guard case .text(let owner)? = row.value("repository_owner") else { return value.string == name }
        return value.string == "\(owner)/\(name)"
    }
}
