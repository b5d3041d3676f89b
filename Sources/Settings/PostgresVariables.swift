/// libpq's environment variables as one connection string of `key=value` pairs.
enum PostgresVariables {
    /// Variables of libpq and the keyword of a connection string that each stands for.
    static let keywords: [(variable: String, keyword: String)] = [
        ("PGHOST", "host"), ("PGHOSTADDR", "hostaddr"), ("PGPORT", "port"), ("PGDATABASE", "dbname"),
        ("PGUSER", "user"), ("PGPASSWORD", "password"), ("PGPASSFILE", "passfile"), ("PGSERVICE", "service"),
        ("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"), ("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey"),
        ("PGTARGETSESSIONATTRS", "target_session_attrs"), ("PGOPTIONS", "options"),
    ]

    /// Variables that say which server is meant; without one of them the others mean nothing to Cortex.
    private static let naming: Set<String> = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"]

    /// The connection string and the variables that it came from; nil when no variable names a server.
    static func connection(in environment: [String: String]) -> (text: String, variables: [String])? {
        let given = keywords.compactMap { entry in
            environment[entry.variable].flatMap { $0.isEmpty ? nil : (entry.variable, entry.keyword, $0) }
        }
        guard given.contains(where: { naming.contains($0.0) }) else { return nil }
        let text = given.map { "\($0.1)=\(quoted($0.2))" }.joined(separator: " ")
        return (text, given.map(\.0))
    }

    /// A value as libpq reads it in a connection string.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/")].contains(byte)
        }
        guard !isPlain else { return value }
        return "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
