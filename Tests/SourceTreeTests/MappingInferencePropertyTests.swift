import Domain
import Testing

@testable import SourceTree

@Suite("Drafts for trees made at random")
struct MappingInferencePropertyTests {
    @Test(
        "are valid, take every readable file, count what extraction reads, and identify every live record",
        arguments: 1...60
    )
    func holds(seed: Int) throws {
        let tree = RandomTree(seed: UInt64(seed))
        try TreeScratch.use { scratch in
            for file in tree.files {
                var folder = ""
                for part in file.path.split(separator: "/").dropLast() {
                    folder += (folder.isEmpty ? "" : "/") + part
                    if !(try scratch.exists(folder)) { try scratch.directory(folder) }
                }
                try scratch.file(file.path, file.text)
            }
            let inference = try MappingInference(root: SourceRoot(validating: scratch.path))
            let draft = try inference.draft()
            #expect(try inference.draft().yaml == draft.yaml)
            let extractor = RecordExtractor(mapping: try Mapping(yaml: Array(draft.yaml.utf8), file: "draft"))
            try check(draft, extractor: extractor, tree: tree)
        }
    }

    private func check(_ draft: MappingDraft, extractor: RecordExtractor, tree: RandomTree) throws {
        var counts: [String: Int] = [:]
        var live: Set<String> = []
        let unmapped = Set(draft.unmapped.map(\.path))
        for file in tree.files {
            let extracted = try extractor.extracted(file.path, file.text)
            if file.isReadable {
                #expect(extracted.reading.rule != nil, "\(file.path)\n\(draft.yaml)")
                #expect(!unmapped.contains(Array(file.path.utf8)))
            }
            for record in extracted.records where record.disposition == .candidate {
                counts["\(extracted.reading.rule ?? "") \(record.kind)", default: 0] += 1
                guard record.sourceRank == 0 else { continue }
                let id = "\(record.kind) \(record.naturalID ?? "")"
                #expect(live.insert(id).inserted, "\(id) twice\n\(draft.yaml)")
            }
        }
        var drafted: [String: Int] = [:]
        for rule in draft.rules { drafted["\(rule.name) \(rule.kind)", default: 0] += rule.records }
        #expect(drafted.filter { $0.value > 0 } == counts, "\(draft.yaml)")
    }
}

/// Files of random names with random contents of the forms that exports have.
private struct RandomTree {
    struct File {
        let path: String
        let text: String
        /// Whether it holds JSON from its first byte to its last.
        let isReadable: Bool
    }

    private(set) var files: [File] = []
    private var numbers: Numbers

    init(seed: UInt64) {
        numbers = Numbers(seed: seed)
        var paths: Set<String> = []
        for _ in 0..<(3 + numbers.next(40)) {
            let depth = numbers.next(3)
            let folder = (0..<depth).map { _ in numbers.pick(Self.folders) }
            let (name, text, isReadable) = file()
            let path = (folder + [name]).joined(separator: "/")
            // A file and a folder cannot have one name.
            guard !path.hasPrefix("x/"), paths.insert(path).inserted else { continue }
            files.append(File(path: path, text: text, isReadable: isReadable))
        }
        files.append(File(path: "x/always.json", text: #"{"id": 1}"#, isReadable: true))
    }

    private static let folders = ["a", "tickets", "users", "backup", "2024", "2025", "we*ird", "new\nline", "archive"]
    private static let stems = [
        "a", "index", "ticket-1", "ticket-2", "ticket-3", "list", "2024-01-01", "x{y}", "ada", "bob",
    ]

    private mutating func file() -> (name: String, text: String, isReadable: Bool) {
        let stem = numbers.pick(Self.stems)
        switch numbers.next(12) {
        case 0: return (stem + ".json", "", false)
        case 1: return (stem + ".json", #"{"id": "#, false)
        case 2: return (stem + ".jsonl", (0..<numbers.next(5)).map { _ in record() + "\n" }.joined(), false)
        case 3: return (stem + ".log", "\(record())\n\(record())\n", true)
        case 4: return (stem + ".txt", "plain\n", false)
        case 5: return (stem + ".json", list(), true)
        case 6: return (stem + ".json", #"{"version": 1, "tickets": \#(list()), "users": \#(list())}"#, true)
        case 7: return (stem + ".json", keyed(), true)
        case 8: return (stem + ".json", numbers.pick(["1", "null", #""text""#, "[]", "{}", "[[]]", "[1, {}]"]), true)
        default: return (stem + ".json", record(), true)
        }
    }

    private mutating func list() -> String {
        "[" + (0..<numbers.next(6)).map { _ in numbers.next(9) == 0 ? "null" : record() }.joined(separator: ", ") + "]"
    }

    private mutating func keyed() -> String {
        let members = (0..<numbers.next(6)).map { "\"\(numbers.pick(["k", "T-", ""]))\($0)\": \(record())" }
        return "{" + members.joined(separator: ", ") + "}"
    }

    private mutating func record() -> String {
        var members: [String] = []
        if numbers.next(4) > 0 { members.append(#""id": \#(numbers.next(30))"#) }
        if numbers.next(3) > 0 { members.append(#""name": "n\#(numbers.next(1_000))""#) }
        if numbers.next(3) == 0 { members.append(#""created_at": "2025-01-01T00:00:00Z""#) }
        if numbers.next(5) == 0 { members.append(#""parts": [{"id": 1}, {"id": 2}]"#) }
        if numbers.next(5) == 0 { members.append(#""id": "again""#) }
        return "{" + members.joined(separator: ", ") + "}"
    }

    private struct Numbers {
        var state: UInt64

        init(seed: UInt64) {
            state = seed
        }

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }

        mutating func pick<Element>(_ list: [Element]) -> Element { list[next(list.count)] }
    }
}
