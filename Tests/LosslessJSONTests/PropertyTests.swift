import TestSupport
import Testing

@testable import LosslessJSON

@Suite("Random texts")
struct PropertyTests {
    static let seeds = Array(UInt64(1)...24)

    /// Random JSON, written in random ways, with what it means.
    struct Source {
        var generator: SeededGenerator

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
        }

        mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

        mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

        mutating func space() -> String { pick(["", "", "", " ", "\n", "\t", "\r\n", "          ", "\n    "]) }

        mutating func string() -> String {
            let parts = (0..<number(0...6)).map { _ in
                pick([
                    "a", "longer plain text without anything", "é", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041",
                    "\\ud83d\\ude00", "\\ud800", "\\udc00", "\\u0000", "~", "/", "\u{7F}", "{", "]", ",", "\u{2028}",
                ])
            }
            return "\"" + parts.joined() + "\""
        }

        mutating func numeral() -> String {
            pick(["", "-"]) + pick(["0", "1", "42", "900", "12345678901234567890"])
                + pick(["", "", ".0", ".50", ".00123"])
                + pick(["", "", "e0", "E+2", "e-3", "e400", "e123456789012345678901"])
        }

        /// A value as text; `depth` is how many levels may follow.
        mutating func value(depth: Int) -> String {
            switch number(0...(depth > 0 ? 9 : 5)) {
            case 0: return pick(["true", "false", "null"])
            case 1, 2: return string()
            case 3, 4, 5: return numeral()
            case 6, 7:
                let elements = (0..<number(0...5)).map { _ in space() + value(depth: depth - 1) + space() }
                return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
            default:
                let members = (0..<number(0...5)).map { _ in
                    space() + string() + space() + ":" + space() + value(depth: depth - 1) + space()
                }
                return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
            }
        }
    }

    @Test("are read whole, part by part and in any pieces as the same", arguments: seeds)
    func reading(seed: UInt64) throws {
        var source = Source(seed: seed)
        for _ in 0..<40 {
            let values = (0..<source.number(1...4)).map { _ in "[" + source.value(depth: 4) + "]" }
            let bytes = Array(values.joined(separator: source.pick(["\n", "", " ", "\r\n\n"])).utf8)
            let selectors = try [.root, RecordSelector(pointer: "/*"), RecordSelector(pointer: "/0/*/0")]
            let whole = try scan(bytes, selectors: selectors)
            #expect(whole.count { !$0.isRecord } == values.count)
            #expect(whole.allSatisfy { $0.error == nil })
            #expect(try scan(bytes, selectors: selectors) { 1 } == whole)
            var sizes = SeededGenerator(seed: seed)
            #expect(try scan(bytes, selectors: selectors) { Int.random(in: 1...40, using: &sizes) } == whole)
            for case .record(_, _, _, let span, let record?, let kind, _) in whole {
                #expect(record.elementsEqual(bytes[span.start..<span.end]))
                let document = try JSONDocument(tolerant: record, base: span.start)
                #expect(document.root.span == span && document.root.kind == kind)
            }
        }
    }

    @Test("a record that comes read is what reading it anew gives, in any pieces", arguments: seeds)
    func readRecords(seed: UInt64) throws {
        var source = Source(seed: seed)
        var sizes = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let values = (0..<source.number(1...4)).map { _ in "[" + source.value(depth: 4) + "]" }
            let bytes = Array(values.joined(separator: source.pick(["\n", "", " "])).utf8)
            let selectors = try [
                [.root], [RecordSelector(pointer: "/*")], [.root, RecordSelector(pointer: "/*/*")],
                [RecordSelector(pointer: "/0/0"), RecordSelector(pointer: "/0")],
            ]
            let chosen = source.pick(selectors)
            let found = try records(bytes, selectors: chosen) { Int.random(in: 1...40, using: &sizes) }
            for record in found {
                let anew = try JSONDocument(tolerant: #require(record.bytes), base: record.span.start)
                let isContainer = anew.root.kind == .object || anew.root.kind == .array
                let holdsOthers = found.contains {
                    $0.span != record.span && $0.span.start >= record.span.start && $0.span.end <= record.span.end
                        && [Ascii.openBrace, Ascii.openBracket].contains(bytes[$0.span.start])
                }
                #expect((record.read != nil) == (isContainer && !holdsOthers))
                guard let read = record.read else { continue }
                #expect(read == anew)
                #expect(parts(of: read) == parts(of: anew))
                #expect(read.root.span == record.span)
            }
        }
    }

    @Test("what comes read of a broken text could be read anew", arguments: seeds)
    func readRecordsOfBrokenTexts(seed: UInt64) throws {
        var source = Source(seed: seed)
        var sizes = SeededGenerator(seed: seed)
        let limits = JSONLimits(maximumDepth: 4)
        let selectors = try [RecordSelector(pointer: "/*"), RecordSelector(pointer: "/*/0")]
        for _ in 0..<60 {
            var bytes = Array(("[" + source.value(depth: 5) + "," + source.value(depth: 3) + "]").utf8)
            for _ in 0..<source.number(1...3) {
                let place = source.number(0...bytes.count - 1)
                bytes[place] = source.pick([0xFF, 0xC3, 0x00, 0x22, 0x5C, 0x7D, 0x5B, 0x2C])
            }
            let found = try records(bytes, selectors: selectors, limits: limits) {
                Int.random(in: 1...9, using: &sizes)
            }
            let atOnce = try records(bytes, selectors: selectors, limits: limits)
            #expect(found.map(\.read) == atOnce.map(\.read))
            for case (let span, let text?, let read?) in found {
                let anew = try JSONDocument(tolerant: text, base: span.start, limits: limits)
                #expect(parts(of: read) == parts(of: anew))
            }
        }
    }

    @Test("a record's pointer leads to the record in its document", arguments: seeds)
    func pointers(seed: UInt64) throws {
        var source = Source(seed: seed)
        for _ in 0..<40 {
            let bytes = Array(source.value(depth: 4).utf8)
            let root = try JSONDocument(strict: bytes).root
            let selectors = try ["/*", "/*/*", "/*/0", "/0/*/*"].map { try RecordSelector(pointer: $0) }
            for case .record(_, _, let pointer, let span, _, _, _) in try scan(bytes, selectors: selectors) {
                // A lone surrogate is not in the pointer, and a duplicate is not where the pointer leads.
                guard !pointer.contains("\\u"), let found = root.value(at: pointer) else { continue }
                #expect(found.span.start >= span.start)
                if JSONDocument.hasNoDuplicates(bytes) { #expect(found.span == span) }
            }
        }
    }

    @Test("selectors choose what a walk over the document finds, whatever goes on beside it", arguments: seeds)
    func selection(seed: UInt64) throws {
        var source = Source(seed: seed)
        let patterns = ["", "/*", "/0", "/*/0/*", "/1/*/0/*", "/*/*/*"]
        for _ in 0..<40 {
            let bytes = Array(source.value(depth: 5).utf8)
            let root = try JSONDocument(strict: bytes).root
            let chosen = patterns.filter { _ in source.number(0...2) > 0 }
            let selectors = try chosen.map { try RecordSelector(pointer: $0) }
            var found = Set<String>()
            for case .record(let selector, _, _, let span, _, _, _) in try scan(bytes, selectors: selectors) {
                found.insert("\(chosen[selector]) \(span)")
            }
            let expected = chosen.flatMap { pattern in
                Self.children(of: root, pattern.split(separator: "/")[...]).map { "\(pattern) \($0.span)" }
            }
            #expect(found == Set(expected))
        }
    }

    /// The values that a pattern leads to; every member of a name, as a scanner meets them.
    private static func children(of value: JSONValue, _ pattern: ArraySlice<Substring>) -> [JSONValue] {
        guard let first = pattern.first else { return [value] }
        let rest = pattern.dropFirst()
        let members = value.members.filter { first == "*" || $0.key.unescaped.elementsEqual(first.utf8) }
        let elements = value.elements.enumerated().filter { first == "*" || String($0.offset) == first }
        return members.flatMap { children(of: $0.value, rest) } + elements.flatMap { children(of: $0.element, rest) }
    }

    @Test("the tape agrees with the text: parts joined again are the value", arguments: seeds)
    func rebuilding(seed: UInt64) throws {
        var source = Source(seed: seed)
        for _ in 0..<40 {
            let root = try JSONDocument(strict: Array((source.space() + source.value(depth: 5)).utf8)).root
            let again = try JSONDocument(strict: Self.compact(root)).root
            #expect(again.canonical == root.canonical)
            #expect(Self.compact(again) == Self.compact(root))
        }
    }

    /// A value's text without white space, put together from its parts.
    private static func compact(_ value: JSONValue) -> [UInt8] {
        switch value.kind {
        case .object:
            let members = value.members.map { Array($0.key.rawText) + [0x3A] + compact($0.value) }
            #expect(members.count == value.count)
            return [0x7B] + Array(members.joined(separator: [0x2C])) + [0x7D]
        case .array:
            let elements = value.elements.map { compact($0) }
            #expect(elements.count == value.count)
            return [0x5B] + Array(elements.joined(separator: [0x2C])) + [0x5D]
        default: return Array(value.rawText)
        }
    }

    @Test("the canonical form is its own, and is equal when members are shuffled", arguments: seeds)
    func canonical(seed: UInt64) throws {
        var source = Source(seed: seed)
        for _ in 0..<40 {
            let root = try JSONDocument(strict: Array(source.value(depth: 5).utf8)).root
            let canonical = root.canonical
            #expect(try JSONDocument(strict: canonical).root.canonical == canonical)
            let shuffled = Self.shuffled(root, using: &source.generator)
            #expect(try JSONDocument(strict: shuffled).root.canonical == canonical)
        }
    }

    /// The value with the members of each object in another order, but duplicates in theirs.
    private static func shuffled(_ value: JSONValue, using generator: inout SeededGenerator) -> [UInt8] {
        if value.kind == .array {
            var elements: [[UInt8]] = []
            for element in value.elements { elements.append(shuffled(element, using: &generator)) }
            return [0x5B] + Array(elements.joined(separator: [0x2C])) + [0x5D]
        }
        guard value.kind == .object else { return Array(value.rawText) }
        var groups: [[UInt8]: [[UInt8]]] = [:]
        for (key, member) in value.members {
            let text = Array(key.rawText) + [0x3A] + shuffled(member, using: &generator)
            groups[key.unescaped, default: []].append(text)
        }
        let members = groups.values.sorted { $0[0].lexicographicallyPrecedes($1[0]) }.shuffled(using: &generator)
        return [0x7B] + Array(members.flatMap { $0 }.joined(separator: [0x2C])) + [0x7D]
    }

    @Test("changed at random never trap, stay covered, and read the same in any pieces", arguments: seeds)
    func mutations(seed: UInt64) throws {
        var source = Source(seed: seed)
        for _ in 0..<60 {
            let lines = (0..<source.number(1...5)).map { _ in source.value(depth: 3) }
            var bytes = Array(lines.joined(separator: "\n").utf8)
            for _ in 0..<source.number(1...4) { Self.mutate(&bytes, &source) }
            let whole = try scan(bytes, selectors: [.root])
            var sizes = SeededGenerator(seed: seed)
            let cut = try scan(bytes, selectors: [.root]) { Int.random(in: 1...20, using: &sizes) }
            #expect(whole == cut, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(Self.isCovered(bytes, by: whole), "\(String(decoding: bytes, as: UTF8.self))")
            Self.checkStrict(bytes)
            if let proposal = JSONRepair.proposal(for: bytes) {
                let repaired = try #require(proposal.apply(to: bytes))
                #expect(throws: Never.self) { try JSONDocument(tolerant: repaired) }
            }
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ source: inout Source) {
        guard !bytes.isEmpty else { return }
        let place = source.number(0...bytes.count - 1)
        switch source.number(0...4) {
        case 0: bytes[place] = UInt8(source.number(0...255))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(source.pick(Array("{}[]\",:\n\\ 0-tea".utf8)), at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + source.number(0...30)))
        default: bytes.insert(contentsOf: bytes[place...].prefix(source.number(0...30)), at: 0)
        }
    }

    private static func isCovered(_ bytes: [UInt8], by items: [ScanItem]) -> Bool {
        var position = 0
        let isBlank: (UInt8) -> Bool = { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
        for item in items where !item.isRecord {
            guard item.span.start >= position, bytes[position..<item.span.start].allSatisfy(isBlank) else {
                return false
            }
            position = item.span.end
        }
        return bytes[position...].allSatisfy(isBlank)
    }

    /// What the strict reader accepts, the scanner takes for one value, read either way.
    private static func checkStrict(_ bytes: [UInt8]) {
        guard (try? JSONDocument(strict: bytes)) != nil else { return }
        for tolerance in [JSONTolerance.strict, .tolerant] {
            let items = try? scan(bytes, tolerance: tolerance)
            #expect(items?.count == 1 && items?.first?.error == nil)
        }
    }
}

extension JSONDocument {
    static func hasNoDuplicates(_ bytes: [UInt8]) -> Bool {
        (try? JSONDocument(strict: bytes).duplicateKeys.isEmpty) ?? false
    }
}
