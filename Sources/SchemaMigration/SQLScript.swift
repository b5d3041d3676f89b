/// A text of SQL statements, cut at the semicolons that end them.
struct SQLScript {
    /// One statement, without the semicolon and the white space and comments before it.
    struct Statement: Equatable {
        let text: String
        /// The line of the file in which it begins, from 1.
        let line: Int
        /// Its words outside of quotes and parentheses that stand before the first other token, in lower case.
        let opening: [String]
    }

    /// The name of the file, for messages.
    let file: String
    let statements: [Statement]

    /// Throws `schema.migration_failed` with the line when a quote, a comment or a bracket is not closed.
    init(_ text: String, file: String) throws(SchemaError) {
        var scanner = StatementScanner(text)
        do {
            statements = try scanner.statements()
        } catch {
            throw .badStep("\(file), line \(error.line): \(error.what) is not closed", file: file, line: error.line)
        }
        self.file = file
    }

    /// Throws when there is no statement, or one that begins or ends a transaction: each step is one of ours.
    func checkUsable() throws(SchemaError) {
        guard !statements.isEmpty else {
            throw .badStep("\(file) has no statement", file: file)
        }
        for statement in statements where statement.controlsTransaction {
            throw .badStep(
                "\(file), line \(statement.line): \(statement.opening[0].uppercased()) is not allowed in a migration",
                hint: "each migration runs in one transaction with its verification: leave it out",
                file: file,
                line: statement.line
            )
        }
    }
}

extension SQLScript.Statement {
    /// The line of the file for a position in the text, in characters from 1.
    func line(atCharacter position: Int) -> Int {
        line + text.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" }
    }

    fileprivate var controlsTransaction: Bool {
        switch opening.first {
        case "begin", "start", "commit", "end", "abort": true
        case "rollback": !opening.contains("to")
        case "prepare": opening.dropFirst().first == "transaction"
        default: false
        }
    }
}
