import EmbeddedServers
import Foundation
import TestSupport

/// Does to a cluster what a schedule says, and heals it; each fault is in the history.
struct Nemesis {
    let cluster: FaultCluster
    let schedule: FaultSchedule

    /// Runs the schedule to its end; everything is healed afterwards.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { background in
            for (number, step) in schedule.steps.enumerated() {
                try await Task.sleep(for: step.pause)
                try cluster.journal.record(.noted("\(step)"))
                switch step.fault {
                case .openTransaction, .openTransactionElsewhere:
                    // It stays open during the faults that follow.
                    background.addTask { await leaveOpen(step) }
                default:
                    try await perform(step, number: number)
                }
                try cluster.journal.record(.noted("healed"))
            }
            try await background.waitForAll()
        }
    }

    /// Another program changes a few rows, removes one and makes one, each in a transaction of its own.
    func writeFromOutside(_ number: Int) async throws {
        let script = (0..<8).map { row in
            let key = "task-\(row)"
            let mark = "outside-\(number)-\(row)"
            return switch row {
            case 6:
                // The trigger of the rig runs at COMMIT and asks who it was.
                """
                BEGIN; SET LOCAL cortex.principal = '\(mark)';
                DELETE FROM public.tasks WHERE task_id = '\(key)' RETURNING task_id, '\(mark)', version + 1; COMMIT;
                """
            case 7:
                """
                BEGIN; INSERT INTO public.tasks (task_id, title) VALUES ('\(key)', '\(mark)')
                ON CONFLICT (task_id) DO UPDATE SET title = excluded.title;
                SELECT task_id, title, version FROM public.tasks WHERE task_id = '\(key)'; COMMIT;
                """
            default:
                """
                UPDATE public.tasks SET title = '\(mark)' WHERE task_id = '\(key)' RETURNING task_id, title, version;
                """
            }
        }
        let output = try await cluster.database.run(script.joined(separator: "\n"), database: "cluster")
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: "|")
            guard fields.count == 3, let version = Int(fields[2]) else { continue }
            let (key, mark) = (String(fields[0]), String(fields[1]))
            try cluster.journal.record(.acknowledged(key: key, mark: mark, version: version))
        }
    }

    // MARK: Faults

    private func perform(_ step: FaultSchedule.Step, number: Int) async throws {
        switch step.fault {
        case .killInstance: try await kill(step.instance, for: step.length)
        case .killRelay: try await kill(try await relayOwner() ?? step.instance, for: step.length)
        case .killRedis: try await killRedis(for: step.length)
        case .killPostgres:
            try await cluster.database.kill()
            try await Task.sleep(for: step.length)
            try await cluster.database.start()
        case .stallRedis:
            cluster.redis.suspend()
            try await Task.sleep(for: step.length)
            cluster.redis.resume()
        case .flushRedis: _ = try redis().command("FLUSHALL")
        case .oldImage: try await bringBackOldImage(after: step.length)
        case .littleMemory: try await limitMemory(for: step.length)
        case .cutOff: try await cutOff(step) { $0.refuse(true) }
        case .loseReplies: try await cutOff(step, cuts: false) { $0.set(.drop, on: [.toClient]) }
        case .cutDatabase: try await cutDatabase(step)
        case .foreignWrites: try await writeFromOutside(number)
        case .openTransaction, .openTransactionElsewhere: break
        }
    }

    private func kill(_ instance: Int, for length: Duration) async throws {
        await cluster.kill(instance)
        try await Task.sleep(for: length)
        try await cluster.start(instance)
    }

    private func killRedis(for length: Duration) async throws {
        try await cluster.redis.kill()
        try await Task.sleep(for: length)
        try await cluster.redis.start()
    }

    /// What is cached now is what Redis comes back with.
    private func bringBackOldImage(after length: Duration) async throws {
        _ = try redis().command("SAVE")
        try await Task.sleep(for: length)
        try await killRedis(for: .milliseconds(200))
        // A later start is an empty one.
        try FileManager.default.removeItem(atPath: "\(cluster.redis.path)/dump.rdb")
    }

    private func limitMemory(for length: Duration) async throws {
        _ = try redis().command("CONFIG", "SET", "maxmemory", "2mb")
        try await Task.sleep(for: length)
        _ = try redis().command("CONFIG", "SET", "maxmemory", "0")
    }

    private func cutOff(_ step: FaultSchedule.Step, cuts: Bool = true, _ fault: (FaultProxy) -> Void) async throws {
        let proxy = await cluster.toRedis(step.instance)
        fault(proxy)
        if cuts { proxy.cut() }
        try await Task.sleep(for: step.length)
        proxy.heal()
    }

    private func cutDatabase(_ step: FaultSchedule.Step) async throws {
        let proxy = await cluster.toDatabase(step.instance)
        let end = ContinuousClock.now + step.length
        while ContinuousClock.now < end {
            // The replies to what was sent in these milliseconds get lost.
            proxy.set(.drop, on: [.toClient])
            try await Task.sleep(for: .milliseconds(20))
            proxy.cut()
            proxy.heal()
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    private func leaveOpen(_ step: FaultSchedule.Step) async {
        let isHere = step.fault == .openTransaction
        let table = isHere ? "rig.noise" : "noise"
        let seconds = Double(step.length.nanoseconds) / 300_000_000
        do {
            try await cluster.database.run(
                "BEGIN; INSERT INTO \(table) VALUES (1); SELECT pg_sleep(\(seconds)); ROLLBACK;",
                database: isHere ? "cluster" : "elsewhere"
            )
        } catch {
            // A kill of the server may end it early.
        }
    }

    // MARK: Looking

    private func redis() throws -> RedisWire {
        guard let wire = RedisWire(path: cluster.redis.socket) else { throw FaultCluster.Incomplete(what: "Redis") }
        return wire
    }

    /// The instance whose session holds the relay's lock; nil when none does.
    private func relayOwner() async throws -> Int? {
        let query = """
            SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND a.application_name LIKE 'p%';
            """
        let names = try await cluster.database.run(query, database: "cluster").split(separator: "\n")
        return names.compactMap { name in name.dropFirst().split(separator: ".").first.flatMap { Int($0) } }
            .first { $0 >= 0 }
    }
}
