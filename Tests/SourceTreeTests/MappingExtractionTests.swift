import Crypto
import Domain
import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Extraction of records from files")
struct MappingExtractionTests {
    let extractor: RecordExtractor

    init() throws {
        extractor = try RecordExtractor.shipped.get()
    }

    // MARK: States of files

    struct StateCase: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String
        let state: ParseState
        let records: Int
        var findings: [FindingRule] = []
        var testDescription: String { "\(path): \(text.prefix(40).debugDescription)" }
    }

    static let states: [StateCase] = [
        StateCase(path: "coordination/tasks/a.json", text: "", state: .empty, records: 0, findings: [.emptyFile]),
        StateCase(
            path: "coordination/tasks/a.json",
            text: " \n\t",
            state: .whitespace,
            records: 0,
            findings: [.whitespaceFile]
        ),
        StateCase(path: "coordination/tasks/a.json", text: #"{"id":"a"}"#, state: .value, records: 1),
        StateCase(path: "coordination/tasks/a.json", text: "{\"id\":\"a\"}{\"id\":\"b\"}", state: .values, records: 2),
        StateCase(
            path: "coordination/tasks/a.json",
            text: "\u{FEFF}{\"id\":\"a\"}",
            state: .value,
            records: 1,
            findings: [.byteOrderMark]
        ),
        StateCase(path: "coordination/tasks/a.json", text: "{", state: .invalid, records: 1),
        StateCase(path: "coordination/tasks/a.json", text: "{\"id\":\"a\"}\n{\"id\":", state: .invalid, records: 2),
        StateCase(path: "notes.txt", text: "{", state: .notJSON, records: 0),
        StateCase(path: "archive.json.gz", text: "{", state: .notJSON, records: 0),
        StateCase(path: "other/x.json", text: "{}", state: .value, records: 0, findings: [.unmappedFile]),
        StateCase(path: "other/x.json", text: "{", state: .invalid, records: 1, findings: [.unmappedFile]),
        StateCase(
            path: "other/x.jsonl",
            text: "{}\n{\"a\":}\n{}",
            state: .invalid,
            records: 1,
            findings: [.unmappedFile]
        ),
        StateCase(
            path: "coordination/git-operations.jsonl",
            text: "{\n \"a\": 1\n}\n\n{\"b\":2}\n",
            state: .values,
            records: 2
        ),
        StateCase(
            path: "coordination/git-operations.jsonl",
            text: "{\"a\":1}\n{\"b\": }\n{\"c\":3}\n",
            state: .invalid,
            records: 3
        ),
    ]

    @Test("a file has the state, the records and the findings that its bytes say", arguments: states)
    func state(_ test: StateCase) throws {
        let file = try extractor.extracted(test.path, test.text)
        #expect(file.reading.state == test.state)
        #expect(file.records.count == test.records)
        #expect(file.reading.records == test.records)
        #expect(file.reading.findings.map(\.rule) == test.findings)
    }

    @Test("a broken file that no rule takes is one quarantined record of kind unknown")
    func unknown() throws {
        let record = try #require(try extractor.extracted("other/x.json", "{\"a\":1]").records.first)
        #expect(record.kind == "unknown")
        #expect(record.disposition == .quarantined("invalid_json"))
        #expect(record.findings.first?.line == 1)
        #expect(record.sha256 == Array(SHA256.hash(data: Array("{\"a\":1]".utf8))))
    }

    @Test("records of a value that turns out broken are not handed out")
    func torn() throws {
        let text = #"{"tasks":[{"id":"a"},{"id":"b"},{"id":"#
        let file = try extractor.extracted("coordination/task-queue.json", text)
        #expect(file.records.map(\.disposition) == [.quarantined("invalid_json")])
        #expect(file.records.first?.kind == "task")
        #expect(file.records.first?.span == ByteSpan(start: 0, end: text.utf8.count))
    }

    @Test("in a stream the records around a broken stretch come out, each with its ordinal")
    func stream() throws {
        let text = "{\"operation\":\"a\"}\n{\"operation\": }\n{\"operation\":\"c\"}\n"
        let file = try extractor.extracted("coordination/git-operations.jsonl", text)
        #expect(file.records.map(\.ordinal) == [0, 1, 2])
        #expect(file.records.map(\.disposition) == [.candidate, .quarantined("invalid_json"), .candidate])
        #expect(file.reading.error?.line == 2)
        let again = try extractor.extracted("coordination/git-operations.jsonl", text, acceptRepairs: true)
        #expect(again.records.map(\.disposition) == [.candidate, .candidate, .candidate])
        #expect(again.records.map(\.isRepaired) == [false, true, false])
        #expect(again.records.map(\.ordinal) == [0, 1, 2])
        #expect(again.records[1].recordID == file.records[1].recordID)
        #expect(again.reading.findings.contains { $0.rule == .invalidJSON && $0.proposal != nil })
    }

    // MARK: Sizes

    @Test("values too large to hold back are read ahead: same records, broken ones dropped", arguments: [true, false])
    func readAhead(isBroken: Bool) throws {
        var limits = ExtractionLimits()
        limits.heldBackBytes = 100
        let small = RecordExtractor(mapping: extractor.mapping, limits: limits)
        let tasks = (0..<200).map { #"{"id":"t\#($0)","title":"a title"}"# }.joined(separator: ",")
        let text = "{\"tasks\":[\(tasks)]\(isBroken ? "" : "}")"
        let file = try small.extracted("coordination/task-queue.json", text)
        let plain = try extractor.extracted("coordination/task-queue.json", text)
        #expect(file.records.count == (isBroken ? 1 : 200))
        #expect(file.records.map(\.recordID) == plain.records.map(\.recordID))
        #expect(file.reading.state == plain.reading.state)
    }

    @Test(
        "who can take records back gets those of large values at once, and again where the value is broken",
        arguments: [true, false]
    )
    func retract(isBroken: Bool) throws {
        var limits = ExtractionLimits()
        limits.heldBackBytes = 100
        let small = RecordExtractor(mapping: extractor.mapping, limits: limits)
        let tasks = (0..<200).map { #"{"id":"t\#($0)","title":"a title"}"# }.joined(separator: ",")
        let text = Array("{\"tasks\":[\(tasks)]\(isBroken ? "" : "}")".utf8)
        let plain = try extractor.extracted("coordination/task-queue.json", String(decoding: text, as: UTF8.self))
        var (records, retracted, opened) = ([ExtractedRecord](), [Int](), 0)
        let reading = try small.extract(
            small.source("coordination/task-queue.json", text),
            open: {
                opened += 1
                return RecordExtractor.reader(of: text)
            },
            retract: {
                retracted.append(records.count)
                records = []
            },
            emit: { records.append($0) }
        )
        #expect(records.map(\.recordID) == plain.records.map(\.recordID))
        #expect(records.map(\.disposition) == plain.records.map(\.disposition))
        #expect(reading.records == records.count)
        #expect(reading.state == plain.reading.state)
        if isBroken {
            #expect(retracted.count == 1 && retracted.allSatisfy { $0 > 100 })
        } else {
            #expect(retracted.isEmpty)
            #expect(opened == 1)
        }
    }

    @Test("a large file gives the same records whether it is scanned ahead or not")
    func scanningAhead() throws {
        let tasks = (0..<25_000).map { number in
            number % 997 == 0
                ? #"{"id":"t\#(number)","id":"again","title":"a\u0000b"}"#
                : #"{"id":"t\#(number)","title":"a title","priority":"high","context":{"dependencies":["t1","t2"]}}"#
        }
        for end in ["]}", "]", "]} {\"tasks\": [1,]}"] {
            let text = "{\"tasks\":[\(tasks.joined(separator: ",\n"))\(end)"
            var extracted: [Extracted] = []
            for scansAhead in [true, false] {
                var limits = ExtractionLimits()
                limits.scansAhead = scansAhead
                extracted.append(
                    try RecordExtractor(mapping: extractor.mapping, limits: limits)
                        .extracted("coordination/task-queue.json", text)
                )
            }
            #expect(extracted[0].bytes.count >= 2 << 20)
            #expect(extracted[0].reading.state == extracted[1].reading.state)
            #expect(extracted[0].records.count == extracted[1].records.count)
            for (ahead, plain) in zip(extracted[0].records, extracted[1].records) {
                #expect(ahead.recordID == plain.recordID && ahead.sha256 == plain.sha256)
                #expect(ahead.disposition == plain.disposition && ahead.docReason == plain.docReason)
                #expect(ahead.rows.map(\.values) == plain.rows.map(\.values))
                #expect(ahead.findings == plain.findings)
            }
        }
    }

    @Test("a record over the limit is quarantined with its span, others come out")
    func tooLarge() throws {
        var limits = ExtractionLimits()
        limits.json.maximumRecordBytes = 200
        let small = RecordExtractor(mapping: extractor.mapping, limits: limits)
        let large = #"{"id":"b","title":"\#(String(repeating: "x", count: 300))"}"#
        let file = try small.extracted("coordination/task-queue.json", #"{"tasks":[{"id":"a"},\#(large)]}"#)
        #expect(file.records.map(\.disposition) == [.candidate, .quarantined("record_too_large")])
        try #require(file.records.count == 2)
        #expect(file.records[1].text == nil)
        #expect(file.records[1].span.count == large.utf8.count)
        #expect(file.records[1].pointer == "/tasks/1")
        #expect(file.reading.findings.map(\.rule) == [.recordTooLarge])
        let first = try small.extracted("coordination/task-queue.json", #"{"tasks":[\#(large),{"id":"a"}]}"#)
        #expect(first.records.map(\.disposition) == [.quarantined("record_too_large"), .candidate])
        let alone = try small.extracted("coordination/tasks/b.json", large)
        #expect(alone.records.map(\.disposition) == [.quarantined("record_too_large")])
    }

    @Test("a reader that gives one byte at a time gives the same records")
    func slowReader() throws {
        let bytes = Array(#"{"tasks":[{"id":"a"},{"id":"b"}]}"#.utf8)
        var records: [ExtractedRecord] = []
        let source = extractor.source("coordination/task-queue.json", bytes)
        _ = try extractor.extract(
            source,
            open: {
                var position = 0
                return { buffer in
                    guard position < bytes.count else { return 0 }
                    buffer[0] = bytes[position]
                    position += 1
                    return 1
                }
            },
            emit: { records.append($0) }
        )
        #expect(records.map(\.naturalID) == ["a", "b"])
    }

    @Test("what the consumer throws comes out and stops the reading")
    func consumerThrows() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            let bytes = Array(#"{"id":"a"}"#.utf8)
            _ = try extractor.extract(extractor.source("coordination/tasks/a.json", bytes), bytes: bytes) { _ in
                throw Stop()
            }
        }
    }

    // MARK: Identity

    @Test("a record id depends on file, pointer, ordinal and first byte, and on nothing else")
    func identity() throws {
        let one = try extractor.extracted("coordination/task-queue.json", #"{"tasks":[{"id":"a"}]}"#)
        let two = try extractor.extracted("coordination/task-queue.json", #"{"tasks":[{"id":"a"}]}"#)
        let moved = try extractor.extracted("coordination/task-queue.json", #"{"tasks": [{"id":"a"}]}"#)
        #expect(one.records[0].recordID == two.records[0].recordID)
        #expect(one.records[0].recordID != moved.records[0].recordID)
        #expect(one.records[0].sha256 == moved.records[0].sha256)
    }

    @Test("equal content has one hash whatever the spelling")
    func canonical() throws {
        let one = try extractor.extracted("coordination/tasks/a.json", #"{"id":"a","token_budget":10}"#)
        let two = try extractor.extracted(
            "coordination/tasks/a.json",
            "{ \"token_budget\" : 1.0e1,\n\"id\":\"\\u0061\" }"
        )
        #expect(one.records[0].sha256 == two.records[0].sha256)
    }

    @Test("members of containers are mapped by container!/member")
    func members() throws {
        let path = Array("coordination/archives/failed-workers-2025-11-11.tar.gz".utf8)
        let rule = extractor.plan(for: path, member: Array("failed/dev-worker-1.json".utf8))
        #expect(rule?.name == "worker-spec-archives")
        #expect(extractor.plan(for: path) == nil)
        let events = Array("coordination/events/archive/2025-11-18/heartbeat-events.jsonl.gz".utf8)
        #expect(extractor.plan(for: events, member: Array("heartbeat-events.jsonl".utf8))?.name == "event-streams")
    }

    @Test("a path of any bytes finds its rule and gives a document id")
    func rawPath() throws {
        let path = Array("coordination/masters/\ndevelopment/handoffs/x".utf8) + [0xFF, 0x0A] + Array(".json".utf8)
        #expect(extractor.plan(for: path)?.name == "handoff-files")
        var records: [ExtractedRecord] = []
        let bytes = Array(#"{"a":1}"#.utf8)
        let other = Array("coordination/x".utf8) + [0xFF] + Array(".json".utf8)
        let id = DeterministicID(high: 1, low: 2)
        _ = try extractor.extract(.init(path: other, fileID: id, size: bytes.count), bytes: bytes) {
            records.append($0)
        }
        #expect(records.first?.naturalID == "x\\xff")
    }
}
