import LosslessJSON
import Testing

@Suite("Editing")
struct EditingTests {
    /// A text, what it is to mean, and the text that it becomes.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: String
        let meaning: String
        let after: String
    }

    static let changes = [
        Change(
            testDescription: "one value of a line",
            before: #"{"a": 1,"b":  2 , "c": [1,  2]}"#,
            meaning: #"{"a": 1, "b": 3, "c": [1, 2]}"#,
            after: #"{"a": 1,"b":  3 , "c": [1,  2]}"#
        ),
        Change(
            testDescription: "spellings that mean the same stay",
            before: #"{"n": 1.10, "e": 1e2, "s": "a\/b", "x": 1}"#,
            meaning: #"{"n": 1.1, "e": 100, "s": "a/b", "x": 2}"#,
            after: #"{"n": 1.10, "e": 1e2, "s": "a\/b", "x": 2}"#
        ),
        Change(
            testDescription: "a member more, at the end and as the others are written",
            before: "{\n    \"a\" : 1,\n    \"b\" : 2\n}\n",
            meaning: #"{"a": 1, "b": 2, "c": {"d": []}}"#,
            after: "{\n    \"a\" : 1,\n    \"b\" : 2,\n    \"c\" : {\n        \"d\" : []\n    }\n}\n"
        ),
        Change(
            testDescription: "a member less: the first, one between, the last",
            before: "{\r\n\t\"a\": 1,\r\n\t\"b\": 2,\r\n\t\"c\": 3,\r\n\t\"d\": 4,\r\n\t\"e\": 5\r\n}",
            meaning: #"{"b": 2, "d": 4}"#,
            after: "{\r\n\t\"b\": 2,\r\n\t\"d\": 4\r\n}"
        ),
        Change(testDescription: "the only member less", before: "{ \"a\": 1 }", meaning: "{}", after: "{}"),
        Change(
            testDescription: "all members are others",
            before: "{ \"a\": 1 }",
            meaning: #"{"b":2}"#,
            after: "{ \"b\": 2 }"
        ),
        Change(
            testDescription: "a member in an empty object",
            before: "{}",
            meaning: #"{"a":[1,2]}"#,
            after: #"{"a":[1,2]}"#
        ),
        Change(
            testDescription: "a member in an empty object of an indented text",
            before: "{\n  \"a\": {},\n  \"b\": 1\n}",
            meaning: #"{"a": {"c": 1}, "b": 1}"#,
            after: "{\n  \"a\": {\n    \"c\": 1\n  },\n  \"b\": 1\n}"
        ),
        Change(
            testDescription: "a member in a compact text",
            before: #"{"a":1,"b":[]}"#,
            meaning: #"{"a":1,"b":["x"],"c":{"d":1,"e":2}}"#,
            after: #"{"a":1,"b":["x"],"c":{"d":1,"e":2}}"#
        ),
        Change(
            testDescription: "an element more between others",
            before: "[\n  1,\n  2,\n  4\n]",
            meaning: "[1, 2, 3, 4]",
            after: "[\n  1,\n  2,\n  3,\n  4\n]"
        ),
        Change(
            testDescription: "elements less at both ends",
            before: "[1, 2, 3, 4]",
            meaning: "[2, 3]",
            after: "[2, 3]"
        ),
        Change(
            testDescription: "an element more in front",
            before: "[ 2, 3 ]",
            meaning: "[1, 2, 3]",
            after: "[ 1, 2, 3 ]"
        ),
        Change(
            testDescription: "arrays in arrays",
            before: "[[1, 2], [3, [4, 5]], []]",
            meaning: "[[1, 2], [3, [4, 6]], [7]]",
            after: "[[1, 2], [3, [4, 6]], [7]]"
        ),
        Change(
            testDescription: "a byte order mark and what is around stay",
            before: "\u{FEFF} {\"a\":\t1}\r\n",
            meaning: #"{"a": true}"#,
            after: "\u{FEFF} {\"a\":\ttrue}\r\n"
        ),
        Change(
            testDescription: "another kind of value",
            before: "{\n  \"a\": 1\n}",
            meaning: #"{"a": {"b": [1]}}"#,
            after: "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}"
        ),
    ]

    @Test("A change touches the bytes of what changes", arguments: changes)
    func minimal(_ change: Change) throws {
        let bytes = Array(change.before.utf8)
        let old = try JSONDocument(tolerant: bytes)
        let new = try JSONDocument(strict: Array(change.meaning.utf8))
        var plan = JSONPatchPlan()
        plan.change(old.root, to: new.root)
        let after = try #require(BytePatch.apply(plan.patches(), to: bytes))
        #expect(String(decoding: after, as: UTF8.self) == change.after)
        #expect(try JSONDocument(tolerant: after).root.canonical == new.root.canonical)
    }

    static let seeds = Array(UInt64(1)...24)

    @Test("Any value becomes any other, and every byte outside of the patches stays", arguments: seeds)
    func anyChange(seed: UInt64) throws {
        var source = PropertyTests.Source(seed: seed)
        for _ in 0..<40 {
            let text = source.space() + source.value(depth: 4) + source.space()
            let old = try JSONDocument(strict: Array(text.utf8))
            let wanted = source.number(0...2) == 0 ? source.value(depth: 4) : Self.varied(old.root, &source)
            let new = try JSONDocument(strict: Array(wanted.utf8))
            var plan = JSONPatchPlan()
            plan.change(old.root, to: new.root)
            let patches = plan.patches()
            let after = try #require(BytePatch.apply(patches, to: old.bytes))
            #expect(try JSONDocument(strict: after).root.canonical == new.root.canonical, "\(text) → \(wanted)")
            #expect(Self.untouched(Array(old.bytes), patches) == Self.kept(after, patches), "\(text) → \(wanted)")
            if old.root.means(new.root) { #expect(patches.isEmpty) }
        }
    }

    /// A value with some of its scalars, members and elements changed.
    private static func varied(_ value: JSONValue, _ source: inout PropertyTests.Source) -> String {
        if source.number(0...9) == 0 { return source.value(depth: 1) }
        switch value.kind {
        case .object:
            var members: [String] = []
            for member in value.members where source.number(0...6) > 0 {
                let name = String(decoding: member.key.rawText, as: UTF8.self)
                members.append(name + ":" + varied(member.value, &source))
            }
            if source.number(0...3) == 0 { members.append(source.string() + ": " + source.value(depth: 2)) }
            return "{" + members.joined(separator: ", ") + "}"
        case .array:
            var elements: [String] = []
            for element in value.elements {
                if source.number(0...6) > 0 { elements.append(varied(element, &source)) }
                if source.number(0...6) == 0 { elements.append(source.value(depth: 1)) }
            }
            return "[" + elements.joined(separator: ",") + "]"
        default: return String(decoding: value.rawText, as: UTF8.self)
        }
    }

    /// The bytes that no patch replaces.
    private static func untouched(_ bytes: [UInt8], _ patches: [BytePatch]) -> [UInt8] {
        var (result, position): ([UInt8], Int) = ([], 0)
        for patch in patches {
            result += bytes[position..<patch.offset]
            position = patch.offset + patch.length
        }
        return result + bytes[position...]
    }

    /// The bytes of the result that no patch put there.
    private static func kept(_ bytes: [UInt8], _ patches: [BytePatch]) -> [UInt8] {
        var (result, position, shift): ([UInt8], Int, Int) = ([], 0, 0)
        for patch in patches {
            result += bytes[position..<patch.offset + shift]
            position = patch.offset + shift + patch.replacement.count
            shift += patch.replacement.count - patch.length
        }
        return result + bytes[position...]
    }

    @Test("Laid out it is one text for all spellings of white space and order, and means the same", arguments: seeds)
    func laidOut(seed: UInt64) throws {
        var source = PropertyTests.Source(seed: seed)
        for _ in 0..<20 {
            let root = try JSONDocument(strict: Array(source.value(depth: 4).utf8)).root
            let again = try JSONDocument(strict: root.laidOut).root
            #expect(again.canonical == root.canonical)
            #expect(again.laidOut == root.laidOut)
        }
    }
}
