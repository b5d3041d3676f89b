import Postgres
import Redis
import SyncMiddleware
import TestSupport

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One process of the fault rig: an instance of the middleware, or what it is compared with, under a mixed load.
///
/// It belongs to the tests and to no product. It ends when it is killed.
@main
enum SyncWorker {
    static func main() async throws {
        guard let settings = try WorkerSettings.ofProcess() else {
            let text = "sync-worker is started by tests: \(WorkerSettings.variable) is not set\n"
            write(STDERR_FILENO, text, text.utf8.count)
            exit(64)
        }
        let worker = try Worker(settings)
        switch settings.store {
        case .database:
            try await withDatabase(settings) { try await worker.run(on: DatabaseTarget(client: $0)) }
        case .middleware:
            let servers = SyncServers(
                postgres: try PostgresConfiguration(url: settings.postgres, applicationName: settings.instance),
                redis: try RedisConfiguration(url: settings.redis, clientName: settings.instance)
            )
            try await SyncInstance.withInstance(settings.instance, servers) { instance in
                instance.observeLeasedReads { worker.note($0) }
                try await worker.run(on: MiddlewareTarget(instance: instance))
            }
        case .naive:
            try await withDatabase(settings) { client in
                try await RedisClient.withClient(RedisConfiguration(url: settings.redis)) { redis in
                    try await worker.run(on: NaiveTarget(database: DatabaseTarget(client: client), redis: redis))
                }
            }
        }
    }

    private static func withDatabase(
        _ settings: WorkerSettings,
        _ body: (PostgresClient) async throws -> Void
    ) async throws {
        let configuration = try PostgresConfiguration(
            url: settings.postgres,
            applicationName: settings.instance,
            connectTimeout: .seconds(2),
            statementTimeout: .seconds(2)
        )
        try await PostgresClient.withClient(configuration, maximumSessions: settings.load.callers, body)
    }
}
