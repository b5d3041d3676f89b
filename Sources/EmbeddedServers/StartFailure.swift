import Diagnostics

/// Reads from a server's log why it did not start.
enum StartFailure {
    /// The error for PostgreSQL; with a deadline when it still ran then.
    static func postgres(log: String, tail: String, deadline: Duration? = nil) -> EmbeddedServersError {
        make("PostgreSQL", log: log, tail: tail, deadline: deadline)
    }

    /// The error for Redis; with a deadline when it still ran then.
    static func redis(log: String, tail: String, deadline: Duration? = nil) -> EmbeddedServersError {
        make("Redis", log: log, tail: tail, deadline: deadline)
    }

    private static func make(
        _ server: String,
        log: String,
        tail: String,
        deadline: Duration?
    ) -> EmbeddedServersError {
        let details = ["path": log, "log": tail]
        let lowered = tail.lowercased()
        for known in patterns where known.texts.contains(where: lowered.contains) {
            return EmbeddedServersError(
                known.code,
                "\(server) did not start: \(known.reason)",
                hint: known.hint,
                details: details
            )
        }
        let reason = deadline.map { "not ready within \($0)" } ?? lastReason(tail) ?? "it ended at once"
        return EmbeddedServersError(
            .serverStartFailed,
            "\(server) did not start: \(reason)",
            hint: "Its log is \(log); cortex doctor looks for known causes.",
            details: details
        )
    }

    /// Whether the failure may be gone at the next attempt with another port.
    static func isPortTaken(_ error: any Error) -> Bool {
        (error as? any CortexError)?.code == .portTaken
    }

    private struct Pattern: Sendable {
        let texts: [String]
        let code: ErrorCode
        let reason: String
        let hint: String
    }

    private static let patterns = [
        Pattern(
            texts: ["no space left on device", "disk quota exceeded"],
            code: .diskFull,
            reason: "the disk is full",
            hint: "Free space on the file system of the data directory, then try again."
        ),
        Pattern(
            texts: ["address already in use", "could not create any tcp/ip sockets"],
            code: .portTaken,
            reason: "another program listens on the port",
            hint: "Stop that program, or choose another port."
        ),
        Pattern(
            texts: [
                "could not create shared memory", "could not map anonymous shared memory", "cannot allocate memory",
            ],
            code: .serverStartFailed,
            reason: "there is not enough memory",
            hint: "Free memory, or raise the limit of the container."
        ),
        Pattern(
            texts: ["database files are incompatible with server", "was initialized by postgresql version"],
            code: .serverStartFailed,
            reason: "the data directory belongs to another PostgreSQL version",
            hint: "Install that version, or export the data with it and start afresh (cortex down --purge)."
        ),
    ]

    /// The last line that names a reason.
    private static func lastReason(_ tail: String) -> String? {
        let marks = ["FATAL:", "PANIC:", "ERROR:", "FATAL CONFIG FILE ERROR", "# "]
        let line = tail.split(separator: "\n").last { line in marks.contains { line.contains($0) } }
        guard let line else { return nil }
        for mark in marks.prefix(3) {
            if let range = line.firstRange(of: mark) {
                return String(line[range.upperBound...].drop { $0 == " " })
            }
        }
        return String(line)
    }
}
