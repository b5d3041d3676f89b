public import Diagnostics

/// Everything that can go wrong with PostgreSQL.
///
/// `description` and `message` are safe to show: no parameters, no DETAIL, no values. `debugDescription` adds what the
/// server said word for word, which may hold row contents. No form holds a password or a connection URL.
public struct PostgresError: CortexError, CustomDebugStringConvertible {
    /// One of the `postgres.…` codes, or `setting.invalid` for a URL that cannot be read.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// What the server reported, if it was the server.
    public let server: PostgresServerMessage?
    /// The SQLSTATE, also where the connection was refused before there was a session.
    public let sqlState: String?
    /// True when a reply is missing and what was sent may have been committed.
    ///
    /// That is a COMMIT, or a statement outside of a transaction. Look before you repeat it.
    public let isCommitUnknown: Bool
    /// What else failed while this error was handled, such as the ROLLBACK.
    public internal(set) var consequences: [String] = []

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        server: PostgresServerMessage? = nil,
        sqlState: String? = nil,
        isCommitUnknown: Bool = false
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.server = server
        self.sqlState = sqlState ?? server?.sqlState
        self.isCommitUnknown = isCommitUnknown
    }

    /// `ERROR`, `FATAL` or `PANIC`, if the server reported it.
    public var severity: String? { server?.severity }
    /// The server's DETAIL; may hold row contents.
    public var detail: String? { server?.detail }
    /// The constraint that was violated.
    public var constraint: String? { server?.constraint }
    /// The table concerned.
    public var table: String? { server?.table }
    /// The column concerned.
    public var column: String? { server?.column }
    /// Where in the statement the error is, in characters from 1.
    public var position: Int? { server?.position }

    /// The facts for programs: `sqlstate`, `severity`, `schema`, `table`, `column`, `constraint`, `position`,
    /// `commit` (`unknown`) and `consequences`, those that are known.
    public var details: [String: String] {
        var details: [String: String] = [:]
        details["sqlstate"] = sqlState
        details["severity"] = severity
        details["schema"] = server?.schema
        details["table"] = table
        details["column"] = column
        details["constraint"] = constraint
        details["position"] = position.map(String.init)
        if isCommitUnknown { details["commit"] = "unknown" }
        if !consequences.isEmpty { details["consequences"] = consequences.joined(separator: "; ") }
        return details
    }

    /// The safe description, then every field that the server sent.
    public var debugDescription: String {
        var text = "PostgresError(\(code.rawValue)): \(description)"
        func add(_ name: String, _ value: String?) {
            if let value { text += "\n  \(name): \(value)" }
        }
        for (name, value) in details.sorted(by: { $0.key < $1.key }) { add(name, value) }
        add("server message", server?.message)
        add("detail", server?.detail)
        add("server hint", server?.hint)
        add("context", server?.context)
        add("data type", server?.dataType)
        add("hint", hint)
        return text
    }
}

extension PostgresError {
    /// A statement that the server refused.
    static func statement(_ server: PostgresServerMessage) -> PostgresError {
        let place = server.position.map { " (at character \($0))" } ?? ""
        return PostgresError(
            .postgresStatement,
            "PostgreSQL refused the statement: \(server.safeMessage) [\(server.sqlState)]\(place)",
            hint: server.sqlState.hasPrefix("22") ? nil : server.hint,
            server: server
        )
    }

    /// The driver was used in a way it does not allow.
    static func misuse(_ message: String, hint: String? = nil) -> PostgresError {
        PostgresError(.postgresProtocol, message, hint: hint)
    }

    /// The client's scope has ended.
    static var clientClosed: PostgresError {
        misuse("the PostgreSQL client is closed", hint: "use the client only inside of withClient's body")
    }

    /// The task was cancelled before anything was sent.
    static func cancelledBeforeSending(_ what: String) -> PostgresError {
        PostgresError(.postgresCancelled, "\(what) was cancelled before it began", cause: CancellationError())
    }

    /// The same error with something else that failed meanwhile.
    func adding(consequence: String) -> PostgresError {
        var error = self
        error.consequences.append(consequence)
        return error
    }
}
