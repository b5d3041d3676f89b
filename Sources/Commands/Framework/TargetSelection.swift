import Diagnostics
import EmbeddedServers
import RuntimeTargets
import Settings

/// The target that a command works on; nothing is started by choosing it.
struct TargetSelection: Sendable {
    /// Starts, stops and describes it.
    let target: any RuntimeTarget
    /// `local`, or the connection string without its password.
    let name: String
    /// Whether it is the embedded stack.
    let isLocal: Bool
    /// The connection string as given; nil for the embedded stack.
    let url: Secret?

    /// Where to connect to the database as its owner, without starting anything; nil when the embedded stack does not run.
    func connectionURL() async throws -> String? {
        if let local = target as? LocalTarget { return try await local.endpoints()?.postgresURL }
        return url?.reveal()
    }
}

extension CommandContext {
    /// The target of this text: `local`, a connection string, or where it is nil `DATABASE_URL` if set, else `local`.
    func target(_ text: String?) throws -> TargetSelection {
        switch text {
        case "local": return try localTarget
        case "k3s":
            throw CommandError(
                .usage,
                "the target k3s is not part of this version",
                hint: "Use --target local, or the URL of a PostgreSQL that is already there."
            )
        case let url? where url.contains("://") || url.contains("="):
            if url.contains("://"), !url.hasPrefix("postgres://"), !url.hasPrefix("postgresql://") {
                throw unknownTarget(url)
            }
            return existingTarget(Secret(url))
        case let other?: throw unknownTarget(other)
        case nil: return try settings[.databaseURL].map(existingTarget) ?? localTarget
        }
    }

    private var localTarget: TargetSelection {
        get throws { TargetSelection(target: try embedded(), name: "local", isLocal: true, url: nil) }
    }

    /// The embedded stack of this home.
    func embedded() throws -> LocalTarget {
        var configuration = EmbeddedStackConfiguration()
        configuration.search = search
        return LocalTarget(home: try CortexHome(home), configuration: configuration)
    }

    /// Where the servers' programs are looked for: the `PATH` of this process, then where packages put them.
    var search: ServerSearch { ServerSearch(path: environment["PATH"]) }

    private func existingTarget(_ url: Secret) -> TargetSelection {
        TargetSelection(
            target: ExistingTarget(postgresURL: url.reveal(), redisURL: settings[.redisURL]?.reveal(), search: search),
            name: Redaction.redact(url.reveal()),
            isLocal: false,
            url: url
        )
    }

    private func unknownTarget(_ text: String) -> CommandError {
        CommandError(
            .usage,
            "\(Redaction.redact(text)) is no target",
            hint: "Use --target local, or a URL such as postgres://user@host/database."
        )
    }
}
