import Diagnostics
import EmbeddedServers
import Postgres
import TestSupport
import Testing

@testable import SyncMiddleware

@Suite("Group commit", .serialized)
struct GroupCommitTests {
    /// What came of writes, each told by its number in the list.
    typealias Outcomes = [Int: Result<WriteReceipt, SyncError>]

    /// One turn, which waits for locks for as long as there is time.
    static func patient(_ harness: SyncHarness) -> SyncHarness {
        harness.with {
            $0.groupCommits = 1
            $0.groupLockWait = .seconds(10)
            $0.databaseDeadline = .seconds(10)
        }
    }

    /// Runs writes that all wait while the only turn waits for the row `first`, and `release` in the transaction that has
    /// locked it.
    ///
    /// The first write, of that row, is number -1.
    static func outcomes(
        of changes: [RowChange],
        principals: [String] = ["tester"],
        behind instance: SyncInstance,
        _ harness: SyncHarness,
        release: String = "SELECT 1"
    ) async throws -> Outcomes {
        try await withThrowingTaskGroup(of: (Int, Result<WriteReceipt, SyncError>).self) { group in
            func start(_ number: Int, _ change: RowChange) {
                let principal = principals[max(number, 0) % principals.count]
                group.addTask {
                    do {
                        return (number, .success(try await instance.write(WriteRequest(change, principal: principal))))
                    } catch let error as SyncError {
                        return (number, .failure(error))
                    }
                }
            }
            try await harness.database.withTransaction { session in
                try await session.query("SELECT FROM tasks WHERE task_id = 'first' FOR UPDATE")
                start(-1, RowChange(kind: "tasks", id: "first", .replace(["title": "x"], expected: 1)))
                let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                try await eventually("the turn waits for the row") { try await harness.value(waits) == "t" }
                for (number, change) in changes.enumerated() {
                    start(number, change)
                    try await eventually("it waits for the turn behind those before") {
                        instance.statistics.waitingWrites == number + 1
                    }
                }
                try await session.query(release)
            }
            return try await group.reduce(into: Outcomes()) { $0[$1.0] = $1.1 }
        }
    }

    static func replace(
        _ id: String,
        _ column: String = "title",
        _ text: String = "new",
        expected: Int = 1
    ) -> RowChange {
        RowChange(kind: "tasks", id: id, .replace([column: .text(text)], expected: expected))
    }

    static func insertTasks(_ harness: SyncHarness) async throws {
        try await harness.run(
            "INSERT INTO tasks (task_id, title) SELECT unnest(ARRAY['first', 'a', 'b', 'c', 'd', 'e']), 'one'"
        )
    }

    @Test("writes that wait share a transaction, each with its own outcome and its own author")
    func sharing() async throws {
        try await SyncHarness.withServers { harness in
            try await Self.insertTasks(harness)
            try await Self.patient(harness).withInstance { instance in
                try await instance.waitForCache()
                let outcomes = try await Self.outcomes(
                    of: [
                        Self.replace("d"), Self.replace("a"), Self.replace("b", expected: 9), Self.replace("none"),
                        RowChange(kind: "tasks", id: "c", .delete(expected: nil)),
                        RowChange(kind: "tasks", id: "new", .create(["title": "made"])),
                        RowChange(kind: "tasks", id: "e", .create(["title": "made"])), Self.replace("a", "description"),
                    ],
                    principals: ["one", "two"],
                    behind: instance,
                    harness
                )
                #expect(try outcomes[-1]?.get().version == 2)
                #expect(try outcomes[0]?.get().version == 2 && outcomes[1]?.get().version == 2)
                #expect(try outcomes[4]?.get().status == 204 && outcomes[5]?.get().status == 201)
                func failure(_ number: Int) -> SyncError? {
                    guard case .failure(let error)? = outcomes[number] else { return nil }
                    return error
                }
                #expect(failure(2)?.code == .syncConflict && failure(2)?.currentVersion == 1)
                #expect(failure(3)?.code == .notFound)
                #expect(failure(6)?.code == .syncConflict && failure(6)?.currentVersion == 1)
                // Of two changes of one version one is first.
                #expect(failure(7)?.code == .syncConflict && failure(7)?.currentVersion == 2)
                let shared =
                    "SELECT count(DISTINCT xid) || ' ' || count(*) FROM cortex.change_feed WHERE key <> 'first'"
                // The rows that were there before are of a transaction of their own.
                #expect(try await harness.value(shared + " AND id > 6") == "1 4")
                let authors = """
                    SELECT string_agg((details ->> 'key') || ' ' || (details ->> 'principal'), ', ' ORDER BY details ->> 'key')
                    FROM audit_logs WHERE details ->> 'principal' IN ('one', 'two')
                    """
                #expect(try await harness.value(authors) == "a two, c one, d one, first one, new two")
                for id in ["a", "c", "d", "new"] {
                    let truth = try await instance.read("tasks", id, .strong)
                    #expect(try await instance.read("tasks", id).body == truth.body)
                }
            }
        }
    }

