import RESP
import TestSupport
import Testing

@Suite("RESP, generated")
struct RESPFuzzTests {
    static func randomBytes(_ numbers: inout SeededGenerator, upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &numbers)).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    }

    static func randomLine(_ numbers: inout SeededGenerator) -> [UInt8] {
        randomBytes(&numbers, upTo: 12).filter { $0 != 0x0D && $0 != 0x0A }
    }

    static func randomValue(_ numbers: inout SeededGenerator, depth: Int = 0) -> RESPValue {
        func list(_ numbers: inout SeededGenerator) -> [RESPValue] {
            (0..<Int.random(in: 0...4, using: &numbers)).map { _ in randomValue(&numbers, depth: depth + 1) }
        }
        func pairs(_ numbers: inout SeededGenerator) -> [RESPPair] {
            (0..<Int.random(in: 0...3, using: &numbers)).map { _ in
                RESPPair(randomValue(&numbers, depth: depth + 1), randomValue(&numbers, depth: depth + 1))
            }
        }
        switch Int.random(in: 0...(depth < 4 ? 13 : 8), using: &numbers) {
        case 0: return .simpleString(randomLine(&numbers))
        case 1: return .blobString(randomBytes(&numbers, upTo: 60))
        case 2: return .error(randomBytes(&numbers, upTo: 20))
        case 3: return .integer(Int64.random(in: .min ... .max, using: &numbers))
        case 4: return .double(Double(bitPattern: UInt64.random(in: 0...0x7FEF_FFFF_FFFF_FFFF, using: &numbers)))
        case 5: return .boolean(Bool.random(using: &numbers))
        case 6: return .bigNumber(Array("-1234567890123456789012345678901234567890".utf8))
        case 7: return .verbatim(format: Array("mkd".utf8), randomBytes(&numbers, upTo: 20))
        case 8: return .null
        case 9, 10: return .array(list(&numbers))
        case 11: return .set(list(&numbers))
        case 12: return .map(pairs(&numbers))
        default: return .attributed(pairs(&numbers), randomValue(&numbers, depth: depth + 1))
        }
    }

    @Test("Any value comes back, split at every byte, and a part of it is never a value", arguments: 1...40)
    func roundTrip(seed: UInt64) throws {
        var numbers = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let value = Self.randomValue(&numbers)
            var bytes: [UInt8] = []
            value.encode(into: &bytes)
            var whole = RESPDecoder()
            whole.append(contentsOf: bytes)
            #expect(try whole.next() == value)
            #expect(!whole.isMidReply)
            for cut in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 200)) {
                var decoder = RESPDecoder()
                decoder.append(contentsOf: bytes[..<cut])
                #expect(try decoder.next() == nil, "seed \(seed), cut at \(cut)")
                decoder.append(contentsOf: bytes[cut...])
                #expect(try decoder.next() == value, "seed \(seed), cut at \(cut)")
            }
        }
    }

    @Test("Garbage gives an error, values or nothing, the same whatever the pieces", arguments: 1...40)
    func garbage(seed: UInt64) {
        var numbers = SeededGenerator(seed: seed &* 7_919)
        let alphabet = Array("+-:,#(_$!=;*%~>|.?0123456789\r\n\r\n\r\ntf".utf8)
        for _ in 0..<100 {
            let bytes = (0..<Int.random(in: 1...80, using: &numbers)).map { _ in
                Int.random(in: 0...20, using: &numbers) == 0
                    ? UInt8.random(in: 0...255, using: &numbers)
                    : alphabet[Int.random(in: 0..<alphabet.count, using: &numbers)]
            }
            #expect(Self.outcome(bytes, pieces: 1) == Self.outcome(bytes, pieces: bytes.count), "seed \(seed)")
        }
    }

    @Test("A value with one byte changed never crashes the decoder", arguments: 1...20)
    func mutations(seed: UInt64) {
        var numbers = SeededGenerator(seed: seed &* 104_729)
        for _ in 0..<50 {
            var bytes: [UInt8] = []
            Self.randomValue(&numbers).encode(into: &bytes)
            bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            #expect(Self.outcome(bytes, pieces: 1) == Self.outcome(bytes, pieces: bytes.count), "seed \(seed)")
        }
    }

    @Test("A long reply in single bytes takes time in proportion to its length")
    func linear() throws {
        // 300,000 pieces; a decoder that began anew with each would need 10^11 steps.
        let count = 30_000
        var decoder = RESPDecoder()
        var value: RESPValue?
        decoder.append(contentsOf: "*\(count)\r\n".utf8)
        for _ in 0..<count {
            for byte in "$4\r\nabcd\r\n".utf8 {
                decoder.append(contentsOf: CollectionOfOne(byte))
                value = try decoder.next()
            }
        }
        #expect(value?.elements?.count == count)
    }

    /// What a decoder makes of the bytes, as text so that NaN equals itself.
    static func outcome(_ bytes: [UInt8], pieces: Int) -> [String] {
        var decoder = RESPDecoder()
        var results: [String] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces)
            decoder.append(contentsOf: bytes[start..<end])
            do {
                while let value = try decoder.next() { results.append("\(value)") }
            } catch {
                return results + ["\(error)"]
            }
            start = end
        }
        return results + [decoder.isMidReply ? "unfinished" : "finished"]
    }
}
