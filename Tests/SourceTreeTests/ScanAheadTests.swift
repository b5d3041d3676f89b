import LosslessJSON
import Testing

@testable import SourceTree

@Suite("Scanning ahead on a second thread")
struct ScanAheadTests {
    private struct Failure: Error {}

    /// Some megabytes of lines, now and then one that is broken.
    private static let lines: [UInt8] = (0..<60_000).reduce(into: []) { text, number in
        let line = number % 977 == 0 ? #"{"id": ,}"# : #"{"id": "line-\#(number)", "of": [\#(number), null, "x"]}"#
        text += Array(line.utf8) + [0x0A]
    }

    private func items(of bytes: [UInt8]) throws -> [ScanItem] {
        var scanner = JSONRecordScanner(reader: RecordExtractor.reader(of: bytes), readsRecords: true)
        var items: [ScanItem] = []
        while let item = try scanner.next() { items.append(item) }
        return items
    }

    private func forEachItem(
        _ reader: @escaping RecordExtractor.ByteReader,
        take: (ScanItem) throws -> Bool
    ) throws {
        let prepare = { @Sendable (item: ScanItem) in FoundItem.other(item) }
        try ScanAhead.forEachItem(reader: reader, selectors: [.root], limits: JSONLimits(), prepare: prepare) { item in
            guard case .other(let item) = item else { return false }
            return try take(item)
        }
    }

    @Test("gives the same items in the same order")
    func sameItems() throws {
        var taken: [ScanItem] = []
        try forEachItem(RecordExtractor.reader(of: Self.lines)) { item in
            taken.append(item)
            return true
        }
        #expect(taken == (try items(of: Self.lines)))
    }

    @Test("stops when the rest is not wanted, and no reader is used behind that")
    func stopping() throws {
        var reads = 0
        let bytes = RecordExtractor.reader(of: Self.lines)
        var taken = 0
        try forEachItem(
            { buffer in
                reads += 1
                return try bytes(buffer)
            },
            take: { _ in
                taken += 1
                return taken < 10
            }
        )
        let after = reads
        #expect(taken == 10)
        #expect(after * (64 << 10) < Self.lines.count)
        #expect(reads == after)
    }

    @Test("what the reader throws comes out behind the items before it")
    func readerThrows() throws {
        let bytes = RecordExtractor.reader(of: Self.lines)
        var (reads, taken) = (0, 0)
        #expect(throws: Failure.self) {
            try forEachItem(
                { buffer in
                    reads += 1
                    if reads == 5 { throw Failure() }
                    return try bytes(buffer)
                },
                take: { _ in
                    taken += 1
                    return true
                }
            )
        }
        #expect(taken > 1_000)
    }

    @Test("what the one that takes throws comes out, and ends the reading")
    func takerThrows() {
        #expect(throws: Failure.self) {
            try forEachItem(RecordExtractor.reader(of: Self.lines)) { _ in throw Failure() }
        }
    }
}
