import CLibpq

/// The fields of an error that the server reported.
///
/// `detail`, `context` and, for data exceptions, `message` may hold row contents: show `PostgresError.message` instead.
public struct PostgresServerMessage: Sendable, Equatable {
    /// `ERROR`, `FATAL` or `PANIC`; in English whatever the server's language.
    public let severity: String
    /// The five-character SQLSTATE, such as `23505`.
    public let sqlState: String
    /// The primary message, word for word.
    public let message: String
    /// More about it.
    public let detail: String?
    /// What the server advises.
    public let hint: String?
    /// Where in the statement, in characters from 1.
    public let position: Int?
    /// The call stack inside the server (functions, COPY line).
    public let context: String?
    /// The schema of the object concerned.
    public let schema: String?
    /// The table concerned.
    public let table: String?
    /// The column concerned.
    public let column: String?
    /// The data type concerned.
    public let dataType: String?
    /// The constraint that was violated.
    public let constraint: String?
}

extension PostgresServerMessage {
    /// Reads the fields of a result; nil when libpq made the error itself.
    init?(_ result: OpaquePointer) {
        func field(_ code: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        guard let sqlState = field("C") else { return nil }
        severity = field("V") ?? field("S") ?? "ERROR"
        self.sqlState = sqlState
        message = field("M") ?? ""
        detail = field("D")
        hint = field("H")
        position = field("P").flatMap { Int($0) }
        context = field("W")
        schema = field("s")
        table = field("t")
        column = field("c")
        dataType = field("d")
        constraint = field("n")
    }

    /// Whether the server closes the connection behind this error.
    var endsConnection: Bool { severity == "FATAL" || severity == "PANIC" }

    /// The primary message without values: data exceptions (class 22) quote the value that they refuse.
    var safeMessage: String {
        sqlState.hasPrefix("22") ? message.withoutQuotedParts : message
    }
}

extension PostgresNotice {
    /// Reads the fields of a notice.
    init(_ result: OpaquePointer) {
        func field(_ code: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        severity = field("V") ?? field("S") ?? "NOTICE"
        sqlState = field("C") ?? "00000"
        message = field("M") ?? String(cString: PQresultErrorMessage(result))
        detail = field("D")
        hint = field("H")
    }
}

extension String {
    /// The text with everything from the first to the last double quote replaced by `"…"`.
    ///
    /// A value may itself hold quotes, so only the outermost ones can be trusted.
    var withoutQuotedParts: String {
        guard let first = firstIndex(of: "\""), let last = lastIndex(of: "\""), first < last else { return self }
        return self[..<first] + "\"…\"" + self[index(after: last)...]
    }
}
