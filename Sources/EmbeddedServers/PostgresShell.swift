import Diagnostics
import Processes

/// Asks a server through `psql`.
///
/// The script goes through standard input, a password through a passfile or the environment: neither is in a command
/// line.
struct PostgresShell: Sendable {
    let installation: PostgresInstallation

    /// The most that a script may print; more is an error, since nobody would notice that the end is missing.
    private static let outputLimit = 64 << 20

    /// Runs the script, stops at its first error, and returns what it printed: fields separated by `|`, no headings.
    ///
    /// Throws `postgres.authentication`, `postgres.unavailable` or `postgres.statement`, the last one also for a script that
    /// prints more than 64 MiB.
    func run(_ script: String, at url: String, deadline: Duration = .seconds(30)) async throws -> String {
        let address = PostgresAddress(url)
        var environment = ["PGCONNECT_TIMEOUT": "10", "PGCLIENTENCODING": "UTF8"]
        if let password = address.password { environment["PGPASSWORD"] = password.reveal() }
        let command = ChildCommand(
            installation.program("psql"),
            [
                "--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                "--dbname=\(address.withoutPassword)",
            ],
            environment: environment,
            input: Array(script.utf8)
        )
        let result = try await ChildProcess.run(command, deadline: deadline, outputLimit: Self.outputLimit)
        guard result.succeeded else { throw Self.failure(result) }
        guard !result.isTruncated else {
            throw EmbeddedServersError(
                .postgresStatement,
                "psql printed more than \(Self.outputLimit >> 20) MiB",
                hint: "Ask for fewer rows at a time."
            )
        }
        return result.outputText
    }

    private static func failure(_ result: ChildResult) -> EmbeddedServersError {
        let text = Redaction.redact(result.errorText)
        let line = text.split(separator: "\n").first.map(String.init) ?? "psql ended without a message"
        // psql exits with 2 when the connection failed, 3 when a statement did.
        guard result.ending == .exited(2) else {
            return EmbeddedServersError(.postgresStatement, line, details: ["output": text])
        }
        let isRefused = ["authentication failed", "no password supplied", "no pg_hba.conf entry"].contains {
            text.contains($0)
        }
        return EmbeddedServersError(
            isRefused ? .postgresAuthentication : .postgresUnavailable,
            line,
            hint: isRefused
                ? "Check the password or the passfile that the URL names."
                : "Check that the server runs: cortex status.",
            details: ["output": text]
        )
    }
}
