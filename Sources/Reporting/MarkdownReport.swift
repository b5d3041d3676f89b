import Domain

/// The Markdown report: verdict first, then the proof, then what needs a person, then the rest.
struct MarkdownReport {
    let facts: RunFacts

    var text: String {
        let sections = [
            heading, ledger, verification, quarantined, conflicts, changed, findings, files, unmapped, tables, timings,
            notes, next,
        ]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var heading: [String] {
        let verdict = RunVerdict(facts: facts)
        let estimates = [
            facts.estimatedSeconds.map { "Expected duration of the real run: \(Quantity.seconds($0))." },
            facts.estimatedBytes.map { "Expected size in PostgreSQL: \(Quantity.bytes($0))." },
        ].compactMap(\.self)
        return [
            "# Migration report: \(verdict.title)", "", (verdict.sentences + estimates).joined(separator: " "), "",
            "| | |", "|---|---|",
            "| run | \(MarkdownText.code(facts.runID)) |",
            "| status | \(MarkdownText.code(facts.status.rawValue)) |",
            "| source | \(MarkdownText.code(facts.source)) |",
            "| target | \(MarkdownText.code(facts.target)) |",
            "| mode after the run | \(MarkdownText.code(facts.mode.rawValue)) |",
            "| started | \(MarkdownText.prose(facts.startedAt)) |",
            "| duration | \(Quantity.seconds(facts.durationSeconds)) |",
            "| cortex | \(MarkdownText.prose(facts.toolVersion)) |",
        ]
    }

    private var ledger: [String] {
        guard !facts.ledger.lines.isEmpty else { return [] }
        let rows = facts.ledger.lines.map { row($0, name: MarkdownText.code($0.kind)) }
        let table = MarkdownTable(
            [
                .text("kind"), .number("read"), .number("resolved"), .number("superseded"), .number("quarantined"),
                .number("not a record"), .text("balance"),
            ],
            rows + [row(facts.ledger.total, name: "**total**")]
        )
        return ["## Ledger", "", "Every record that was read ends in exactly one column; `read` equals their sum.", ""]
            + table.lines
    }

    private func row(_ line: LedgerLine, name: String) -> [String] {
        let difference = line.read - line.resolved - line.superseded - line.quarantined - line.notARecord
        return [
            name, Quantity.count(line.read), Quantity.count(line.resolved), Quantity.count(line.superseded),
            Quantity.count(line.quarantined), Quantity.count(line.notARecord),
            line.isBalanced ? "balanced" : "**off by \(Quantity.count(difference))**",
        ]
    }

    private var verification: [String] {
        guard let report = facts.verification else {
            return ["## Verification", "", "Verification did not take place."]
        }
        let checks = MarkdownTable(
            [.text("check"), .text("result"), .number("compared"), .number("different")],
            report.checks.map {
                [
                    MarkdownText.code($0.name), $0.passed ? "passed" : "**failed**", Quantity.count($0.compared),
                    Quantity.count($0.different),
                ]
            }
        )
        guard !report.differences.isEmpty else { return ["## Verification", ""] + checks.lines }
        let differences = MarkdownTable(
            [.text("check"), .text("where"), .text("expected"), .text("actual")],
            report.differences.map { difference in
                [
                    MarkdownText.code(difference.layer), place(of: difference),
                    difference.expected.map(MarkdownText.code) ?? "–", difference.actual.map(MarkdownText.code) ?? "–",
                ]
            }
        )
        let all = report.checks.reduce(0) { $0 + $1.different }
        return ["## Verification", ""] + checks.lines
            + ["", "### Differences" + shown(report.differences.count, of: all), ""] + differences.lines
    }

    private func place(of difference: Difference) -> String {
        [
            difference.path.map { "file \(MarkdownText.code($0))" },
            difference.recordID.map { "record \(MarkdownText.code($0))" },
            difference.table.map { "table \(MarkdownText.code($0))" },
            difference.key.map { "key \(MarkdownText.code($0))" },
            difference.column.map { "column \(MarkdownText.code($0))" },
        ].compactMap(\.self).joined(separator: ", ")
    }

    private var quarantined: [String] {
        guard !facts.quarantined.isEmpty else { return [] }
        let table = MarkdownTable(
            [.text("file"), .text("pointer"), .text("bytes"), .text("kind"), .text("id"), .text("reason")],
            facts.quarantined.map { place in
                [
                    MarkdownText.code(place.path), place.pointer.isEmpty ? "(whole)" : MarkdownText.code(place.pointer),
                    "\(place.byteStart)–\(place.byteEnd)", MarkdownText.code(place.kind),
                    place.naturalID.map(MarkdownText.code) ?? "–", MarkdownText.prose(place.reason),
                ]
            }
        )
        return [
            "## Quarantined records" + shown(facts.quarantined.count, of: facts.ledger.total.quarantined), "",
            "Their bytes are kept in `source.files`; the places are byte offsets in the file.", "",
        ] + table.lines
    }

    private var conflicts: [String] {
        guard !facts.conflicts.isEmpty else { return [] }
        let table = MarkdownTable(
            [.text("kind"), .text("id"), .number("records"), .number("contents"), .text("winner's file")],
            facts.conflicts.map {
                [
                    MarkdownText.code($0.kind), MarkdownText.code($0.naturalID), Quantity.count($0.records),
                    Quantity.count($0.contents), MarkdownText.code($0.winnerPath),
                ]
            }
        )
        return [
            "## Conflicts" + shown(facts.conflicts.count, of: facts.conflictCount), "",
            "Records of one id with different contents. All are kept; `cortex explain ID` shows them with their differences.",
            "",
        ] + table.lines
    }

    private var changed: [String] {
        guard let changed = facts.changedSinceCutover, changed.total > 0 else { return [] }
        let table = MarkdownTable(
            [.text("table"), .text("key"), .text("change")],
            changed.rows.map { [MarkdownText.code($0.table), MarkdownText.code($0.key), $0.change.rawValue] }
        )
        return [
            "## Changed since the cutover" + shown(changed.rows.count, of: changed.total), "",
            "Programs changed these rows; the run left them alone. `--overwrite-changed` would write what the tree says.",
            "",
        ] + table.lines
    }

    private var findings: [String] {
        guard !facts.findings.isEmpty else { return [] }
        let table = MarkdownTable(
            [.text("rule"), .text("severity"), .number("count"), .text("what it means")],
            facts.findings.map { finding in
                [
                    MarkdownText.code(finding.rule), MarkdownText.prose(finding.severity),
                    Quantity.count(finding.count),
                    FindingRule(rawValue: finding.rule)?.meaning ?? "–",
                ]
            }
        )
        return ["## Findings", "", "Each one with its place is in `source.findings`.", ""] + table.lines
    }

    private var files: [String] {
        let files = facts.files
        let states: [(String, Int, String)] = [
            ("value", files.value, "exactly one JSON value"),
            ("values", files.values, "a stream of values"),
            ("whitespace", files.whitespace, "only white space"),
            ("empty", files.empty, "no byte"),
            ("invalid", files.invalid, "not the JSON they claim to be"),
            ("not_json", files.notJSON, "neither named nor mapped as JSON"),
        ]
        let rows = states.map { [MarkdownText.code($0.0), Quantity.count($0.1), $0.2] }
        let table = MarkdownTable(
            [.text("state"), .number("files"), .text("meaning")],
            rows + [["**total**", Quantity.count(files.total), "all kept byte for byte"]]
        )
        return ["## Files", ""] + table.lines
    }

    private var unmapped: [String] {
        guard !facts.unmapped.isEmpty else { return [] }
        let all = facts.findings.first { $0.rule == FindingRule.unmappedFile.rawValue }?.count ?? facts.unmapped.count
        return [
            "## Files that no rule takes" + shown(facts.unmapped.count, of: max(all, facts.unmapped.count)), "",
            "They are kept byte for byte; `cortex mapping check` shows which rule takes which file.", "",
        ] + facts.unmapped.map { "- \(MarkdownText.code($0))" }
    }

    private var tables: [String] {
        guard !facts.tables.isEmpty else { return [] }
        let rows = facts.tables.sorted { $0.key < $1.key }.map {
            [MarkdownText.code($0.key), Quantity.count($0.value)]
        }
        let total = facts.tables.values.reduce(0, +)
        let table = MarkdownTable([.text("table"), .number("rows")], rows + [["**total**", Quantity.count(total)]])
        return ["## Tables", ""] + table.lines
    }

    private var timings: [String] {
        guard !facts.timings.isEmpty else { return [] }
        let table = MarkdownTable(
            [.text("phase"), .number("time"), .number("records"), .number("rate"), .number("bytes"), .number("rate")],
            facts.timings.map { timing in
                [
                    MarkdownText.code(timing.phase), Quantity.seconds(timing.seconds),
                    timing.records > 0 ? Quantity.count(timing.records) : "–",
                    Quantity.rate(timing.records, over: timing.seconds),
                    timing.bytes > 0 ? Quantity.bytes(timing.bytes) : "–",
                    Quantity.byteRate(timing.bytes, over: timing.seconds),
                ]
            }
        )
        return ["## Timings", ""] + table.lines
    }

    private var notes: [String] {
        guard !facts.notes.isEmpty else { return [] }
        return ["## Notes", ""] + facts.notes.map { "- \(MarkdownText.prose($0))" }
    }

    private var next: [String] {
        let commands = RunVerdict(facts: facts).nextCommands
        let width = commands.map(\.command.count).max() ?? 0
        let lines = commands.map { command, purpose in
            command + String(repeating: " ", count: width - command.count) + "  # \(purpose)"
        }
        return ["## Next", "", "```sh"] + lines + ["```"]
    }

    private func shown(_ count: Int, of all: Int) -> String {
        all > count ? " (the first \(Quantity.count(count)) of \(Quantity.count(all)))" : " (\(Quantity.count(count)))"
    }
}
