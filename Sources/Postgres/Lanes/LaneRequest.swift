import Synchronization

/// The number of a request, and whether its caller is gone.
///
/// The mark is set before the lane is told: a cancellation that overtakes its request on the way to the I/O thread is
/// found when the request arrives.
final class LaneTicket: Sendable {
    let number: Int
    private let mark = Atomic(false)

    init(_ number: Int) {
        self.number = number
    }

    var isWithdrawn: Bool { mark.load(ordering: .acquiring) }

    func withdraw() { mark.store(true, ordering: .releasing) }
}

/// One statement for a lane.
final class LaneRequest: Sendable {
    let ticket: LaneTicket
    let sql: String
    let parameters: EncodedParameters
    let deadline: ContinuousClock.Instant
    /// The key of the statement among the prepared ones: the same text with other parameter types is another one.
    let cacheKey: String
    /// Called once, on the I/O thread.
    let completion: @Sendable (Result<PostgresResult, PostgresError>) -> Void

    init(
        ticket: LaneTicket,
        sql: String,
        parameters: EncodedParameters,
        deadline: ContinuousClock.Instant,
        completion: @escaping @Sendable (Result<PostgresResult, PostgresError>) -> Void
    ) {
        self.ticket = ticket
        self.sql = sql
        self.parameters = parameters
        self.deadline = deadline
        self.completion = completion
        let types = parameters.typeSignature
        cacheKey = types.isEmpty ? sql : sql + types
    }
}

/// Which statements a lane takes.
///
/// Members of a batch share a transaction: BEGIN, COMMIT or ROLLBACK among them would commit or undo their neighbours,
/// SET would stay for whoever comes next, COPY cannot be pipelined, CALL and DO may commit. So the first word has to be
/// one of a few; the server itself refuses a second statement in one text.
enum LaneStatement {
    private static let allowed = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"].map {
        Array($0.utf8)
    }

    /// Whether a lane may run it.
    static func isAllowed(_ sql: String) -> Bool {
        var rest = sql.utf8[...]
        skipBlanks(&rest)
        var word: [UInt8] = []
        for byte in rest.prefix(7) {
            let upper = byte & 0xDF
            guard (0x41...0x5A).contains(upper) else { break }
            word.append(upper)
        }
        return allowed.contains(word)
    }

    /// Skips white space, comments and opening parentheses.
    private static func skipBlanks(_ text: inout Substring.UTF8View) {
        while let byte = text.first {
            if text.starts(with: "--".utf8) {
                text = text.drop { $0 != 0x0A && $0 != 0x0D }
            } else if text.starts(with: "/*".utf8) {
                skipComment(&text)
            } else if [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, UInt8(ascii: "(")].contains(byte) {
                text = text.dropFirst()
            } else {
                return
            }
        }
    }

    /// Skips a comment, which may hold others.
    private static func skipComment(_ text: inout Substring.UTF8View) {
        var depth = 0
        while !text.isEmpty {
            if text.starts(with: "/*".utf8) {
                depth += 1
                text = text.dropFirst(2)
            } else if text.starts(with: "*/".utf8) {
                depth -= 1
                text = text.dropFirst(2)
                if depth == 0 { return }
            } else {
                text = text.dropFirst()
            }
        }
    }
}
