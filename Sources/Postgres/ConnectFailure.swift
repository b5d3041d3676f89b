import Diagnostics

/// Why a connection could not be made, read from libpq's text.
///
/// libpq 15 gives no fields before there is a session. Verbose messages carry the SQLSTATE (`FATAL:  28P01: …`), whatever
/// the server's language; causes on this side of the wire are recognised by libpq's and strerror's English texts.
struct ConnectFailure {
    /// libpq's text, one line, without the source location.
    let reason: String
    /// The SQLSTATE that the server sent.
    let sqlState: String?

    init(libpqMessage: String) {
        let lines = libpqMessage.split(whereSeparator: \.isNewline)
            .map { $0.trimmingSpaces }
            .filter { !$0.isEmpty && !$0.hasPrefix("LOCATION:") }
        var found: String?
        var texts: [String] = []
        for line in lines {
            let (text, state) = Self.takeSQLState(line)
            found = found ?? state
            texts.append(text)
        }
        reason = texts.isEmpty ? "no reason given" : texts.joined(separator: "; ")
        sqlState = found
    }

    /// Takes `28P01: ` out of `FATAL:  28P01: password …`.
    private static func takeSQLState(_ line: String) -> (text: String, sqlState: String?) {
        let bytes = Array(line.utf8)
        var index = 0
        while index + 10 <= bytes.count {
            defer { index += 1 }
            guard bytes[index..<index + 3].elementsEqual(":  ".utf8), bytes[index + 8] == UInt8(ascii: ":"),
                bytes[index + 9] == UInt8(ascii: " ")
            else { continue }
            let code = bytes[index + 3..<index + 8]
            guard code.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) else { continue }
            let text = Array(bytes[..<index]) + Array(": ".utf8) + bytes[(index + 10)...]
            return (String(decoding: text, as: UTF8.self), String(decoding: code, as: UTF8.self))
        }
        return (line, nil)
    }

    /// The error for the caller; `place` holds no secrets, `needsPassword` is libpq's word on a missing password.
    func error(place: String, needsPassword: Bool) -> PostgresError {
        let verdict = verdict(needsPassword: needsPassword)
        return PostgresError(
            verdict.code,
            "cannot connect to PostgreSQL (\(place)): \(reason)",
            hint: verdict.hint,
            sqlState: sqlState
        )
    }

    private func verdict(needsPassword: Bool) -> (code: ErrorCode, hint: String) {
        switch sqlState {
        case "28P01":
            return (.postgresAuthentication, "the password is wrong: check the URL, its passfile, or PGPASSWORD")
        case "28000":
            return (
                .postgresAuthentication,
                "the server's pg_hba.conf does not let this role in from here, or it does not exist"
            )
        case "42501":
            return (.postgresAuthentication, "this role may not connect to this database: GRANT CONNECT")
        case "3D000":
            return (.postgresUnavailable, "the database does not exist: create it, or correct the name in the URL")
        case "53300":
            return (.postgresUnavailable, "the server has no connection left: close some, or raise max_connections")
        case "57P03":
            return (.postgresUnavailable, "the server is starting up or shutting down: try again in a moment")
        default: break
        }
        if needsPassword {
            return (
                .postgresAuthentication, "the server wants a password: give one by the URL's passfile, or PGPASSFILE"
            )
        }
        return (.postgresUnavailable, transportHint)
    }

    private var transportHint: String {
        func says(_ text: String) -> Bool { reason.contains(text) }
        if says("Connection refused") || says("No such file or directory") && says("socket") {
            return "is it running? `cortex up` starts one; else check host and port"
        }
        if says("could not translate host name") { return "check the host's name in the URL" }
        if says("certificate") || says("SSL") {
            return "check sslmode, sslrootcert and the name in the server's certificate"
        }
        if says("timeout") || says("timed out") || says("unreachable") || says("No route") {
            return "the host does not answer: check address, network and firewall"
        }
        return "check the URL and the server's log"
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
