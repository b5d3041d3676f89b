import Diagnostics
import Processes

/// The programs of one PostgreSQL version on this machine.
public struct PostgresInstallation: Sendable, Hashable {
    /// The directory of the programs, links resolved.
    public let binDirectory: String
    /// The major version, such as 15.
    public let major: Int
    /// The whole version, such as `15.18`.
    public let version: String

    /// The oldest major version that Cortex works with.
    public static let oldestMajor = 15

    /// For what needs no programs, such as stopping a server.
    static let none = PostgresInstallation(binDirectory: "/nonexistent", major: 0, version: "0")

    /// The path of one of its programs.
    public func program(_ name: String) -> String { "\(binDirectory)/\(name)" }

    /// All installations with the server and the client programs, newest first, too old ones included.
    public static func all(_ search: ServerSearch = ServerSearch()) async throws -> [PostgresInstallation] {
        var found: [PostgresInstallation] = []
        for directory in search.directories(holding: ["postgres", "initdb", "psql", "pg_isready"]) {
            let result = try await ChildProcess.run(
                ChildCommand("\(directory)/postgres", ["--version"]),
                deadline: .seconds(10)
            )
            guard result.succeeded, let version = ServerVersion(postgres: result.outputText) else { continue }
            found.append(
                PostgresInstallation(binDirectory: directory, major: version.major, version: version.text)
            )
        }
        return found.sorted { ($0.major, $0.binDirectory) > ($1.major, $1.binDirectory) }
    }

    /// The newest installation that is new enough, or the newest one of the given major version.
    ///
    /// Throws `program.missing` with what was found instead and what to do.
    public static func choose(
        major: Int? = nil,
        _ search: ServerSearch = ServerSearch()
    ) async throws -> PostgresInstallation {
        let found = try await all(search)
        if let match = found.first(where: { major == nil ? $0.major >= oldestMajor : $0.major == major }) {
            return match
        }
        let wanted = major.map { "PostgreSQL \($0)" } ?? "PostgreSQL \(oldestMajor) or newer"
        let versions = found.map(\.version).joined(separator: ", ")
        throw EmbeddedServersError(
            .programMissing,
            "\(wanted) is not installed" + (versions.isEmpty ? "" : " (found: \(versions))"),
            hint: "Run scripts/setup, or install the package \(major.map { "postgresql-\($0)" } ?? "postgresql").",
            details: ["program": "postgres", "found": versions]
        )
    }
}

/// A version as programs print it.
struct ServerVersion: Sendable, Hashable {
    let major: Int
    let text: String

    /// From `postgres (PostgreSQL) 15.18 (Debian …)`; development versions such as `18beta1` count as their major.
    init?(postgres line: String) {
        guard let mark = line.firstRange(of: "(PostgreSQL) ") else { return nil }
        self.init(number: line[mark.upperBound...].prefix { $0 != " " })
    }

    /// From `Redis server v=7.0.15 sha=…`.
    init?(redis line: String) {
        guard let mark = line.firstRange(of: "v=") else { return nil }
        self.init(number: line[mark.upperBound...].prefix { $0 != " " })
    }

    private init?(number: Substring) {
        guard let major = Int(number.prefix { $0.isNumber }) else { return nil }
        self.major = major
        self.text = String(number)
    }
}
