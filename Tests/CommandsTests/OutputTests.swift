import Domain
import Testing

@testable import Commands

@Suite("Progress")
struct ProgressTests {
    private func event(
        _ kind: ProgressEvent.Event,
        _ elapsed: Double,
        fraction: Double? = nil,
        message: String? = nil
    ) -> ProgressEvent {
        ProgressEvent(
            event: kind,
            phase: "read",
            elapsed: elapsed,
            files: 3,
            records: 1_200,
            bytes: 2_048,
            recordsPerSecond: 600,
            message: message,
            fraction: fraction
        )
    }

    @Test("a terminal line is updated in place, at most ten times a second, and stays when the phase ends")
    func terminal() {
        var progress = TerminalProgress(width: 80, isColored: false)
        let started = progress.update(for: event(.phaseStarted, 0))
        #expect(started.leavesOpenLine)
        #expect(started.text.hasPrefix("\r\u{1b}[2K"))
        #expect(progress.update(for: event(.progressed, 0.05)).text.isEmpty)
        let half = progress.update(for: event(.progressed, 0.2, fraction: 0.5))
        #expect(half.text.contains("[██████████··········] read  3 files  1,200 records (600/s)  2.0 KiB"))
        #expect(!half.text.contains("\n"))
        let finished = progress.update(for: event(.phaseFinished, 2))
        #expect(finished.text.hasSuffix("\n"))
        #expect(!finished.leavesOpenLine)
    }

    @Test("a line never wraps", arguments: [1, 20, 30, 80])
    func width(width: Int) {
        var progress = TerminalProgress(width: width, isColored: false)
        let text = progress.update(for: event(.progressed, 1, fraction: 0.3)).text.dropFirst("\r\u{1b}[2K".count)
        #expect(text.count <= max(20, width - 1))
    }

    @Test(
        "a share outside 0…1, or none at all, draws no nonsense",
        arguments: [-1, 0, 1, 2, .nan, .infinity] as [Double]
    )
    func fractions(fraction: Double) {
        var progress = TerminalProgress(width: 80, isColored: false)
        let text = progress.update(for: event(.progressed, 1, fraction: fraction)).text
        #expect(!text.contains("[") || text.count { $0 == "█" || $0 == "·" } == 20 || !fraction.isFinite)
    }

    @Test("plain lines are one for a start, an end and a note, and counts every five seconds")
    func plain() {
        var progress = PlainProgress()
        #expect(progress.line(for: event(.phaseStarted, 0)) == "[ 0.000 s] read …\n")
        #expect(progress.line(for: event(.progressed, 4.9)).isEmpty)
        #expect(
            progress.line(for: event(.progressed, 5)) == "[   5.0 s] read  3 files  1,200 records (600/s)  2.0 KiB …\n"
        )
        #expect(progress.line(for: event(.progressed, 9)).isEmpty)
        #expect(progress.line(for: event(.note, 9, message: "odd\u{1b}[31m")) == "[   9.0 s] odd\\u{1b}[31m\n")
        #expect(progress.line(for: event(.phaseFinished, 9)).hasSuffix("done\n"))
    }
}

@Suite("Text for terminals")
struct TerminalTextTests {
    @Test(
        "what could move the cursor, change colours or direction is written visibly",
        arguments: [
            ("plain ü 日本", "plain ü 日本"), ("a\nb", "a\\nb"), ("a\rb", "a\\rb"), ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{7}", "\\u{7}"), ("\u{202e}x", "\\u{202e}x"), ("\u{200b}", "\\u{200b}"), ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{0}", "\\u{0}"),
        ]
    )
    func safe(text: String, expected: String) {
        #expect(TerminalText.safe(text) == expected)
    }

    @Test("a table aligns its columns and leaves no trailing space")
    func table() {
        let table = TextTable(["name", "n"], [["a", "1"], ["long name", "1000"]], numeric: [1])
        #expect(table.description == "name          n\na             1\nlong name  1000\n")
        #expect(TextTable(["a", "b"], [["x", ""]]).description == "a  b\nx\n")
        #expect(TextTable(["a"], [["x\ny"]]).description == "a\nx\\ny\n")
    }
}
