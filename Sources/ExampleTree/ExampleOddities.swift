/// Files that are there for one defect each, most of them met in no real tree so far.
struct ExampleOddities {
    let disk: ExampleDisk

    func write() throws {
        try writeBlankFiles()
        try writeOddValues()
        try writeOtherFormats()
    }

    private func writeBlankFiles() throws {
        let newline: [UInt8] = [UInt8(ascii: "\n")]
        try disk.write("coordination/lineage/task-lineage.jsonl", .whitespace, newline)
        for number in 0..<3 {
            try disk.write("coordination/workflow-state/flow-\(number)/state.json", .whitespace, newline)
        }
        try disk.write("coordination/medallion/silver/validated-lineage/2025-11-18.jsonl", .empty, [])
    }

    private func writeOddValues() throws {
        let folder = "coordination/knowledge-base/oddities"
        let texts: [(String, String)] = [
            ("nul-character", #"{"id": "nul-character", "text": "before\u0000after"}"#),
            ("lone-surrogate", #"{"id": "lone-surrogate", "text": "half an emoji: \ud83d"}"#),
            ("duplicate-keys", #"{"id": "duplicate-keys", "status": "first", "status": "second", "status": "second"}"#),
            ("large-integer", #"{"id": "large-integer", "value": 9007199254740993}"#),
            ("huge-number", #"{"id": "huge-number", "value": 1e400, "tiny": 1e-400, "zero": -0}"#),
            ("escapes", #"{"id": "escapes", "path": "a\/b", "emoji": "\ud83c\udf89 🎉", "accents": "naïve façade"}"#),
            ("byte-order-mark", "\u{feff}" + #"{"id": "byte-order-mark"}"#),
            ("line-ends", "{\r\n  \"id\": \"line-ends\"\r\n}\r\n"),
            (
                "deep",
                #"{"id": "deep", "value": "# + String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
                    + "}"
            ),
        ]
        for (name, text) in texts { try disk.write("\(folder)/\(name).json", .value, Array(text.utf8)) }
        try disk.write(
            "\(folder)/unclosed.json",
            .invalid,
            Array("{\n  \"id\": \"unclosed\",\n  \"list\": [1, 2\n".utf8)
        )
        try disk.write("\(folder)/range.json", .invalid, Array(#"{"id": "range", "ports": [30000-32767]}"#.utf8))
    }

    private func writeOtherFormats() throws {
        let texts: [(String, String)] = [
            ("pids/learning-monitor.pid", "4711\n"), ("workers/worker-1/progress/step.txt", "half done\n"),
            ("README.md", "# Coordination\n\nMade up by a generator; nobody works here.\n"),
            ("config/routing.yaml", "experts:\n  - development\n  - security\n"),
            ("observability/search/terms.index", "alpha 1\nbeta 2\n"),
        ]
        for (name, text) in texts { try disk.write("coordination/\(name)", .notJSON, Array(text.utf8)) }
    }
}
