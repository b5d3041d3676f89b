import Diagnostics
import Domain
import EmbeddedServers
import Postgres

/// Looks at the database of a target: whether it answers, keeps sessions, has the schema, and in which mode it is.
struct DatabaseDiagnosis {
    let context: CommandContext
    let selection: TargetSelection

    /// The checks; none where the embedded stack is not running, since `up` starts it.
    func checks() async -> [DoctorCheck] {
        do {
            guard let url = try await selection.connectionURL() else { return [] }
            let configuration = try context.postgresConfiguration(url)
            return try await PostgresClient.withClient(configuration, maximumSessions: 2) { client in
                var checks = [try await connection(client)]
                checks.append(try await sessions(client))
                checks.append(try await encoding(client))
                checks.append(try await schema(client))
                checks.append(try await mode(client))
                return checks
            }
        } catch {
            let document = ErrorDocument(error).error
            let text = [document.message, document.cause].compactMap(\.self).joined(separator: ": ")
            return [DoctorCheck("connection", .fail, text, fix: document.hint)]
        }
    }

    private func connection(_ client: PostgresClient) async throws -> DoctorCheck {
        let row = try await client.query("SELECT current_setting('server_version') AS version, current_user AS name")
            .first
        let version = row?["version"].string ?? "?"
        let major = Int(version.prefix { $0.isNumber }) ?? 0
        guard major >= 15 else {
            return DoctorCheck(
                "connection",
                .fail,
                "the server is PostgreSQL \(version)",
                fix: "Use PostgreSQL 15 or newer."
            )
        }
        return DoctorCheck(
            "connection",
            .ok,
            "PostgreSQL \(version) as \(row?["name"].string ?? "?") on \(selection.name)"
        )
    }

    /// A pooler in transaction mode hands each transaction to another backend; loading needs temporary tables and locks.
    private func sessions(_ client: PostgresClient) async throws -> DoctorCheck {
        let backends = try await client.withSession { session in
            try await session.query("SET application_name = 'cortex doctor'")
            var seen: Set<String> = []
            for _ in 0..<3 {
                let row = try await session.query(
                    "SELECT pg_backend_pid()::text || ' ' || current_setting('application_name') AS mark"
                ).first
                seen.insert(row?["mark"].string ?? "")
            }
            return seen
        }
        guard backends.count == 1, backends.first?.hasSuffix("cortex doctor") == true else {
            return DoctorCheck(
                "sessions",
                .fail,
                "one connection reaches several backends: a pooler in transaction mode is between",
                fix: "Connect to the server itself, or to a pool in session mode."
            )
        }
        return DoctorCheck("sessions", .ok, "a connection keeps its backend")
    }

    private func encoding(_ client: PostgresClient) async throws -> DoctorCheck {
        let name = try await client.query("SHOW server_encoding").first?[0].string ?? "?"
        guard name == "UTF8" else {
            return DoctorCheck(
                "encoding",
                .fail,
                "the database has the encoding \(name)",
                fix: "Create it with ENCODING 'UTF8'."
            )
        }
        return DoctorCheck("encoding", .ok, "UTF8")
    }

    private func schema(_ client: PostgresClient) async throws -> DoctorCheck {
        let status = try await SchemaOverview.read(client)
        if status.applied > status.shipped {
            return DoctorCheck(
                "schema",
                .fail,
                "the database has \(status.applied) schema migrations, this program knows \(status.shipped)",
                fix: "Use the newer cortex that migrated it."
            )
        }
        if status.applied < status.shipped {
            let text = status.applied == 0 ? "not there yet" : "version \(status.applied) of \(status.shipped)"
            return DoctorCheck("schema", .warn, text, fix: "cortex schema up, or cortex migrate, which does it first.")
        }
        return DoctorCheck("schema", .ok, "version \(status.applied)")
    }

    private func mode(_ client: PostgresClient) async throws -> DoctorCheck {
        let mode = try await SystemModeRow.read(client)
        guard mode != .frozen else {
            return DoctorCheck(
                "mode",
                .warn,
                "frozen: writes wait for a switch that did not finish",
                fix: "Start cortex migrate again; it goes on where it stopped."
            )
        }
        return DoctorCheck("mode", .ok, mode.rawValue)
    }
}
