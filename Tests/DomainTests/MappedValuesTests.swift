import Domain
import Testing

@Suite("Packed values of a row")
struct MappedValuesTests {
    static let values: [MappedValue] = [
        .null, .text(""), .text("a name"), .text("caf\u{e9} \u{1F389}"), .integer(.min), .integer(.max),
        .numeric("-1.50e400"),
        .boolean(true), .boolean(false), .instant(microseconds: -1), .json(Array("{\"a\": 1}".utf8)), .textArray([]),
        .textArray(["", "one", "\u{1F389}"]), .null,
    ]

    @Test("give back what was put in, in any order")
    func roundTrip() {
        let forwards = MappedValues(Self.values)
        var backwards = MappedValues(nulls: Self.values.count)
        for index in Self.values.indices.reversed() { backwards[index] = Self.values[index] }
        #expect(Array(forwards) == Self.values)
        #expect(Array(backwards) == Self.values)
        #expect(forwards == backwards)
    }

    @Test("differ where one value does")
    func difference() {
        let all = MappedValues(Self.values)
        for index in Self.values.indices {
            var changed = all
            changed[index] = .text("another")
            #expect(changed != all)
            changed[index] = Self.values[index]
            #expect(changed == all)
        }
    }

    @Test("a value that is set again is the new one")
    func overwriting() {
        var values = MappedValues(nulls: 2)
        values[0] = .text("first")
        values[1] = .json(Array("[1]".utf8))
        Array("second".utf8).withUnsafeBufferPointer { values.setText(0, to: $0) }
        #expect(Array(values) == [.text("second"), .json(Array("[1]".utf8))])
        values[0] = .null
        #expect(values[0] == .null)
    }

    @Test("nothing and an empty text are missing, nothing else is")
    func missing() {
        let values = MappedValues(Self.values)
        for (index, value) in Self.values.enumerated() {
            #expect(values.isMissing(index) == (value == .null || value == .text("")))
            #expect(values.withText(index) { String(decoding: $0, as: UTF8.self) } == value.asText)
        }
    }
}
