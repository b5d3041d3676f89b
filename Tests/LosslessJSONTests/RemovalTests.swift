import LosslessJSON
import Testing

@Suite("Removing from streams")
struct RemovalTests {
    /// A text in which values to remove stand between `«` and `»`, or `<` and `>` for top-level ones.
    struct Case: Sendable, CustomTestStringConvertible {
        let marked: String
        let after: String
        var testDescription: String { marked.debugDescription }
    }

    static let cases = [
        Case(marked: "[1, «2», 3]", after: "[1, 3]"),
        Case(marked: "[«1», 2, 3]", after: "[2, 3]"),
        Case(marked: "[\n  1,\n  «2»\n]\n", after: "[\n  1\n]\n"),
        Case(marked: "[\n  «1»,\n  «2»\n]\n", after: "[]\n"),
        Case(marked: "[«1», «2», 3, «4», «5», 6, «7»]", after: "[3, 6]"),
        Case(marked: #"{"a": 1, "b": «{"x": ["]"]}», "c": 2}"#, after: #"{"a": 1, "c": 2}"#),
        Case(marked: #"{"a": «1», "b": «2», "c": 2}"#, after: #"{"c": 2}"#),
        Case(marked: #"{"a": [«1»], "b": [«2», 3]}"#, after: #"{"a": [], "b": [3]}"#),
        Case(marked: #"{"q": "a\"],", "b": «"x"», "d": "\\"}"#, after: #"{"q": "a\"],", "d": "\\"}"#),
        Case(marked: #"{"a": "torn"# + "\n" + #"{"b": [«1», 2]}"#, after: #"{"a": "torn"# + "\n" + #"{"b": [2]}"#),
        Case(marked: "{\"a\":1}\n<{\"a\":2}>\n{\"a\":3}\n", after: "{\"a\":1}\n{\"a\":3}\n"),
        Case(marked: "<{\"a\":1}>\r\n<{\"a\":2}>\r\n{\"a\":3}", after: "{\"a\":3}"),
        Case(marked: "{\"a\":1}\r\n<{\"a\":2}>\r\n<{\"a\":3}>", after: "{\"a\":1}"),
        Case(marked: "{\"a\":1}\n<{\"a\":2}>", after: "{\"a\":1}"),
        Case(marked: "<{\"a\":1}>\n", after: ""),
        Case(marked: "<{\"a\":1}>", after: ""),
        Case(marked: "{\"a\":1}<{\"a\":2}>{\"a\":3}\n", after: "{\"a\":1}{\"a\":3}\n"),
        Case(marked: "<{\"a\":1}>{\"a\":2}\n", after: "{\"a\":2}\n"),
        Case(marked: "{\"a\":1}\n<{\"a\":2}>\n<{\"a\":3}> {\"a\":4}\n", after: "{\"a\":1}\n {\"a\":4}\n"),
        Case(marked: "{\"a\":1}\n\n  <{\n \"a\": 2\n}>  \n\n{\"a\":3}\n", after: "{\"a\":1}\n\n\n{\"a\":3}\n"),
    ]

    @Test("Commas, names and line ends go along, in pieces of any size", arguments: cases, [1, 3, 1 << 20])
    func removal(_ example: Case, size: Int) throws {
        var (bytes, removals, starts): ([UInt8], [JSONRemoval], [Int]) = ([], [], [])
        for character in example.marked {
            switch character {
            case "«", "<": starts.append(bytes.count)
            case "»", ">":
                let span = ByteSpan(start: starts.removeLast(), end: bytes.count)
                removals.append(JSONRemoval(span: span, isTopLevel: character == ">"))
            default: bytes += Array(String(character).utf8)
            }
        }
        var scanner = JSONRemovalScanner(removals)
        for start in stride(from: 0, to: bytes.count, by: size) {
            scanner.feed(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        let found = scanner.finish()
        let patches = try #require(found)
        let after = try #require(BytePatch.apply(patches, to: bytes))
        #expect(String(decoding: after, as: UTF8.self) == example.after)
    }

    @Test("A value that stands in no container is not removed as if it did")
    func astray() {
        var scanner = JSONRemovalScanner([JSONRemoval(span: ByteSpan(start: 0, end: 1), isTopLevel: false)])
        scanner.feed(Array("1".utf8))
        let found = scanner.finish()
        #expect(found == nil)
    }

    @Test("Any children of any container can go: what is left is the value without them", arguments: EditingTests.seeds)
    func anyRemoval(seed: UInt64) throws {
        var source = PropertyTests.Source(seed: seed)
        for _ in 0..<40 {
            let document = try JSONDocument(strict: Array(("[" + source.value(depth: 4) + "]").utf8))
            var (plan, removals): (JSONPatchPlan, [JSONRemoval]) = (JSONPatchPlan(), [])
            Self.choose(document.root, &source, &plan, &removals)
            var scanner = JSONRemovalScanner(removals)
            scanner.feed(Array(document.bytes))
            let found = scanner.finish()
            let scanned = try #require(found)
            let expected = try #require(BytePatch.apply(plan.patches(), to: document.bytes))
            let after = try #require(BytePatch.apply(scanned, to: document.bytes))
            #expect(try JSONDocument(strict: after).root.canonical == JSONDocument(strict: expected).root.canonical)
        }
    }

    private static func choose(
        _ value: JSONValue,
        _ source: inout PropertyTests.Source,
        _ plan: inout JSONPatchPlan,
        _ removals: inout [JSONRemoval]
    ) {
        let children = value.members.map(\.value) + Array(value.elements)
        for (number, child) in children.enumerated() {
            if source.number(0...3) == 0 {
                plan.remove(child: number, of: value)
                removals.append(JSONRemoval(span: child.span, isTopLevel: false))
            } else {
                choose(child, &source, &plan, &removals)
            }
        }
    }
}
