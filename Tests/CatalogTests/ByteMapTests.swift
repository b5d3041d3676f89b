import TestSupport
import Testing

@testable import Catalog

@Suite("A map by bytes")
struct ByteMapTests {
    @Test("holds what a dictionary holds, in the order of its keys, and leaves its copies as they were")
    func model() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var model: [String: Int] = [:]
        var map = ByteMap<Int>()
        var copies: [(map: ByteMap<Int>, model: [String: Int])] = []
        for step in 0..<20_000 {
            let key = String(random.next() % 3_000, radix: 7)
            let value = random.next() % 3 == 0 ? nil : step
            model[key] = value
            map[Array(key.utf8)] = value
            if step % 4_000 == 0 { copies.append((map, model)) }
        }
        for (map, model) in copies + [(map, model)] { expect(map, model, seed) }
        for key in model.keys { map[Array(key.utf8)] = nil }
        expect(map, [:], seed)
    }

    private func expect(_ map: ByteMap<Int>, _ model: [String: Int], _ seed: UInt64) {
        let keys = model.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(map.count == keys.count, "seed \(seed)")
        #expect(map.entries.map { String(decoding: $0.key, as: UTF8.self) } == keys, "seed \(seed)")
        #expect(Array(map.values) == keys.map { model[$0] }, "seed \(seed)")
        for key in ["", "0", "3", "33", "3z", "zz"] + keys.prefix(50) {
            let rest = keys.filter { key.utf8.lexicographicallyPrecedes($0.utf8) }
            #expect(Array(map.values(after: Array(key.utf8))) == rest.map { model[$0] }, "seed \(seed)")
            #expect(map[Array(key.utf8)] == model[key], "seed \(seed)")
        }
    }

    @Test("takes keys that come in order, the first one last, and the empty one")
    func order() {
        var (rising, falling) = (ByteMap<Int>(), ByteMap<Int>())
        for number in 0..<1_000 {
            rising[[UInt8(number >> 8), UInt8(number & 255)]] = number
            falling[[UInt8((999 - number) >> 8), UInt8((999 - number) & 255)]] = 999 - number
        }
        #expect(Array(rising.values) == Array(0..<1_000))
        #expect(Array(falling.values) == Array(0..<1_000))
        rising[[]] = -1
        #expect(rising[[]] == -1)
        #expect(Array(rising.values) == Array(-1..<1_000))
        #expect(Array(rising.values(after: [])) == Array(0..<1_000))
    }
}
