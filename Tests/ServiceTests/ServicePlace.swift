import EmbeddedServers
import Foundation
import Postgres
import Processes
import SchemaMigration
import TestSupport

/// Where processes of the service run: their stores, a directory, and a home for each.
struct ServicePlace {
    let directory: String
    /// What every process is told; empty where it finds its stores by itself.
    var environment: [String: String] = [:]

    /// Runs the body in an empty directory that servers of another account can reach.
    static func with<R>(_ body: (ServicePlace) async throws -> R) async throws -> R {
        try await withTemporaryDirectory { directory in
            try Directory.own(directory, mode: 0o755, owner: nil)
            return try await body(ServicePlace(directory: directory))
        }
    }

    /// Runs the body beside an empty database with the schema, in mode `postgres`, and a Redis.
    static func withStores<R>(_ body: (ServicePlace) async throws -> R) async throws -> R {
        try await TestDatabase.withDatabase { url in
            try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
                try await client.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = epoch + 1")
            }
            return try await TestRedis.withServer { redis in
                try await with { place in
                    var place = place
                    place.environment = ["DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:\(redis.port)"]
                    return try await body(place)
                }
            }
        }
    }

    /// The home of this name.
    func home(_ name: String = "home") -> String { "\(directory)/\(name)" }

    /// The key that a home's first administrator has.
    func adminKey(_ home: String = "home") throws -> String {
        guard let key = try SmallFile.readText(self.home(home) + "/secrets/admin.key") else { throw NoKey() }
        return key.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    struct NoKey: Error {}

    /// The environment of a process with this home.
    func variables(_ home: String = "home", _ more: [String: String] = [:]) -> [String: String] {
        environment.merging(["CORTEX_HOME": self.home(home)]) { _, own in own }.merging(more) { _, own in own }
    }

    /// Runs a command to its end.
    func run(_ arguments: String...) async throws -> BuiltProgram.Ended {
        try await BuiltProgram.run(arguments, environment: variables(), directory: directory)
    }

    /// Starts the service in this home.
    func start(
        _ home: String = "home",
        port: Int = 0,
        _ arguments: [String] = [],
        _ more: [String: String] = [:]
    ) async throws -> ServiceProcess {
        try await ServiceProcess.start(
            arguments,
            port: port,
            environment: variables(home, more),
            directory: directory
        )
    }

    /// Runs the body with the service in this home and ends it afterwards.
    func withService<R>(
        _ arguments: [String] = [],
        _ more: [String: String] = [:],
        _ body: (ServiceProcess) async throws -> R
    ) async throws -> R {
        try await ServiceProcess.with(
            arguments,
            environment: variables("home", more),
            directory: directory,
            body
        )
    }
}
