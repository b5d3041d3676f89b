import Testing

@testable import Postgres

@Suite("Encoding without a server")
struct EncodingTests {
    struct NumericCase: Sendable {
        let text: String
        let groups: [UInt16]
        let weight: Int
        let decimals: Int
        let isNegative: Bool

        init(_ text: String, _ groups: [UInt16], weight: Int, decimals: Int, isNegative: Bool = false) {
            (self.text, self.groups, self.weight, self.decimals) = (text, groups, weight, decimals)
            self.isNegative = isNegative
        }
    }

    @Test(
        "A decimal becomes groups of four digits",
        arguments: [
            NumericCase("0", [], weight: 0, decimals: 0),
            NumericCase("-0.00", [], weight: 0, decimals: 2),
            NumericCase("1", [1], weight: 0, decimals: 0),
            NumericCase("-12345.678", [1, 2345, 6780], weight: 1, decimals: 3, isNegative: true),
            NumericCase("10000", [1], weight: 1, decimals: 0),
            NumericCase("0.0001", [1], weight: -1, decimals: 4),
            NumericCase("0.00001", [1000], weight: -2, decimals: 5),
            NumericCase("1.50e1", [15], weight: 0, decimals: 1),
            NumericCase("1.5E3", [1500], weight: 0, decimals: 0),
            NumericCase("25e-3", [250], weight: -1, decimals: 3),
            NumericCase(".5", [5000], weight: -1, decimals: 1),
        ]
    )
    func numericGroups(_ row: NumericCase) throws {
        let number = try NumericDigits(row.text)
        #expect(number.groups == row.groups)
        #expect(number.weight == row.weight || row.groups.isEmpty)
        #expect(number.decimals == row.decimals)
        #expect((number.sign == 0x4000) == row.isNegative)
    }

    @Test(
        "What is no decimal, or beyond numeric, is refused",
        arguments: [
            "", "-", ".", "1e", "1e+", "1x", "0x10", " 1", "1 ", "e5", "1e131072", "1e-16384", "1e99999999999999999999",
        ]
    )
    func refusedNumeric(_ text: String) {
        var encoder = CopyBinaryEncoder()
        let before = encoder.count
        #expect(throws: PostgresError.self) { try encoder.numeric(text) }
        #expect(encoder.count == before)
    }

    @Test("An encoder hands out header, rows and trailer piece by piece")
    func pieces() {
        var encoder = CopyBinaryEncoder()
        #expect(encoder.take().count == 19)
        #expect(encoder.count == 0)
        encoder.startRow(columns: 2)
        encoder.int32(7)
        encoder.null()
        #expect(encoder.take() == [0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255])
        encoder.finish()
        #expect(encoder.take() == [255, 255])
    }

    @Test(
        "Values written in place are the same bytes as one by one",
        arguments: ["", "a", String(repeating: "é", count: 5_000)]
    )
    func inPlace(_ text: String) throws {
        let texts = [text, "", "b"]
        let encoded = texts.flatMap { text in
            withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { Array($0) } + Array(text.utf8)
        }
        let numbers = ["0", "-12.50", "1e30", "0.00000000001", String(repeating: "9", count: 300), "NaN"]
        var (single, row) = (CopyBinaryEncoder(), CopyBinaryEncoder())
        single.startRow(columns: 8 + numbers.count)
        single.text(text)
        single.null()
        single.integer(-7)
        single.boolean(true)
        single.instant(microseconds: 1_700_000_000_123_456)
        single.uuid(high: 1, low: .max)
        single.textArray(texts)
        single.textArray([])
        for number in numbers { try single.numeric(number) }
        row.startRow(columns: 8 + numbers.count)
        let size =
            (8 + numbers.count) * CopyRow.overhead + (texts + [text] + numbers).reduce(0) { $0 + $1.utf8.count + 4 }
        try row.add(atMost: size) { (row) throws(PostgresError) in
            Array(text.utf8).withUnsafeBufferPointer { row.field($0) }
            row.null()
            row.integer(-7)
            row.boolean(true)
            row.instant(microseconds: 1_700_000_000_123_456)
            row.uuid(high: 1, low: .max)
            encoded.withUnsafeBufferPointer { row.textArray(encoded: $0) }
            [UInt8]().withUnsafeBufferPointer { row.textArray(encoded: $0) }
            for number in numbers { try row.numeric(number) }
        }
        #expect(row.bytes == single.bytes)
    }

