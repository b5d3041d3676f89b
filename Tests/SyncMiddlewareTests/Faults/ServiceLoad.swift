import TestSupport

/// The load of the rig over HTTP: clients of each service, which outlive it when it is killed.
struct ServiceLoad {
    /// The names of the clients in the history are those of the services, and stay when these are started again.
    private let loads: [MixedLoad<ServiceTarget>]
    private let seed: UInt64
    private let keys: Int

    init(on cluster: FaultCluster, seed: UInt64, configuration: MixedLoadConfiguration) async throws {
        guard
            let epoch = try await cluster.rows("SELECT epoch FROM cortex.system_mode;").first?.first.flatMap({ Int($0) }
            )
        else { throw FaultCluster.Incomplete(what: "the epoch of the mode") }
        var loads: [MixedLoad<ServiceTarget>] = []
        let instances = await cluster.instances
        for instance in 0..<instances {
            let name = "p\(instance)"
            loads.append(
                MixedLoad(
                    on: ServiceTarget(try await cluster.client(instance), epoch: epoch),
                    instance: name,
                    history: try HistoryFile(path: await cluster.addHistory(name), instance: name),
                    board: try TokenBoard(
                        path: cluster.board,
                        keys: configuration.keys,
                        pages: instances,
                        page: instance
                    ),
                    configuration: configuration
                )
            )
        }
        self.loads = loads
        self.seed = seed
        keys = configuration.keys
    }

    /// Runs beside the body, until it returns.
    func run(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, load) in loads.enumerated() {
                group.addTask { try await load.run(seed: seed &+ UInt64(number) &* 1_000_003) }
            }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            // An answer that may not be is worse than what came of it.
            try await group.waitForAll()
            try result.get()
        }
    }

    /// Reads every key at every service, once.
    func readAll() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for load in loads {
                group.addTask { for key in 0..<keys { try await load.read(key, .recent) } }
            }
            try await group.waitForAll()
        }
    }
}
