import Foundation
import Testing

/// Texts that are compared with files in `Tests/Golden`.
///
/// `CORTEX_RECORD=1` writes them instead.
enum GoldenFile {
    /// Compares a text with the file, or records it.
    static func expect(_ text: String, equals name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Golden").appending(path: name)
        if ProcessInfo.processInfo.environment["CORTEX_RECORD"] == "1" {
            try Data(text.utf8).write(to: file)
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        guard text != expected else { return }
        let pair = zip(
            expected.split(separator: "\n", omittingEmptySubsequences: false),
            text.split(separator: "\n", omittingEmptySubsequences: false)
        )
        let line = pair.enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(name) differs at line \((line?.offset ?? -1) + 1):
            expected: \(line?.element.0 ?? "(the texts have different lengths)")
            actual:   \(line?.element.1 ?? "")
            CORTEX_RECORD=1 records the new text.
            """,
            sourceLocation: sourceLocation
        )
    }
}
