import Diagnostics
import Processes

/// Where the servers of a home keep their files and sockets.
struct Placement: Sendable, Hashable {
    /// PostgreSQL's directory; the data directory is `data` in it.
    let postgres: String
    /// Redis' directory.
    let redis: String
    /// The directory of both sockets.
    let sockets: String
    /// Directories outside the home that were made for it; they go with a purge.
    let outside: [String]
    /// What the caller should be told about it.
    let notes: [String]

    /// The data directory.
    var data: String { "\(postgres)/data" }
    /// Redis' configuration file; its path in the command line is what tells our server from others.
    var redisConfiguration: String { "\(redis)/redis.conf" }
    /// Redis' socket.
    var redisSocket: String { "\(sockets)/redis.sock" }
}

/// What is known about a home when its placement is decided.
struct PlacementFacts: Sendable, Hashable {
    /// The home.
    let home: CortexHome
    /// Whether the servers run as another user than the caller (the caller is root).
    let dropsPrivileges: Bool
    /// Whether the servers' user can enter the home.
    let isReachable: Bool
    /// Whether the home holds a data directory already.
    let hasDataInHome: Bool
    /// Whether there is one in the place for homes that cannot be reached.
    let hasDataElsewhere: Bool
}

/// Decides where the servers of a home keep their files.
enum PlacementDecision {
    /// Longer socket paths go to a short directory.
    ///
    /// The system's limit is 107 bytes on Linux, 103 on macOS.
    static let longestSocketPath = 100

    /// Where homes that the servers' user cannot reach have their data.
    static func elsewhere(_ home: CortexHome) -> String { "/var/lib/cortex/\(home.shortName)" }

    /// Where sockets are whose path would be too long.
    static func shortSockets(_ home: CortexHome) -> String { "/tmp/cortex-\(home.shortName)" }

    /// The placement of a home.
    ///
    /// Existing data decides; only a new home is placed by what its user can reach.
    ///
    /// Throws `not_permitted` when the home holds data that the servers' user can no longer reach.
    static func decide(_ facts: PlacementFacts) throws(EmbeddedServersError) -> Placement {
        let home = facts.home
        guard facts.dropsPrivileges, facts.hasDataElsewhere || !facts.isReachable else {
            return place(home, base: nil)
        }
        guard facts.hasDataElsewhere || !facts.hasDataInHome else {
            throw EmbeddedServersError(
                .notPermitted,
                "the user \(ServerAccount.name) can no longer reach the data directory in \(home.postgres)",
                hint:
                    "Let that user enter each directory above it (chmod o+x), or run cortex as the user who did before.",
                details: ["path": home.postgres]
            )
        }
        return place(home, base: elsewhere(home))
    }

    private static func place(_ home: CortexHome, base: String?) -> Placement {
        var outside: [String] = []
        var notes: [String] = []
        var sockets = "\(home.run)/sockets"
        if let base {
            sockets = "\(base)/run"
            outside.append(base)
            notes.append("The user \(ServerAccount.name) cannot reach \(home.path); the servers' data is in \(base).")
        }
        if "\(sockets)/.s.PGSQL.65535".utf8.count > longestSocketPath {
            sockets = shortSockets(home)
            outside.append(sockets)
            notes.append("The path \(home.path) is too long for sockets; they are in \(sockets).")
        }
        return Placement(
            postgres: base.map { "\($0)/postgres" } ?? home.postgres,
            redis: base.map { "\($0)/redis" } ?? home.redis,
            sockets: sockets,
            outside: outside,
            notes: notes
        )
    }
}

extension Placement {
    /// Looks at the home and decides; tries whether the account can reach it by being it.
    static func of(_ home: CortexHome, account: Account) async throws -> Placement {
        let dropsPrivileges = account != Account.current
        let nearest = nearestDirectory(home.path)
        let isReachable = if dropsPrivileges { try await canEnter(nearest, account) } else { true }
        let facts = PlacementFacts(
            home: home,
            dropsPrivileges: dropsPrivileges,
            isReachable: isReachable,
            hasDataInHome: Directory.exists("\(home.postgres)/data/PG_VERSION"),
            hasDataElsewhere: Directory.exists("\(PlacementDecision.elsewhere(home))/postgres/data/PG_VERSION")
        )
        return try PlacementDecision.decide(facts)
    }

    /// Makes the directories that are missing and gives the servers' own ones to their user.
    ///
    /// Throws `not_permitted` when a directory in a place open to all belongs to somebody else.
    func prepare(account: Account) throws {
        for directory in [postgres, redis, sockets] {
            try Directory.make(directory, mode: 0o700, owner: account)
            // Anybody can make names in /tmp: what is there must be a directory of our user, and no link to one.
            guard !Directory.isLink(directory), Directory.isDirectory(directory),
                Directory.owner(of: directory) == account.userID
            else {
                throw EmbeddedServersError(
                    .notPermitted,
                    "\(directory) does not belong to the user \(account.name)",
                    hint: "Remove it, or run cortex as the user who owns it.",
                    details: ["path": directory]
                )
            }
            if Directory.mode(of: directory) != 0o700 { try Directory.own(directory, mode: 0o700, owner: nil) }
        }
    }

    private static func nearestDirectory(_ path: String) -> String {
        var candidate = path
        while !Directory.isDirectory(candidate), candidate != "/" { candidate = Directory.parent(of: candidate) }
        return candidate
    }

    private static func canEnter(_ directory: String, _ account: Account) async throws -> Bool {
        let command = ChildCommand("/bin/sh", ["-c", "cd -- \"$1\"", "sh", directory], account: account)
        return try await ChildProcess.run(command, deadline: .seconds(10)).succeeded
    }
}