    @Test("many changes of the same columns keep every value of every type apart")
    func manyRows() async throws {
        try await SyncHarness.withServers { harness in
            try await harness.run("INSERT INTO tasks (task_id, title) VALUES ('first', 'one')")
            try await harness.run(
                "INSERT INTO tasks (task_id, title) SELECT 'r' || n, 'one' FROM generate_series(0, 28) AS n"
            )
            try await Self.patient(harness).withInstance { instance in
                try await instance.waitForCache()
                let changes = (0...28).map { number in
                    RowChange(
                        kind: "tasks",
                        id: "r\(number)",
                        .replace(
                            [
                                "title": number == 3 ? .null : .text("title \(number)"),
                                "token_budget": .integer(Int64(number)),
                                "timeout_minutes": .text("\(number).50"),
                                "created_at": .text("2026-01-31T12:00:\(number + 10)Z"),
                                "metadata": .text("{ \"number\": \(number) }"), "tags": .textArray(["a", "\(number)"]),
                            ],
                            expected: number == 7 ? 9 : 1
                        )
                    )
                }
                let outcomes = try await Self.outcomes(of: changes, behind: instance, harness)
                for number in 0...28 {
                    guard number != 7 else {
                        guard case .failure(let error)? = outcomes[number] else {
                            Issue.record("a change of another version was taken")
                            continue
                        }
                        #expect(error.code == .syncConflict && error.currentVersion == 1)
                        continue
                    }
                    let receipt = try #require(try outcomes[number]?.get())
                    #expect(receipt.version == 2)
                    let truth = try await instance.read("tasks", "r\(number)", .strong)
                    #expect(receipt.body == truth.body)
                    #expect(try await instance.read("tasks", "r\(number)", .version(2)).body == truth.body)
                }
                let right = """
                    SELECT count(*) FROM (SELECT t.*, substr(task_id, 2)::int AS n FROM tasks t WHERE task_id <> 'first') AS r
                    WHERE version = 2 AND title IS NOT DISTINCT FROM CASE WHEN n <> 3 THEN 'title ' || n END
                        AND token_budget = n AND timeout_minutes = n + 0.5 AND metadata::text = '{ "number": ' || n || ' }'
                        AND tags = ARRAY['a', n::text] AND extract(second FROM created_at) = n + 10
                    """
                #expect(try await harness.value(right) == "28")
                let transactions =
                    "SELECT count(DISTINCT xid) FROM cortex.change_feed WHERE op = 'update' AND key <> 'first'"
                #expect(try await harness.value(transactions) == "1")
            }
        }
    }

