import Diagnostics

/// An error as `--output json` shows it: `{"error":{"code","message","hint","cause","details"}}`, secrets redacted.
struct ErrorDocument: Encodable, Equatable {
    let error: Body

    struct Body: Encodable, Equatable {
        let code: String
        let message: String
        let hint: String?
        let cause: String?
        let details: [String: String]

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(code, forKey: .code)
            try container.encode(message, forKey: .message)
            try container.encode(hint, forKey: .hint)
            try container.encode(cause, forKey: .cause)
            try container.encode(details, forKey: .details)
        }

        private enum CodingKeys: String, CodingKey {
            case code, message, hint, cause, details
        }
    }

    /// The document of any error; one that is not ours counts as `internal`, a cancellation as `interrupted`.
    init(_ error: any Error) {
        let ours = Self.cortexError(error)
        self.error = Body(
            code: ours.code.rawValue,
            message: Redaction.redact(ours.message),
            hint: ours.hint.map(Redaction.redact),
            cause: ours.cause.map { Redaction.redact("\($0)") },
            details: ours.details.mapValues(Redaction.redact)
        )
    }

    /// How a process that fails with the error exits.
    static func exitStatus(of error: any Error) -> ExitStatus {
        cortexError(error).code.meaning.exitStatus
    }

    private static func cortexError(_ error: any Error) -> any CortexError {
        if let error = error as? any CortexError { return error }
        if error is CancellationError {
            return CommandError(.interrupted, "interrupted", hint: "Start the command again to go on.")
        }
        return CommandError(
            .internal,
            "an unexpected error",
            hint: "This is a bug of cortex: please report it with the command line and this text.",
            cause: error
        )
    }

    /// `error: message`, `  cause: …`, `  hint: …`, each safe for a terminal.
    func lines(colored: Bool) -> [String] {
        let label = colored ? "\u{1b}[1;31merror:\u{1b}[0m" : "error:"
        return [
            "\(label) \(TerminalText.safe(error.message))",
            error.cause.map { "  cause: \(TerminalText.safe($0))" },
            error.hint.map { "  hint: \(TerminalText.safe($0))" },
        ].compactMap(\.self)
    }
}
