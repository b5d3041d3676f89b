import LosslessJSON
import TestSupport
import Testing

/// The files of a real coordination tree, counted by an independent reader (Python's `raw_decode`, value after value).
@Suite("A real tree", .enabled(if: SharedFiles.tree != nil, "the fixture cortex-tree is missing"))
struct TreeTests {
    enum Class: Hashable {
        case empty, whitespace, single, several, invalid
    }

    private let folder = SharedFiles.tree ?? ""

    private func names() throws -> [String] {
        try SharedFiles.files(in: folder).filter { path in
            let name = path.split(separator: "/").last ?? ""
            return name.contains(".json") && !name.hasSuffix(".gz")
        }
    }

    private func classify(_ items: [ScanItem], size: Int) -> Class {
        if size == 0 { return .empty }
        if items.isEmpty { return .whitespace }
        if items.contains(where: { $0.error != nil }) { return .invalid }
        return items.count == 1 ? .single : .several
    }

    @Test("has 353 files of one value, 13 of several, 17 invalid, 17 of white space and 10 empty ones")
    func classifies() throws {
        var classes: [Class: [String]] = [:]
        for name in try names() {
            let bytes = try SharedFiles.bytes("\(folder)/\(name)")
            let items = try scan(bytes)
            #expect(!items.contains { if case .text = $0 { true } else { false } }, "\(name)")
            classes[classify(items, size: bytes.count), default: []].append(name)
        }
        #expect(classes.mapValues(\.count) == [.single: 353, .several: 13, .invalid: 17, .whitespace: 17, .empty: 10])
        let invalid = classes[.invalid] ?? []
        #expect(invalid.count { $0.contains("/worker-specs/active/") } == 15)
        let handoffs = invalid.filter { $0.contains("/handoffs/") }.map { $0.split(separator: "/").last ?? "" }
        #expect(handoffs == ["to-development-task-006.json.processed", "to-security-task-1762342905.json.processed"])
    }

    @Test("an invalid file is one stretch from its first byte to its last")
    func invalidWhole() throws {
        for name in try names() {
            let bytes = try SharedFiles.bytes("\(folder)/\(name)")
            let items = try scan(bytes)
            guard items.contains(where: { $0.error != nil }) else { continue }
            let content = bytes.lastIndex { $0 != 0x0A }.map { $0 + 1 } ?? 0
            #expect(items.map(\.span) == [ByteSpan(start: 0, end: content)], "\(name)")
        }
    }

    @Test("16 of the 17 invalid files have a mechanical repair, and it parses strictly")
    func proposals() throws {
        var rules: [String: Int] = [:]
        for name in try names() {
            let bytes = try SharedFiles.bytes("\(folder)/\(name)")
            guard try scan(bytes).contains(where: { $0.error != nil }) else { continue }
            let proposal = JSONRepair.proposal(for: bytes)
            rules[proposal?.rule ?? "none", default: 0] += 1
            guard let proposal else { continue }
            let repaired = try #require(proposal.apply(to: bytes))
            _ = try JSONDocument(strict: repaired)
            let added = proposal.patches.reduce(0) { $0 + $1.replacement.count - $1.length }
            #expect(repaired.count == bytes.count + added)
        }
        #expect(rules == ["missing-value": 15, "bare-word": 1, "none": 1])
    }

    @Test("reads the same in pieces of any size")
    func pieces() throws {
        for name in try names() {
            let bytes = try SharedFiles.bytes("\(folder)/\(name)")
            let whole = try scan(bytes, selectors: [.root])
            var generator = SeededGenerator(seed: UInt64(bytes.count))
            let cut = try scan(bytes, selectors: [.root]) { Int.random(in: 1...300, using: &generator) }
            #expect(whole == cut, "\(name)")
        }
    }

    @Test("every record reads as a document with the same span")
    func documents() throws {
        var count = 0
        for name in try names() {
            for item in try scan(try SharedFiles.bytes("\(folder)/\(name)"), selectors: [.root]) {
                guard case .record(_, _, _, let span, let bytes?, let kind, _) = item else { continue }
                let document = try JSONDocument(tolerant: bytes, base: span.start)
                #expect(document.root.span == span)
                #expect(document.root.kind == kind)
                count += 1
            }
        }
        #expect(count == 353 + 2_912)
    }
}
