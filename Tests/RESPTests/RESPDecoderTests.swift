import Diagnostics
import RESP
import Testing

@Suite("RESPDecoder")
struct RESPDecoderTests {
    struct Frame: Sendable, CustomTestStringConvertible {
        let text: String
        let value: RESPValue
        var testDescription: String { text.debugDescription }
    }

    static func blob(_ text: String) -> RESPValue { .blobString(Array(text.utf8)) }

    static let frames: [Frame] = [
        Frame(text: "+OK\r\n", value: .simpleString(Array("OK".utf8))),
        Frame(text: "+\r\n", value: .simpleString([])),
        Frame(text: "$5\r\nhello\r\n", value: blob("hello")),
        Frame(text: "$0\r\n\r\n", value: blob("")),
        Frame(text: "$4\r\n\r\n\r\n\r\n", value: blob("\r\n\r\n")),
        Frame(text: "-ERR no\r\n", value: .error(Array("ERR no".utf8))),
        Frame(text: "!7\r\nERR\r\nno\r\n", value: .error(Array("ERR\r\nno".utf8))),
        Frame(text: ":0\r\n", value: .integer(0)),
        Frame(text: ":+12\r\n", value: .integer(12)),
        Frame(text: ":-9223372036854775808\r\n", value: .integer(.min)),
        Frame(text: ":9223372036854775807\r\n", value: .integer(.max)),
        Frame(text: ",1.5e3\r\n", value: .double(1_500)),
        Frame(text: ",-inf\r\n", value: .double(-.infinity)),
        Frame(text: "#t\r\n", value: .boolean(true)),
        Frame(text: "#f\r\n", value: .boolean(false)),
        Frame(
            text: "(-3492890328409238509324850943850943825024385\r\n",
            value: .bigNumber(Array("-3492890328409238509324850943850943825024385".utf8))
        ),
        Frame(text: "=8\r\ntxt:a\r\nb\r\n", value: .verbatim(format: Array("txt".utf8), Array("a\r\nb".utf8))),
        Frame(text: "_\r\n", value: .null),
        Frame(text: "$-1\r\n", value: .null),
        Frame(text: "*-1\r\n", value: .null),
        Frame(text: "*0\r\n", value: .array([])),
        Frame(text: "*2\r\n:1\r\n*1\r\n$1\r\na\r\n", value: .array([.integer(1), .array([blob("a")])])),
        Frame(text: "*?\r\n:1\r\n:2\r\n.\r\n", value: .array([.integer(1), .integer(2)])),
        Frame(text: "*?\r\n.\r\n", value: .array([])),
        Frame(text: "%1\r\n+k\r\n:1\r\n", value: .map([RESPPair(.simpleString([0x6B]), .integer(1))])),
        Frame(text: "%?\r\n+k\r\n:1\r\n.\r\n", value: .map([RESPPair(.simpleString([0x6B]), .integer(1))])),
        Frame(text: "~2\r\n:1\r\n:1\r\n", value: .set([.integer(1), .integer(1)])),
        Frame(text: ">2\r\n+message\r\n:1\r\n", value: .push([.simpleString(Array("message".utf8)), .integer(1)])),
        Frame(text: "$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", value: blob("Hello")),
        Frame(text: "$?\r\n;0\r\n", value: blob("")),
        Frame(
            text: "|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n",
            value: .attributed([RESPPair(.simpleString(Array("ttl".utf8)), .integer(3))], blob("v"))
        ),
        Frame(
            text: "*2\r\n|0\r\n:1\r\n|1\r\n:0\r\n:0\r\n*0\r\n",
            value: .array([
                .attributed([], .integer(1)), .attributed([RESPPair(.integer(0), .integer(0))], .array([])),
            ])
        ),
    ]

