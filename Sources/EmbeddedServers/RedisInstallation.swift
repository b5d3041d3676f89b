import Diagnostics
import Processes

/// The programs of Redis on this machine.
public struct RedisInstallation: Sendable, Hashable {
    /// The server program.
    public let server: String
    /// The command-line client.
    public let client: String
    /// The version, such as `7.0.15`.
    public let version: String

    /// The oldest major version that Cortex works with: read-only key permissions came with it.
    public static let oldestMajor = 7

    /// For what needs no programs, such as reading a recorded port.
    static let none = RedisInstallation(server: "/nonexistent", client: "/nonexistent", version: "0")

    /// The first new enough installation on the search path.
    ///
    /// Throws `program.missing` with what was found instead and what to do.
    public static func choose(_ search: ServerSearch = ServerSearch()) async throws -> RedisInstallation {
        var found: [String] = []
        for directory in search.directories {
            let server = "\(directory)/redis-server"
            let client = "\(directory)/redis-cli"
            guard Directory.exists(server), Directory.exists(client) else { continue }
            let result = try await ChildProcess.run(ChildCommand(server, ["--version"]), deadline: .seconds(10))
            guard result.succeeded, let version = ServerVersion(redis: result.outputText) else { continue }
            if version.major >= oldestMajor {
                return RedisInstallation(server: server, client: client, version: version.text)
            }
            found.append(version.text)
        }
        let versions = found.joined(separator: ", ")
        throw EmbeddedServersError(
            .programMissing,
            "Redis \(oldestMajor) or newer is not installed" + (versions.isEmpty ? "" : " (found: \(versions))"),
            hint: "Run scripts/setup, or install the packages redis-server and redis-tools.",
            details: ["program": "redis-server", "found": versions]
        )
    }
}
