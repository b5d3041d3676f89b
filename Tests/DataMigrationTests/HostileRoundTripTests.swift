import DataMigration
import Domain
import LosslessJSON
import Postgres
import TestSupport
import Testing

/// JSON at random whose names and values are what trips programs up, the same for the same seed.
private struct HostileJSON {
    var generator: SeededGenerator

    /// Two spellings of one character, two of one name, lone surrogates, the signs of pointers, nothing, a control.
    private static let names = [
        "a", "A", "\\u0061", "caf\u{e9}", "cafe\u{301}", "\\u00e9", "e\\u0301", "\\ud800", "\\udfff", "~", "/", "~1",
        "", " ", "\\n", "\u{301}", "\u{1F469}\u{200D}\u{1F680}", "x.y", "0", "-1", "\u{FEFF}",
    ]
    static let scalars = [
        "null", "true", "0", "-0", "0.0", "1.10", "1e400", "-1E-400", "9007199254740993", "1.0e2", "\"\"",
        "\"caf\u{e9}\"", "\"cafe\u{301}\"", "\"\\ud83d\"", "\"\\/ \\\" \\\\\"", "\"\\u0041\"", "[]", "{}",
    ]

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &generator)] }

    /// An object of up to eight members; now and then one of its names is there twice.
    mutating func object(depth: Int = 0) -> String {
        let members = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
            "\"\(pick(Self.names))\"\(pick([":", ": ", " :\n"]))\(value(depth: depth + 1))"
        }
        return "{\(members.joined(separator: pick([",", ", ", ",\n  "])))}"
    }

    private mutating func value(depth: Int) -> String {
        switch depth < 4 ? Int.random(in: 0..<6, using: &generator) : 0 {
        case 4: return object(depth: depth)
        case 5:
            let elements = (0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth + 1) }
            return "[\(elements.joined(separator: ","))]"
        default: return pick(Self.scalars)
        }
    }
}

@Suite("Export of changed JSON of every kind")
struct HostileRoundTripTests {
    private static let tasks = 60
    private static let folder = "coordination/knowledge-base/odd"

    /// Which rows hold what: of tasks what no column holds, of documents all.
    private static let texts = """
        SELECT 'task ' || task_id AS name, metadata::text AS text FROM public.tasks
        UNION ALL SELECT 'title ' || task_id, to_json(title)::text FROM public.tasks
        UNION ALL SELECT 'document ' || id, body::text FROM public.documents ORDER BY 1
        """

    @Test(
        "What psql makes of fields with hostile names is what an import of the export has",
        arguments: (1...UInt64(TestEffort.count(slice: 3, long: 60)))
    )
    func changes(seed: UInt64) async throws {
        var json = HostileJSON(generator: SeededGenerator(seed: seed))
        try await MigrationHarness.with { harness in
            for number in 0..<Self.tasks {
                // The record's own fields, and behind them what no column holds.
                let rest = json.object().dropFirst()
                let separator = rest == "}" ? "" : ", "
                try harness.write([
                    "coordination/tasks/t\(number).json":
                        "{\"task_id\": \"t\(number)\", \"title\": \(json.pick(HostileJSON.scalars))\(separator)\(rest)",
                    "\(Self.folder)/d\(number).json": json.object(),
                ])
            }
            let first = try await harness.migrate()
            #expect(first.ledger.isBalanced && first.verification?.passed == true, "seed \(seed)")
            let before = try await texts(harness)
            #expect(before.count >= Self.tasks)
            for number in 0..<Self.tasks where number % 3 > 0 {
                let (task, document) = (json.object(), json.object())
                try await harness.client.query(
                    "UPDATE public.tasks SET metadata = nullif($2, '{}')::json WHERE task_id = $1",
                    [.text("t\(number)"), .text(task)]
                )
                try await harness.client.query(
                    "UPDATE public.documents SET body = $2::json WHERE id = (SELECT id FROM public.documents "
                        + "WHERE id LIKE '%/d' || $1 ORDER BY id LIMIT 1)",
                    [.text("\(number)"), .text(document)]
                )
            }
            for number in 0..<Self.tasks where number % 3 == 0 {
                let title = json.pick(["caf\u{e9}", "cafe\u{301}", "", "\u{FEFF}", "\"\\\n\u{1}", "null", "1.0"])
                try await harness.client.query(
                    "UPDATE public.tasks SET title = $2 WHERE task_id = $1",
                    [.text("t\(number)"), .text(title)]
                )
            }
            let wanted = try await texts(harness)
            #expect(before.count(where: { wanted[$0.key] != $0.value }) > Self.tasks / 2)
            let (path, facts) = try await harness.export()
            #expect(facts.notExported.isEmpty, "seed \(seed): \(facts.notExported)")
            #expect(facts.patched.count > Self.tasks / 2, "seed \(seed): \(facts.patched.count), \(facts.created)")
            try await MigrationHarness.withImported(path) { second in
                let imported = try await texts(second)
                #expect(imported.count == wanted.count)
                for (name, text) in wanted.sorted(by: { $0.key < $1.key }) where imported[name] != text {
                    Issue.record(
                        "seed \(seed), \(name): \(readable(text)) came back as \(readable(imported[name] ?? []))"
                    )
                }
            }
        }
    }

    /// The canonical form of each text, duplicates and all, of none the empty one.
    ///
    /// Where a title is no text the metadata holds a copy of it, which goes with the next title.
    private func texts(_ harness: MigrationHarness) async throws -> [String: [UInt8]] {
        try await harness.client.query(Self.texts).rows.reduce(into: [:]) { result, row in
            let name = row["name"].string ?? ""
            guard let text = row["text"].string else { return result[name] = [] }
            let root = try JSONDocument(strict: Array(text.utf8)).root
            var plan = JSONPatchPlan()
            if name.hasPrefix("task ") { plan.removeMembers(named: Array("title".utf8), of: root) }
            let bare = try #require(BytePatch.apply(plan.patches(), to: Array(text.utf8)))
            result[name] = bare == Array("{}".utf8) ? [] : try JSONDocument(strict: bare).root.canonical
        }
    }

    private func readable(_ text: [UInt8]) -> String { String(decoding: text, as: UTF8.self) }
}