    @Test("Values in place of which one is refused add nothing")
    func refusedInPlace() {
        var encoder = CopyBinaryEncoder()
        let before = encoder.bytes
        #expect(throws: PostgresError.self) {
            try encoder.add(atMost: 100) { (row) throws(PostgresError) in
                row.integer(1)
                try row.numeric("no number")
            }
        }
        #expect(encoder.bytes == before)
    }

    @Test("An encoder goes on in memory that is given back, whatever that held")
    func reuse() {
        var encoder = CopyBinaryEncoder()
        encoder.integer(1)
        var piece = [UInt8](repeating: 9, count: 1_000)
        let memory = piece.withUnsafeBufferPointer(\.baseAddress)
        encoder.take(into: &piece)
        #expect(piece.count == 31)
        encoder.integer(2)
        #expect(encoder.bytes.withUnsafeBufferPointer(\.baseAddress) == memory)
        #expect(encoder.bytes == [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2])
    }

    @Test(
        "Array texts are read back",
        arguments: [
            ("{}", []), ("{a,b}", ["a", "b"]), (#"{"a b","c\"d","e\\f",""}"#, ["a b", "c\"d", "e\\f", ""]),
            ("{\"NULL\"}", ["NULL"]),
        ] as [(String, [String])]
    )
    func arrays(_ text: String, _ elements: [String]) {
        #expect(ArrayLiteral.elements(Array(text.utf8)[...]) == elements)
        let written = EncodedParameters.arrayLiteral(elements)
        #expect(ArrayLiteral.elements(Array(written.utf8)[...]) == elements)
    }

    @Test(
        "Array texts that hold NULL, nest or are torn are refused",
        arguments: ["{NULL}", "{{a}}", "{a,}", "{\"a}", "a", "{\"a\"b}"]
    )
    func refusedArrays(_ text: String) {
        #expect(ArrayLiteral.elements(Array(text.utf8)[...]) == nil)
    }

    @Test("A statement is prepared when it comes for the second time, and again after it was forgotten")
    func cache() {
        var cache = StatementCache()
        #expect(cache.plan(for: "SELECT 1") == .unprepared)
        #expect(cache.plan(for: "SELECT 1") == .prepare(name: "cortex_1"))
        cache.prepared("SELECT 1", name: "cortex_1")
        #expect(cache.plan(for: "SELECT 1") == .prepared(name: "cortex_1"))
        cache.forget("SELECT 1")
        #expect(cache.plan(for: "SELECT 1") == .unprepared)
        #expect(cache.plan(for: "SELECT 1") == .prepare(name: "cortex_2"))
        #expect(cache.plan(for: String(repeating: "x", count: 9_000)) == .unprepared)
        #expect(cache.plan(for: String(repeating: "x", count: 9_000)) == .unprepared)
    }

    @Test("The cache of statements is bounded")
    func boundedCache() {
        var cache = StatementCache()
        for index in 0..<1_000 {
            for _ in 0..<2 {
                if case .prepare(let name) = cache.plan(for: "SELECT \(index)") {
                    cache.prepared("SELECT \(index)", name: name)
                }
            }
        }
        #expect(cache.plan(for: "SELECT 0") == .prepared(name: "cortex_1"))
        #expect(cache.plan(for: "SELECT 999") == .unprepared)
    }

    @Test(
        "Names and literals are quoted",
        arguments: [
            ("plain", "\"plain\"", "'plain'"), ("a\"b", "\"a\"\"b\"", "'a\"b'"), ("it's", "\"it's\"", "'it''s'"),
        ]
    )
    func quoting(_ text: String, _ name: String, _ literal: String) {
        #expect(PostgresIdentifier.quoted(text) == name)
        #expect(PostgresIdentifier.literal(text) == literal)
    }
}
