import CLibpq
import Diagnostics

/// The connection parameters of a URL, as libpq reads it.
struct ConnectionParameters: Sendable {
    private let given: [(keyword: String, value: Secret)]

    /// Reads a URI or key=value string.
    init(url: String) throws(PostgresError) {
        var reason: UnsafeMutablePointer<CChar>?
        guard !url.utf8.contains(0), let options = PQconninfoParse(url, &reason) else {
            let text = reason.map { String(cString: $0) } ?? "it holds a NUL byte"
            if let reason { PQfreemem(reason) }
            throw PostgresError(
                .settingInvalid,
                "the PostgreSQL URL cannot be read: \(text.withoutQuotedParts.withoutNewlines)",
                hint: "write postgresql://role@host:5432/database, with the password in a passfile"
            )
        }
        defer { PQconninfoFree(options) }
        var given: [(String, Secret)] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                given.append((String(cString: keyword), Secret(String(cString: value))))
            }
            option += 1
        }
        self.given = given
    }

    /// The value given for a keyword.
    subscript(_ keyword: String) -> String? {
        given.last { $0.keyword == keyword }?.value.reveal()
    }

    /// Server, database and role for messages; what the URL leaves open is libpq's to decide.
    var place: String {
        let host = self["host"] ?? self["hostaddr"] ?? "default host"
        let port = self["port"].map { ":" + $0 } ?? ""
        let database = self["dbname"].map { "/" + $0 } ?? ""
        let role = self["user"].map { " as " + $0 } ?? ""
        return host + port + database + role
    }

    /// Everything that PQconnectStartParams gets: the given parameters, defaults for what is not given, and the
    /// settings that decoding relies on; `settings` are further ones of the server, such as `lock_timeout=500`.
    ///
    /// Statements are not compiled (`jit`) unless the given `options` ask for it: where a table has no statistics yet the
    /// planner takes what reads three rows for a large query, and compiling takes a hundred times as long as running it.
    func effective(
        applicationName: String,
        statementTimeout: Duration?,
        settings further: [String] = []
    ) -> [(keyword: String, value: String)] {
        var settings = [
            "bytea_output=hex", "datestyle=ISO", "intervalstyle=iso_8601", "timezone=UTC", "extra_float_digits=1",
        ]
        settings += further
        if let statementTimeout {
            settings.append("statement_timeout=\(max(1, statementTimeout.wholeMilliseconds))")
        }
        let options = (["-c jit=off", self["options"]].compactMap(\.self) + settings.map { "-c " + $0 }).joined(
            separator: " "
        )
        let fixed = ["options": options, "client_encoding": "UTF8"]
        let defaults = [
            "fallback_application_name": applicationName,
            "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "60000",
        ]
        var result = given.map { (keyword: $0.keyword, value: $0.value.reveal()) }
            .filter { fixed[$0.keyword] == nil }
        let present = Set(result.map(\.keyword))
        result += defaults.filter { !present.contains($0.key) }.map { (keyword: $0.key, value: $0.value) }
        result += fixed.map { (keyword: $0.key, value: $0.value) }
        return result
    }
}

extension Duration {
    /// Milliseconds, cut.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? Int64.max / 2 : milliseconds + attoseconds / 1_000_000_000_000_000
    }
}

extension String {
    fileprivate var withoutNewlines: String {
        split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
