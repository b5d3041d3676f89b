/// A Markdown table of cells that are already safe.
struct MarkdownTable {
    /// A column: its title, and whether it holds numbers.
    struct Column {
        let title: String
        let isNumeric: Bool

        static func text(_ title: String) -> Self { Self(title: title, isNumeric: false) }
        static func number(_ title: String) -> Self { Self(title: title, isNumeric: true) }
    }

    let columns: [Column]
    let rows: [[String]]

    init(_ columns: [Column], _ rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    var lines: [String] {
        [line(columns.map(\.title)), "|" + columns.map { $0.isNumeric ? "---:|" : "---|" }.joined()] + rows.map(line)
    }

    private func line(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |"
    }
}
