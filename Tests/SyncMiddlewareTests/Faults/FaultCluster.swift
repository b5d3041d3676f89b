import EmbeddedServers
import Foundation
import Postgres
import Processes
import SchemaMigration
import TestSupport

/// PostgreSQL, Redis, and processes with instances, each behind proxies of its own: what faults are done to.
actor FaultCluster {
    /// What the processes are.
    enum Subject: Equatable {
        /// `sync-worker`: an instance and its load in one process.
        case worker(WorkerSettings.Store)
        /// `cortex serve`; the load comes over HTTP.
        case service
    }

    /// A process and its way to the stores.
    private struct Place {
        let toRedis: FaultProxy
        let toDatabase: FaultProxy
        /// Where a service listens, whenever it runs.
        let port: Int
        var program: BuiltProgram?
        var starts = 0
    }

    nonisolated let database: ScratchPostgres
    nonisolated let redis: ScratchRedis
    private let directory: String
    private let subject: Subject
    private let seed: UInt64
    private let load: MixedLoadConfiguration
    private var places: [Place] = []
    private var histories: [String] = []
    /// What clients of a service present.
    private var key: String?
    /// What the nemesis does, in the same history.
    nonisolated let journal: HistoryFile

    struct Incomplete: Error {
        let what: String
    }

    /// Runs the body with a cluster of so many instances, all started, and leaves nothing of it.
    static func with<R>(
        instances: Int,
        of subject: Subject,
        seed: UInt64,
        load: MixedLoadConfiguration = MixedLoadConfiguration(),
        _ body: (FaultCluster) async throws -> R
    ) async throws -> R {
        var postgres = ScratchPostgresConfiguration()
        postgres.listensOnLoopback = true
        // What is acknowledged has to survive a kill of the server, not of the machine.
        postgres.settings = ["synchronous_commit": "on", "full_page_writes": "on"]
        var redis = ScratchRedisConfiguration()
        redis.lines = ["maxmemory-policy volatile-lfu"]
        return try await TestDatabase.withServer(postgres) { postgres in
            try await TestRedis.withServer(redis) { redis in
                try await withTemporaryDirectory { directory in
                    let cluster = try FaultCluster(postgres, redis, directory, of: subject, seed: seed, load: load)
                    let result: Result<R, any Error>
                    do {
                        try await cluster.prepare()
                        for number in 0..<instances { try await cluster.add(number, of: instances) }
                        result = .success(try await body(cluster))
                    } catch {
                        result = .failure(error)
                    }
                    await cluster.end()
                    return try result.get()
                }
            }
        }
    }

    private init(
        _ database: ScratchPostgres,
        _ redis: ScratchRedis,
        _ directory: String,
        of subject: Subject,
        seed: UInt64,
        load: MixedLoadConfiguration
    ) throws {
        self.database = database
        self.redis = redis
        self.directory = directory
        self.subject = subject
        self.seed = seed
        self.load = load
        let path = "\(directory)/nemesis.jsonl"
        journal = try HistoryFile(path: path, instance: "nemesis")
        histories.append(path)
    }

    // MARK: What it has

    var instances: Int { places.count }

    /// Everything that was recorded so far, in order of time.
    func events() throws -> [HistoryEvent] {
        try HistoryFile.events(of: histories)
    }

    /// The rows of a query's answer in the database under test.
    nonisolated func rows(_ query: String) async throws -> [[String]] {
        try await database.run(query, database: "cluster").split(separator: "\n")
            .map { $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init) }
    }

    /// What the processes printed, which is nothing when all is well.
    func talk() -> String {
        Directory.entries(of: directory).filter { $0.hasSuffix(".err") }.sorted()
            .compactMap { FileManager.default.contents(atPath: "\(directory)/\($0)") }
            .map { String(decoding: $0.prefix(2_000), as: UTF8.self) }.joined()
    }

    /// The proxy between an instance and Redis.
    func toRedis(_ instance: Int) -> FaultProxy { places[instance].toRedis }

    /// The proxy between an instance and PostgreSQL.
    func toDatabase(_ instance: Int) -> FaultProxy { places[instance].toDatabase }

    // MARK: Instances

    /// `kill -9`; nothing happens to one that does not run.
    func kill(_ instance: Int) async {
        guard let program = places[instance].program else { return }
        places[instance].program = nil
        program.signal(SIGKILL)
        _ = await program.wait()
    }

    /// Starts an instance that does not run, under a name of its own.
    func start(_ instance: Int) throws {
        guard places[instance].program == nil else { return }
        places[instance].starts += 1
        let name = "p\(instance).\(places[instance].starts)"
        guard let loopback = database.loopbackURL(database: "cluster") else { throw Incomplete(what: "a port") }
        let postgres = loopback.replacingPort(database.port, with: places[instance].toDatabase.port)
        let redis = "redis://127.0.0.1:\(places[instance].toRedis.port)"
        places[instance].program =
            switch subject {
            case .worker(let store): try startWorker(store, name, instance, postgres, redis)
            case .service: try startService(name, instance, postgres, redis)
            }
    }

    private func startWorker(
        _ store: WorkerSettings.Store,
        _ name: String,
        _ instance: Int,
        _ postgres: String,
        _ redis: String
    ) throws -> BuiltProgram {
        let settings = WorkerSettings(
            store: store,
            instance: name,
            postgres: postgres,
            redis: redis,
            history: addHistory(name),
            board: board,
            processes: places.count,
            process: instance,
            ending: ending,
            seed: seed &+ UInt64(histories.count) &* 1_000_003,
            load: load
        )
        return try BuiltProgram.start(
            [],
            program: "sync-worker",
            environment: [WorkerSettings.variable: settings.encoded()],
            directory: directory
        )
    }

    private func startService(
        _ name: String,
        _ instance: Int,
        _ postgres: String,
        _ redis: String
    ) throws -> BuiltProgram {
        try BuiltProgram.start(
            ["serve", "--port", String(places[instance].port)],
            environment: [
                "CORTEX_HOME": "\(directory)/home\(instance)", "REDIS_URL": redis,
                "DATABASE_URL": postgres + (postgres.contains("?") ? "&" : "?") + "application_name=\(name)",
            ],
            directory: directory
        )
    }

    // MARK: A service and its clients

    /// A new file that is part of the history, for somebody of this name.
    func addHistory(_ name: String) -> String {
        let path = "\(directory)/\(name).jsonl"
        // Whoever dies at once leaves no file: it must not be overlooked.
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        histories.append(path)
        return path
    }

    /// The file in which clients tell each other of versions.
    nonisolated var board: String { "\(directory)/board" }

    /// A client of a service, with a key that may read and write everything.
    func client(_ instance: Int) throws -> ServiceClient {
        guard let key else { throw Incomplete(what: "a key") }
        return ServiceClient(port: places[instance].port, key: key)
    }

    /// Waits until each service can serve everything.
    func waitUntilReady() async throws {
        for instance in places.indices {
            let client = try client(instance)
            try await eventually("instance \(instance) is ready: \(talk())") {
                await client.ask("GET", "/readyz")?.status == 200
            }
        }
    }

    /// Waits until each instance has answered and acknowledged something since its last start.
    func waitUntilAllWork() async throws {
        try await eventuallyEach("works") { events in
            events.contains { if case .answered = $0.what { true } else { false } }
                && events.contains { if case .acknowledged = $0.what { true } else { false } }
        }
    }

    /// Waits until each instance has answered a reader of every key from now on.
    func waitUntilAllIsReadAgain() async throws {
        let begin = MonotonicTime.now
        try await eventuallyEach("has read all keys") { events in
            let keys = events.compactMap { event in
                if case .answered(let read) = event.what, read.begunAt > begin { read.key } else { nil }
            }
            return Set(keys).count == load.keys
        }
    }

    /// Waits until the history of each instance since its last start is as it is to be.
    private func eventuallyEach(_ what: String, _ isMet: ([HistoryEvent]) -> Bool) async throws {
        for (instance, place) in places.enumerated() {
            let name = "p\(instance).\(place.starts)"
            try await eventually("\(name) \(what): \(talk())") {
                isMet(try HistoryFile.events(of: ["\(directory)/\(name).jsonl"]))
            }
        }
    }

    /// Empties Redis of what is cached, leases included; nobody is told.
    func dropCachedKeys() async throws {
        guard let epoch = try await rows("SELECT epoch FROM cortex.cache_state;").first?.first,
            let wire = RedisWire(path: redis.socket)
        else { throw Incomplete(what: "the state of the cache, or Redis") }
        for number in 0..<load.keys {
            _ = try wire.command("DEL", "cortex:\(epoch):tasks:\(MixedLoadConfiguration.key(number))")
        }
    }

    /// Ends the load; the instances stay.
    func endLoad() {
        _ = FileManager.default.createFile(atPath: ending, contents: nil)
    }

    // MARK: Private parts

    private var ending: String { "\(directory)/ending" }

    private func add(_ number: Int, of instances: Int) async throws {
        let toRedis = try FaultProxy(target: redis.port, seed: seed)
        let toDatabase = try FaultProxy(target: database.port, seed: seed)
        let port = subject == .service ? Int(try FreePort.choose()) : 0
        places.append(Place(toRedis: toRedis, toDatabase: toDatabase, port: port))
        guard places.count == instances else { return }
        for instance in 0..<instances { try start(instance) }
    }

    private func end() async {
        for instance in places.indices {
            await kill(instance)
            places[instance].toRedis.close()
            places[instance].toDatabase.close()
        }
    }

    private func prepare() async throws {
        try await database.run("CREATE DATABASE cluster; CREATE DATABASE elsewhere;")
        try await database.run("CREATE TABLE noise (n int);", database: "elsewhere")
        let configuration = try PostgresConfiguration(url: database.url(database: "cluster"))
        try await PostgresClient.withClient(configuration) { client in
            _ = try await client.withSession { try await SchemaMigrator.ensureCurrent($0) }
        }
        try await database.run(RigSchema.script(keys: load.keys), database: "cluster")
        if subject == .service { try await makeKey() }
    }

    private func makeKey() async throws {
        let made = try await BuiltProgram.run(
            ["keys", "create", "--scope", "read,write", "--clearance", "secret"],
            environment: [
                "CORTEX_HOME": "\(directory)/home", "DATABASE_URL": database.loopbackURL(database: "cluster") ?? "",
            ],
            directory: directory
        )
        guard made.status == 0 else { throw Incomplete(what: "a key: \(made.talk)") }
        key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
