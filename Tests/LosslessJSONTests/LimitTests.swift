import Testing

@testable import LosslessJSON

@Suite("Limits")
struct LimitTests {
    /// Writes pieces of text in a row without holding them all.
    private final class PieceSource {
        private var pieces: [(text: [UInt8], count: Int)]
        private var offset = 0

        init(_ pieces: [(String, Int)]) {
            self.pieces = pieces.map { (Array($0.0.utf8), $0.1) }.reversed()
        }

        func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
            var written = 0
            while written < buffer.count, let (text, count) = pieces.last {
                guard count > 0 else {
                    pieces.removeLast()
                    continue
                }
                let length = min(text.count - offset, buffer.count - written)
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[written..<written + length])
                target.copyBytes(from: text[offset..<offset + length])
                written += length
                offset += length
                if offset == text.count {
                    offset = 0
                    pieces[pieces.count - 1].count -= 1
                }
            }
            return written
        }
    }

    private func items(
        _ pieces: [(String, Int)],
        _ selectors: [RecordSelector] = [.root],
        limits: JSONLimits = JSONLimits()
    ) throws -> [ScanItem] {
        var scanner = JSONRecordScanner(reader: PieceSource(pieces).read, selectors: selectors, limits: limits)
        var items: [ScanItem] = []
        while let item = try scanner.next() { items.append(item) }
        return items
    }

    @Test("a document at the depth limit is read, one deeper is a located error")
    func documentDepth() throws {
        let deepest = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
        _ = try JSONDocument(strict: Array(deepest.utf8))
        let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(strict: Array("[\(deepest)]".utf8)) }
        #expect(error?.reason == .tooDeep)
        #expect(error?.offset == 1_000)
    }

    @Test("a value 100,000 deep is one invalid stretch, and the next value is read")
    func scanPastDepth() throws {
        let found = try items([("[{\"a\":", 50_000), ("null", 1), ("}]", 50_000), (" {\"b\":1}", 1)])
        #expect(found.count { !$0.isRecord } == 2)
        let error = try #require(found.compactMap(\.error).first)
        #expect(error.reason == .tooDeep)
        #expect([error.line, error.column] == [1, 1 + 6 * 500])
        guard case .value(1, _, .object) = found.last else {
            Issue.record("\(found)")
            return
        }
    }

    @Test("an unclosed value 100,000 deep ends as one invalid stretch")
    func unclosedDepth() throws {
        for piece in ["[", "[\n", "{\"a\":", "{\"a\":\n"] {
            let found = try items([(piece, 100_000)], limits: JSONLimits(maximumRecoveryBytes: 1 << 18))
            #expect(found.count == 1)
            #expect(found.first?.error?.reason == .tooDeep)
        }
    }

    @Test("a document deeper than the default can be asked for, canonical form and all")
    func deepDocument() throws {
        let depth = 100_000
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let document = try JSONDocument(strict: Array(text.utf8), limits: JSONLimits(maximumDepth: depth))
        #expect(document.root.canonical == Array(text.utf8))
    }

    @Test("a record over the limit is located without bytes, the ones around it with")
    func oversizedRecord() throws {
        let limits = JSONLimits(maximumRecordBytes: 1_000)
        let found = try items([("[1]\n[\"", 1), ("x", 5_000), ("\"]\n[2]\n", 1)], limits: limits)
        let sizes = found.compactMap { item -> Int? in
            guard case .record(_, _, _, _, let bytes, _, _) = item else { return nil }
            return bytes?.count ?? -1
        }
        #expect(sizes == [3, -1, 3])
        #expect(found.count { $0.error != nil } == 0)
    }

    @Test("a record of exactly the limit keeps its bytes", arguments: [1, 7, 64 << 10])
    func exactRecord(piece: Int) throws {
        for size in [999, 1_000, 1_001, 70_000] {
            let text = "\"" + String(repeating: "y", count: size - 2) + "\""
            let limits = JSONLimits(maximumRecordBytes: max(size, 1_000) - (size == 1_001 ? 1 : 0))
            let found = try scan(Array("[\(text)]".utf8), selectors: [RecordSelector(pointer: "/0")], limits: limits) {
                piece
            }
            guard case .record(_, _, "/0", _, let bytes, .string, _) = found[0] else {
                Issue.record("no record")
                return
            }
            #expect(bytes?.count == (size == 1_001 ? nil : size))
        }
    }

    @Test("large records are not read on the way, the ones around them are", arguments: [1 << 10, 64 << 10])
    func readingLargeRecords(piece: Int) throws {
        let large = "{\"a\":[" + String(repeating: "1,", count: 200_000) + "1]}"
        let found = try records(
            Array("[{\"a\":1},\(large),{\"b\":2}]".utf8),
            selectors: [RecordSelector(pointer: "/*")]
        ) { piece }
        #expect(found.map { $0.read == nil } == [false, true, false])
        #expect(found.map { $0.bytes?.count } == [7, large.utf8.count, 7])
    }

    @Test("small records inside a huge value are handed out whole")
    func recordsInHugeValue() throws {
        let limits = JSONLimits(maximumRecordBytes: 4_096)
        let selectors = [try RecordSelector(pointer: "/tasks/*"), .root]
        let found = try items(
            [("{\"tasks\":[0", 1), (",{\"id\":\"0123456789\"}", 20_000), ("]}", 1)],
            selectors,
            limits: limits
        )
        #expect(found.count == 20_003)
        guard case .record(0, 0, "/tasks/20000", _, let bytes?, .object, _) = found[20_000],
            case .record(1, 0, "", _, nil, .object, _) = found[20_001]
        else {
            Issue.record("\(found.suffix(3))")
            return
        }
        #expect(bytes.elementsEqual("{\"id\":\"0123456789\"}".utf8))
    }

    @Test("a name over the limit on the way to a record makes the value invalid", arguments: [2_000, 200_000])
    func hugeName(size: Int) throws {
        let limits = JSONLimits(maximumRecordBytes: 1_000)
        let found = try items(
            [("{\"", 1), ("k", size), ("\":1,\"b\":2}\n[3]", 1)],
            [try RecordSelector(pointer: "/*")],
            limits: limits
        )
        #expect(found.compactMap(\.error).map(\.reason) == [.tooLarge])
        #expect(found.compactMap(\.error).first?.offset == 1)
        guard case .value(1, _, .array) = found.last else {
            Issue.record("\(found)")
            return
        }
    }

    @Test("a huge string, number, name, text, gap and broken value pass through a window of bounded size")
    func boundedMemory() throws {
        let size = 768 << 10
        let block = String(repeating: "z", count: 1 << 10)
        let blocks = size >> 10
        let limits = JSONLimits(maximumRecordBytes: 64 << 10)
        for pieces in [
            [("\"", 1), (block, blocks), ("\"", 1)], [("1", size)], [("{\"", 1), (block, blocks), ("\":1}", 1)],
            [("[1", 1), (",{\"a\":[true,null]}", size / 18), ("]", 1)], [("[\"", 1), (block, blocks)],
            [("[1]\n", 1), (block, blocks)], [(" \n", size / 2)], [("{\n\"a\": ,", 1), ("\n{},", size / 4)],
            [("[ x\n[", 1), ("1,\n", size / 3)],
        ] {
            var scanner = JSONRecordScanner(reader: PieceSource(pieces).read, limits: limits)
            var count = 0
            while try scanner.next() != nil { count += 1 }
            #expect(count <= 3, "\(count) items")
            let most = limits.maximumRecordBytes + 3 * ByteWindow.chunk
            #expect(scanner.window.capacity <= 2 * most, "\(pieces[0].0)…: \(scanner.window.capacity) bytes")
        }
    }

    @Test("the search behind an invalid stretch ends when its work is used up")
    func recoveryWork() throws {
        let text = [("[ x\n", 1), ("[\n1 x\n", 100), ("[1]\n", 1)]
        #expect(try items(text, []).count == 2)
        #expect(try items(text, [], limits: JSONLimits(maximumRecoveryBytes: 200)).count == 1)
    }

    @Test("a candidate larger than a record is taken on trust")
    func largeCandidate() throws {
        let limits = JSONLimits(maximumRecordBytes: 100)
        let found = try items([("[ x\n[", 1), ("1,", 500), ("1]\n", 1)], [], limits: limits)
        #expect(found.map { $0.error == nil } == [false, true])
    }
}