    static func decodeAll(_ bytes: [UInt8], pieces: Int) throws -> [RESPValue] {
        var decoder = RESPDecoder()
        var values: [RESPValue] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces)
            decoder.append(contentsOf: bytes[start..<end])
            while let value = try decoder.next() { values.append(value) }
            start = end
        }
        #expect(!decoder.isMidReply)
        return values
    }

    @Test("Each type is read as its value", arguments: frames)
    func types(_ frame: Frame) throws {
        #expect(try Self.decodeAll(Array(frame.text.utf8), pieces: .max / 2) == [frame.value])
    }

    @Test("A frame split at any byte is the same value, and no part of it is one", arguments: frames)
    func splits(_ frame: Frame) throws {
        let bytes = Array(frame.text.utf8)
        for cut in 1..<bytes.count {
            var decoder = RESPDecoder()
            decoder.append(contentsOf: bytes[..<cut])
            #expect(try decoder.next() == nil)
            #expect(decoder.isMidReply)
            decoder.append(contentsOf: bytes[cut...])
            #expect(try decoder.next() == frame.value)
            #expect(try decoder.next() == nil)
            #expect(!decoder.isMidReply)
        }
    }

    @Test("All frames in a row come out in order, whatever the size of the pieces", arguments: [1, 2, 3, 7, 64, 4_096])
    func pipelined(pieces: Int) throws {
        let bytes = Self.frames.flatMap { Array($0.text.utf8) }
        #expect(try Self.decodeAll(bytes, pieces: pieces) == Self.frames.map(\.value))
    }

    @Test("NaN is read")
    func nan() throws {
        let values = try Self.decodeAll(Array(",nan\r\n".utf8), pieces: 1)
        guard case .double(let number) = values.first else {
            Issue.record("no double")
            return
        }
        #expect(number.isNaN)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let text: String
        let reason: RESPError.Reason
        let offset: Int
        var testDescription: String { text.debugDescription }
    }

    static let faults: [Fault] = [
        Fault(text: "HTTP/1.1 400 Bad Request\r\n", reason: .unknownType(0x48), offset: 0),
        Fault(text: "\r\n", reason: .unknownType(0x0D), offset: 0),
        Fault(text: "+OK\r\n\u{0}", reason: .unknownType(0), offset: 5),
        Fault(text: "+OK\n", reason: .missingLineEnd, offset: 0),
        Fault(text: "+O\rK\r\n", reason: .missingLineEnd, offset: 0),
        Fault(text: "$1\r\nab\r\n", reason: .missingLineEnd, offset: 0),
        Fault(text: ":\r\n", reason: .malformed("integer"), offset: 0),
        Fault(text: ":1x\r\n", reason: .malformed("integer"), offset: 0),
        Fault(text: ":9223372036854775808\r\n", reason: .malformed("integer"), offset: 0),
        Fault(text: ",0x1p3\r\n", reason: .malformed("double"), offset: 0),
        Fault(text: ",infinity\r\n", reason: .malformed("double"), offset: 0),
        Fault(text: ",1e\r\n", reason: .malformed("double"), offset: 0),
        Fault(text: "#x\r\n", reason: .malformed("boolean"), offset: 0),
        Fault(text: "_x\r\n", reason: .malformed("null"), offset: 0),
        Fault(text: "(1.5\r\n", reason: .malformed("big number"), offset: 0),
        Fault(text: "=3\r\ntxt\r\n", reason: .malformed("verbatim string"), offset: 0),
        Fault(text: "*2\r\n:1\r\n$-2\r\n", reason: .malformed("string length"), offset: 8),
        Fault(text: "*-2\r\n", reason: .malformed("aggregate length"), offset: 0),
        Fault(text: "%-1\r\n", reason: .malformed("aggregate length"), offset: 0),
        Fault(text: "|?\r\n", reason: .malformed("aggregate length"), offset: 0),
        Fault(text: "%?\r\n:1\r\n.\r\n", reason: .malformed("map"), offset: 0),
        Fault(text: ".\r\n", reason: .misplaced(0x2E), offset: 0),
        Fault(text: "*1\r\n.\r\n", reason: .misplaced(0x2E), offset: 4),
        Fault(text: "*1\r\n>0\r\n", reason: .misplaced(0x3E), offset: 4),
        Fault(text: ";1\r\na\r\n", reason: .misplaced(0x3B), offset: 0),
        Fault(text: "$?\r\n:1\r\n", reason: .misplaced(0x3A), offset: 4),
        Fault(text: "*?\r\n|0\r\n.\r\n", reason: .danglingAttribute, offset: 4),
    ]

    @Test("What is not RESP is refused with its place, whole or byte by byte, and stays refused", arguments: faults)
    func malformed(_ fault: Fault) throws {
        let bytes = Array(fault.text.utf8)
        for pieces in [1, bytes.count] {
            let error = #expect(throws: RESPError.self) { try Self.decodeAll(bytes, pieces: pieces) }
            #expect(error?.reason == fault.reason)
            #expect(error?.offset == fault.offset)
            #expect(error?.code == .redisProtocol)
        }
        var decoder = RESPDecoder()
        decoder.append(contentsOf: bytes)
        #expect(throws: RESPError.self) { while try decoder.next() != nil {} }
        decoder.append(contentsOf: "+OK\r\n".utf8)
        #expect(throws: RESPError.self) { try decoder.next() }
    }

    struct Excess: Sendable, CustomTestStringConvertible {
        let text: String
        let limits: RESPLimits
        let name: String
        var testDescription: String { name }
    }

    static let excesses: [Excess] = [
        Excess(
            text: String(repeating: "*1\r\n", count: 4),
            limits: RESPLimits(depth: 3),
            name: "levels"
        ),
        Excess(text: "*5\r\n", limits: RESPLimits(elements: 4), name: "elements"),
        Excess(text: "*2\r\n*2\r\n:1\r\n:1\r\n*1\r\n", limits: RESPLimits(elements: 4), name: "elements"),
        Excess(text: "*?\r\n:1\r\n:1\r\n:1\r\n", limits: RESPLimits(elements: 2), name: "elements"),
        Excess(text: "*9223372036854775807\r\n", limits: RESPLimits(), name: "elements"),
        Excess(text: "%9223372036854775807\r\n", limits: RESPLimits(), name: "elements"),
        Excess(text: "$9\r\n", limits: RESPLimits(stringBytes: 8), name: "bytes in a string"),
        Excess(text: "$9223372036854775807\r\n", limits: RESPLimits(), name: "bytes in a string"),
        Excess(
            text: "$?\r\n;5\r\naaaaa\r\n;4\r\n",
            limits: RESPLimits(stringBytes: 8),
            name: "bytes in a string"
        ),
        Excess(text: "+123456789", limits: RESPLimits(lineBytes: 8), name: "bytes in a line"),
        Excess(text: "*2\r\n$9\r\n123456789\r\n$9\r\n", limits: RESPLimits(replyBytes: 24), name: "bytes in a reply"),
    ]

    @Test("What exceeds a limit is refused as soon as it is announced", arguments: excesses)
    func limits(_ excess: Excess) {
        var decoder = RESPDecoder(limits: excess.limits)
        decoder.append(contentsOf: excess.text.utf8)
        let error = #expect(throws: RESPError.self) { try decoder.next() }
        guard case .limit(excess.name, _)? = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Limits hold for each reply anew")
    func limitsStartAgain() throws {
        var decoder = RESPDecoder(limits: RESPLimits(elements: 2, replyBytes: 16))
        for _ in 0..<100 {
            decoder.append(contentsOf: "*2\r\n:1\r\n:2\r\n".utf8)
            #expect(try decoder.next() == .array([.integer(1), .integer(2)]))
        }
    }

    @Test("The offset counts from the start of the connection, also after the buffer was reclaimed")
    func offsetAfterMuch() throws {
        var decoder = RESPDecoder()
        let long = "$100000\r\n" + String(repeating: "x", count: 100_000) + "\r\n"
        for _ in 0..<5 {
            decoder.append(contentsOf: (long + "+O").utf8)
            #expect(try decoder.next() != nil)
            #expect(try decoder.next() == nil)
            decoder.append(contentsOf: "K\r\n".utf8)
            #expect(try decoder.next() == .simpleString(Array("OK".utf8)))
        }
        decoder.append(contentsOf: "?".utf8)
        let error = #expect(throws: RESPError.self) { try decoder.next() }
        #expect(error?.offset == 5 * (long.utf8.count + 5))
    }
}