    @Test("a write that PostgreSQL refuses harms no other")
    func refusal() async throws {
        try await SyncHarness.withServers { harness in
            try await Self.insertTasks(harness)
            try await Self.patient(harness).withInstance { instance in
                let outcomes = try await Self.outcomes(
                    of: [
                        Self.replace("a"), Self.replace("b", "task_status", "nonsense"), Self.replace("c"),
                        Self.replace("d", "assigned_to", "nobody"), Self.replace("e"),
                    ],
                    behind: instance,
                    harness
                )
                for number in [-1, 0, 2, 4] { #expect(try outcomes[number]?.get().version == 2) }
                for number in [1, 3] {
                    guard case .failure(let error)? = outcomes[number] else {
                        Issue.record("write \(number) was taken")
                        continue
                    }
                    #expect(error.code == .syncRefused)
                }
                let versions = "SELECT string_agg(version::text, '' ORDER BY task_id) FROM tasks"
                #expect(try await harness.value(versions) == "212122")
            }
        }
    }

    @Test("a row that somebody else has locked holds up nobody but its writer")
    func lockedRow() async throws {
        try await SyncHarness.withServers { harness in
            try await Self.insertTasks(harness)
            let impatient = harness.with {
                $0.groupCommits = 1
                $0.databaseDeadline = .seconds(20)
            }
            try await impatient.withInstance { instance in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    try await harness.database.withTransaction { session in
                        try await session.query("SELECT FROM tasks WHERE task_id = 'first' FOR UPDATE")
                        group.addTask { try await instance.write("first", .replace(["title": "x"], expected: 1)) }
                        try await withThrowingTaskGroup(of: Int.self) { others in
                            for id in ["a", "b", "c", "d", "e"] {
                                others.addTask {
                                    try await instance.write(id, .replace(["title": "x"], expected: 1)).version
                                }
                            }
                            // All of them, while the row stays locked.
                            for try await version in others { #expect(version == 2) }
                        }
                        #expect(instance.statistics.acknowledgedWrites == 5)
                    }
                    try await group.waitForAll()
                }
                #expect(instance.statistics.acknowledgedWrites == 6)
            }
        }
    }

    @Test("a COMMIT without a reply leaves every member's outcome unknown, and no cache with an old row")
    func lostCommit() async throws {
        try await SyncHarness.withOwnServer(listensOnLoopback: true) { harness, server in
            try await Self.insertTasks(harness)
            let port = server.port
            let proxy = try CuttingProxy(target: port, cuts: .answerTo("COMMIT\0"))
            defer { proxy.close() }
            var behind = Self.patient(harness)
            behind.instanceURL = server.loopbackURL()?.replacing(":\(port)/", with: ":\(proxy.port)/")
            let cutOff = behind
            try await harness.withInstance("b") { direct in
                try await cutOff.withInstance("a", runsRelay: false) { writer in
                    try await direct.waitForCache()
                    try await writer.waitForCache()
                    let ids = ["a", "b", "c", "d"]
                    for id in ids { _ = try await direct.title(id) }
                    let outcomes = try await Self.outcomes(
                        of: ids.map { Self.replace($0) },
                        behind: writer,
                        harness,
                        // The first write finds another version, and so sends no COMMIT.
                        release: "UPDATE tasks SET title = 'else' WHERE task_id = 'first'"
                    )
                    guard case .failure(let first)? = outcomes[-1] else {
                        Issue.record("the first write was taken")
                        return
                    }
                    #expect(first.code == .syncConflict && proxy.hasCut)
                    for number in ids.indices {
                        guard case .failure(let error)? = outcomes[number] else {
                            Issue.record("write \(number) was acknowledged")
                            continue
                        }
                        #expect(error.code == .syncOutcomeUnknown)
                    }
                    #expect(writer.statistics.unknownWrites == 4)
                    for id in ids {
                        let seen = try await direct.read("tasks", id, .version(2))
                        #expect(try await direct.read("tasks", id, .strong).body == seen.body)
                    }
                }
            }
        }
    }
}
