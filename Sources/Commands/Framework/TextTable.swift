/// A table for people: aligned columns, two spaces between them, no trailing spaces.
struct TextTable: CustomStringConvertible {
    let headers: [String]
    let rows: [[String]]
    let numeric: Set<Int>

    /// A table.
    ///
    /// `numeric` are the columns that are aligned to the right. Cells are made safe for terminals.
    init(_ headers: [String], _ rows: [[String]], numeric: Set<Int> = []) {
        self.headers = headers
        self.rows = rows.map { $0.map { TerminalText.safe($0) } }
        self.numeric = numeric
    }

    var description: String {
        let all = [headers] + rows
        let widths = headers.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.enumerated().map { column, cell in
            let space = String(repeating: " ", count: widths[column] - cell.count)
            return numeric.contains(column) ? space + cell : cell + space
        }
        let text = padded.joined(separator: "  ")
        let last = text.lastIndex { $0 != " " }
        return last.map { String(text[...$0]) } ?? ""
    }
}
