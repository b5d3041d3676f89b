import Diagnostics
import Domain
import Foundation
import Reporting
import Testing

@Suite("Migration reports")
struct MigrationReportTests {
    @Test("the Markdown of a completed run is the recorded one")
    func completedMarkdown() throws {
        try GoldenFile.expect(MigrationReport(facts: .completed).markdown, equals: "report-completed.md")
    }

    @Test("the Markdown of a run with hostile names is the recorded one")
    func hostileMarkdown() throws {
        try GoldenFile.expect(MigrationReport(facts: .hostile).markdown, equals: "report-hostile.md")
    }

    @Test("the JSON is the recorded one")
    func json() throws {
        try GoldenFile.expect(try MigrationReport(facts: .completed).json(), equals: "report-completed.json")
    }

    @Test("the text for the terminal is the recorded one")
    func text() throws {
        try GoldenFile.expect(MigrationReport(facts: .completed).text, equals: "report-completed.txt")
    }

    @Test("the same facts give the same report")
    func deterministic() throws {
        #expect(MigrationReport(facts: .hostile).markdown == MigrationReport(facts: .hostile).markdown)
        #expect(try MigrationReport(facts: .hostile).json() == MigrationReport(facts: .hostile).json())
    }

    @Test("hostile names break no table: every row of every table has the cells of its header")
    func tablesHold() {
        var cells: Int?
        for line in MigrationReport(facts: .hostile).markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                cells = nil
                continue
            }
            let count = line.count { $0 == "|" }
            #expect(count == cells ?? count, "\(line)")
            cells = count
        }
    }

    @Test("hostile names make no markup, no control character and no line of their own")
    func noMarkup() throws {
        let text = MigrationReport(facts: .hostile).markdown
        for scalar in text.unicodeScalars where scalar != "\n" {
            #expect(scalar.properties.generalCategory != .control)
            #expect(scalar.properties.generalCategory != .format)
        }
        let beforeCommands = try #require(text.firstRange(of: "```sh\n"))
        let outsideCode = text[..<beforeCommands.lowerBound].replacing(/`[^`\n]*`/, with: "")
        #expect(!outsideCode.contains("<"))
        #expect(!outsideCode.contains("`"))
        #expect(!text.contains("\n# heading"))
        #expect(!text.contains("\nd"))
    }

    @Test("the JSON reads back with the fields of the interface")
    func jsonReadsBack() throws {
        for facts in [RunFacts.completed, .hostile] {
            let data = Data(try MigrationReport(facts: facts).json().utf8)
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            for field in [
                "run_id", "status", "dry_run", "duration_seconds", "files", "ledger", "rows_changed", "findings",
                "verification", "report",
            ] {
                #expect(object[field] != nil, "\(field)")
            }
            #expect(object["run_id"] as? String == facts.runID)
            let ledger = try #require(object["ledger"] as? [[String: Any]])
            #expect(ledger.count == facts.ledger.lines.count)
            let verification = try #require(object["verification"] as? [String: Any])
            #expect((verification["differences"] as? [Any])?.count == facts.verification?.differences.count)
        }
    }

    @Test("the summary has the checks without the differences, and null where there is no report or verification")
    func summary() throws {
        var facts = RunFacts.hostile
        let full = try object(MigrationReport(facts: facts).summary(reportPath: "r.md"))
        let verification = try #require(full["verification"] as? [String: Any])
        #expect(verification.keys.sorted() == ["checks", "passed"])
        #expect(full["report"] as? String == "r.md")
        facts.verification = nil
        let bare = try object(MigrationReport(facts: facts).summary(reportPath: nil))
        #expect(bare["verification"] is NSNull)
        #expect(bare["report"] is NSNull)
    }

    @Test("the status words of the summary are those of the interface")
    func statusWords() throws {
        let words = ["completed", "dry_run", "quarantine_exceeded", "interrupted", "rolled_back", "failed"]
        #expect(Set(RunStatus.allCases.map(\.rawValue)).isSuperset(of: words))
    }

    @Test("a verdict never claims proof without it")
    func verdict() {
        var facts = RunFacts.completed
        #expect(MigrationReport(facts: facts).markdown.contains("# Migration report: completed, nothing lost"))
        facts.verification = nil
        #expect(!MigrationReport(facts: facts).markdown.contains("nothing lost"))
        facts = .completed
        facts.ledger.lines[0].read += 1
        #expect(!MigrationReport(facts: facts).markdown.contains("nothing lost"))
        #expect(MigrationReport(facts: facts).markdown.contains("**off by 1**"))
        #expect(MigrationReport(facts: facts).text.contains("DO NOT MATCH"))
    }

    @Test("every status has a title, sentences and next commands", arguments: RunStatus.allCases)
    func everyStatus(status: RunStatus) {
        var facts = RunFacts.completed
        facts.status = status
        let report = MigrationReport(facts: facts)
        #expect(report.markdown.contains("cortex "))
        #expect(report.text.hasPrefix("Migration "))
    }

    @Test(
        "a source with odd characters is quoted in the next commands so that pasting gives it back",
        arguments: [
            ("/srv/plain_1.2", "/srv/plain_1.2"), ("/srv/it's here", #"'/srv/it'\''s here'"#),
            ("a\nb'c", #"$'a\nb\'c'"#),
            ("a\u{202e}1", #"$'a\342\200\2561'"#), ("", "''"), ("$(rm -rf ~)", "'$(rm -rf ~)'"),
        ]
    )
    func quoted(source: String, word: String) {
        var facts = RunFacts.completed
        facts.source = source
        #expect(MigrationReport(facts: facts).markdown.contains("cortex verify --source \(word)  "))
    }

    @Test("a password that slipped into the facts is not in any form of the report")
    func noSecret() throws {
        var facts = RunFacts.completed
        facts.target = "postgres://u:hunter2canary@h/d"
        facts.notes = ["connected to postgres://u:hunter2canary@h/d"]
        let report = MigrationReport(facts: facts)
        for text in [report.markdown, try report.json(), report.text] { #expect(!text.contains("hunter2canary")) }
    }

    @Test("a report is written as two files, again over itself, and a place that cannot be written is an error")
    func writes() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cortex-report-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }  // cleanup
        let directory = folder.appending(path: "runs/r1").path(percentEncoded: false)
        let report = MigrationReport(facts: .completed)
        for _ in 0..<2 {
            let path = try report.write(toDirectory: directory)
            #expect(path == directory + "/POSTGRES-MIGRATION-REPORT.md")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == report.markdown)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
        let error = #expect(throws: ReportingError.self) {
            try report.write(toDirectory: directory + "/" + ReportFileName.json + "/below-a-file")
        }
        #expect(try #require(error).code.meaning.exitStatus == .cannotWrite)
    }

    @Test("every finding rule has a meaning that ends as a sentence", arguments: FindingRule.allCases)
    func meanings(rule: FindingRule) {
        #expect(rule.meaning.hasSuffix("."))
        #expect(!rule.meaning.contains("|"))
    }

    private func object(_ value: some Encodable) throws -> [String: Any] {
        let data = try JSONEncoder().encode(value)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "counts",
        arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345")]
    )
    func counts(number: Int, text: String) {
        #expect(Quantity.count(number) == text)
    }

    @Test(
        "bytes",
        arguments: [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (1 << 20, "1.0 MiB"), (5 << 40, "5.0 TiB")]
    )
    func bytes(number: Int, text: String) {
        #expect(Quantity.bytes(number) == text)
    }

    @Test(
        "durations",
        arguments: [
            (0, "0.000 s"), (0.0124, "0.012 s"), (4.25, "4.3 s"), (59.94, "59.9 s"), (65, "1 min 05 s"),
            (7_400, "2 h 03 min"), (-1, "–"), (.infinity, "–"), (.nan, "–"),
        ] as [(Double, String)]
    )
    func seconds(number: Double, text: String) {
        #expect(Quantity.seconds(number) == text)
    }

    @Test("a rate without time or things is a dash")
    func rates() {
        #expect(Quantity.rate(0, over: 1) == "–")
        #expect(Quantity.rate(1, over: 0) == "–")
        #expect(Quantity.rate(3_000, over: 2) == "1,500/s")
        #expect(Quantity.byteRate(3 << 20, over: 2) == "1.5 MiB/s")
    }

    @Test("a noun is in the plural except for 1")
    func nouns() {
        #expect(Quantity.count(1, "file") == "1 file")
        #expect(Quantity.count(0, "file") == "0 files")
        #expect(Quantity.count(2, "entry", plural: "entries") == "2 entries")
    }
}
