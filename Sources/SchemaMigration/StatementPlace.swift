/// A statement that is about to run, and what for.
struct StatementPlace: Sendable {
    /// What is being done with the migration.
    enum Purpose: Sendable {
        case apply, undo
        /// The verification of what was applied before.
        case check
    }

    let purpose: Purpose
    /// The label of the migration.
    let migration: String
    /// Which of its texts the statement is in; nil for the ledger's own statements.
    let part: StepPart?
    /// The file of that text.
    let file: String
    /// The statement.
    let statement: SQLScript.Statement

    /// The line of the file for a position in the statement (in characters from 1), or that where it begins.
    func line(at position: Int?) -> Int? {
        guard part != nil else { return nil }
        return position.map { statement.line(atCharacter: $0) } ?? statement.line
    }

    /// Such as `migration 0004_tasks (0004_tasks.up.sql, line 7)`.
    func describe(line: Int?) -> String {
        guard let part, let line else { return "writing migration \(migration) into the ledger" }
        let subject =
            switch part {
            case .up: "migration \(migration)"
            case .verify: "the verification of migration \(migration)"
            case .down: "undoing migration \(migration)"
            }
        return "\(subject) (\(file), line \(line))"
    }

    /// What became of the migration when the statement fails.
    var consequence: String { purpose == .check ? "" : "; nothing of it was kept" }

    func details(line: Int?) -> [String: String] {
        var details = ["migration": migration]
        if part != nil { details["file"] = file }
        details["line"] = line.map(String.init)
        return details
    }
}
