import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Live outages of PostgreSQL and the relay", .serialized)
struct LiveOutageTests {
    @Test("While PostgreSQL hangs or is stopped cached rows are answered marked stale, and nothing else is")
    func postgres() async throws {
        try await SyncHarness.withOwnServer { harness, server in
            let harness = harness.with { $0.databaseDeadline = .seconds(1) }
            try await harness.task("t", title: "kept")
            try await harness.withTwo { first, second in
                func check(_ what: String) async throws {
                    for instance in [first, second] {
                        try await instance.waitForCache()
                        #expect(try await instance.title("t") == "kept")
                    }
                }
                func checkAway(_ what: String) async throws {
                    try await Task.sleep(for: harness.configuration.staleness)
                    let answer = try await second.read("tasks", "t")
                    #expect(answer.source == .stale && answer.body != nil && answer.age >= .seconds(1), "\(what)")
                    for need in [ReadNeed.strong, .version(9)] {
                        await #expect(throws: SyncError.self, "\(what)") { try await second.read("tasks", "t", need) }
                    }
                    await #expect(throws: SyncError.self, "\(what)") { try await second.read("tasks", "uncached") }
                    let failure = try await first.failure(of: "t", .replace(["title": "lost"], expected: 1))
                    #expect(failure?.code == .syncUnavailable, "\(what)")
                }
                try await check("before")
                let processes = try server.processes()
                for process in processes { ProcessTable.signal(process, SIGSTOP) }
                try await checkAway("hung")
                for process in processes { ProcessTable.signal(process, SIGCONT) }
                try await check("awake")
                try await server.kill()
                try await checkAway("stopped")
                try await server.start()
                try await check("started")
                #expect(try await second.read("tasks", "t", .strong).version == 1)
            }
        }
    }

    /// Remembers how it was called.
    private actor RecordingPublisher: ViewPublisher {
        private(set) var fences: [Int] = []
        private(set) var epochs: [Int] = []

        func advance(fence: Int, epoch: Int) async throws {
            fences.append(fence)
            epochs.append(epoch)
        }
    }

    @Test("When the relay's session is killed another takes over with a higher fencing number, and passes what is due")
    func takeover() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.task("t", title: "0")
            let publisher = RecordingPublisher()
            try await harness.withInstance("a", publisher: publisher) { first in
                try await harness.withInstance("b", publisher: publisher) { second in
                    for instance in [first, second] { try await instance.waitForCache() }
                    #expect(first.statistics.isRelay != second.statistics.isRelay)
                    var fence =
                        try await harness.value("SELECT fencing FROM cortex.relay_progress").flatMap { Int($0) } ?? 0
                    for round in 1...3 {
                        for instance in [first, second] { _ = try await instance.title("t") }
                        try await harness.run(
                            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = \(SyncLock.relay & 0xFFFF_FFFF)"
                        )
                        try await harness.run("UPDATE tasks SET title = '\(round)' WHERE task_id = 't'")
                        try await Task.sleep(for: harness.configuration.staleness)
                        for instance in [first, second] { #expect(try await instance.title("t") == "\(round)") }
                        for instance in [first, second] { try await instance.waitForCache() }
                        let next = try await harness.value("SELECT fencing FROM cortex.relay_progress").flatMap {
                            Int($0)
                        }
                        #expect((next ?? 0) > fence)
                        fence = next ?? 0
                    }
                    try await eventually("the view is told by the last relay") { await publisher.fences.last == fence }
                    #expect(await publisher.fences == publisher.fences.sorted())
                    #expect(first.statistics.elections + second.statistics.elections >= 4)
                    // A relay that slept saves nothing any more.
                    try await harness.database.withSession { session in
                        let store = RelayStore(session: session, configuration: harness.configuration)
                        let old = RelayStateMachine.Progress(
                            fence: 1,
                            position: TransactionSnapshot(xmin: 1, xmax: 1, running: []),
                            drains: 0,
                            passed: []
                        )
                        let isSaved = try await store.save(old)
                        let isSuspended = try await store.suspend(fence: 1)
                        let epoch = try await store.moveEpoch(fence: 1, run: "x", passing: old)
                        #expect(!isSaved && !isSuspended && epoch == nil)
                    }
                }
            }
        }
    }

    @Test("More rows than a batch takes move the epoch; what was passed and is old is trimmed; a copy begins anew")
    func bulk() async throws {
        try await SyncHarness.withServers { harness in
            let harness = harness.with {
                $0.relayBatch = 100
                $0.feedRows = 50
                $0.trimInterval = .milliseconds(100)
            }
            try await harness.run(
                "INSERT INTO tasks (task_id, title) SELECT 't' || n, '0' FROM generate_series(1, 400) n"
            )
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                let epoch = instance.statistics.epoch ?? 0
                _ = try await instance.title("t7")
                try await harness.run("UPDATE tasks SET title = '1'")
                try await Task.sleep(for: harness.configuration.staleness)
                #expect(try await instance.title("t7") == "1")
                try await eventually("the epoch moved") { (instance.statistics.epoch ?? 0) > epoch }
                try await eventually("the feed is trimmed") {
                    try await harness.value("SELECT count(*) <= 50 FROM cortex.change_feed") == "t"
                }
                let passed = try await harness.value("SELECT seq >= 400 FROM cortex.relay_progress")
                #expect(passed == "t")
            }
            // As a restored copy: numbers of an earlier day, written in another database.
            try await harness.run("DELETE FROM cortex.cache_state")
            try await harness.run("INSERT INTO cortex.cache_state (epoch, home, redis_run_id) VALUES (5, 'x', 'y')")
            try await harness.withInstance { instance in
                try await instance.waitForCache()
                #expect((instance.statistics.epoch ?? 0) > 1_000_000_000_000)
            }
        }
    }
}
