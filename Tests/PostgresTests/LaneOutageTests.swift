import Diagnostics
import EmbeddedServers
import Postgres
import Processes
import TestSupport
import Testing

@Suite("Outages of lanes")
struct LaneOutageTests {
    static let insert = LaneWriteTests.insert

    @Test("Connections that are killed in a storm cost what was under way and nothing else", .timeLimit(.minutes(15)))
    func killStorm() async throws {
        try await withDatabaseLanes { lanes, client in
            try await LaneWriteTests.table(client)
            let rounds = 12
            for round in 0..<rounds {
                async let reads = outcomes(of: 400) { number throws(PostgresError) in
                    try await lanes.read("SELECT $1::bigint", [.integer(Int64(number))])
                }
                async let writes = outcomes(of: 400) { number throws(PostgresError) in
                    try await lanes.write(Self.insert, [.integer(Int64(round * 400 + number)), "x"])
                }
                for _ in 0..<3 {
                    try await client.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'cortex-lanes'
                        """
                    )
                }
                let written = await writes
                for (number, outcome) in await reads.enumerated() where outcome.isValue {
                    #expect(outcome == .value(Int64(number)))
                }
                for case .failed(let code, _, let isCommitUnknown) in await reads {
                    #expect(code == .postgresConnectionLost)
                    #expect(!isCommitUnknown)
                }
                let there = Set(
                    try await client.query("SELECT id FROM t WHERE id / 400 = \(round)").rows.compactMap {
                        $0[0].integer
                    }
                )
                for (number, outcome) in written.enumerated() {
                    let id = Int64(round * 400 + number)
                    let isThere = there.contains(id)
                    switch outcome {
                    case .value(let value): #expect(value == id && isThere, "acknowledged and lost: \(id)")
                    case .failed(let code, _, let isCommitUnknown):
                        #expect(code == .postgresConnectionLost)
                        #expect(isCommitUnknown || !isThere, "known to have failed and there: \(id)")
                    }
                }
            }
            #expect(lanes.waitingReads == 0)
            #expect(lanes.waitingWrites == 0)
            #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
        }
    }

    @Test(
        "A read under way on a killed connection says so; what waits is answered by the next",
        .timeLimit(.minutes(15))
    )
    func killedMidBatch() async throws {
        try await withDatabaseLanes(configure: { $0.readConnections = 1 }) { lanes, client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                    group.addTask { try await postgresError { try await lanes.read("SELECT count(*) FROM t") } }
                    try await client.waitForLanes(active: 1, running: "count(*) FROM t")
                    group.addTask {
                        let value = try await lanes.read("SELECT 5").first?[0].integer
                        #expect(value == 5)
                        return nil
                    }
                    try await eventually("it waits") { lanes.waitingReads == 1 }
                    try await client.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'cortex-lanes'
                        """
                    )
                    for try await error in group {
                        guard let error else { continue }
                        #expect(error.code == .postgresConnectionLost)
                        #expect(error.sqlState == "57P01")
                        #expect(!error.isCommitUnknown)
                    }
                }
            }
        }
    }

    @Test("Idle connections that the server ended are replaced without an error", .timeLimit(.minutes(15)))
    func replaced() async throws {
        try await withDatabaseLanes { lanes, client in
            try await LaneWriteTests.table(client)
            for round in 0..<5 {
                #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
                try await lanes.write(Self.insert, [.integer(Int64(round)), "x"])
                try await client.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'cortex-lanes'
                    """
                )
                try await eventually("they are gone") { try await client.laneConnections() == 0 }
            }
        }
    }

    @Test(
        "While the server is away requests wait as long as is said and say why; then all goes on",
        .timeLimit(.minutes(15))
    )
    func restart() async throws {
        try await TestDatabase.withServer { server in
            try await withTestLanes(server.url()) {
                $0.outagePatience = .seconds(120)
            } _: { lanes in
                #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
                try await server.stop()
                let late = try await postgresError {
                    try await lanes.read("SELECT 1", deadline: .now + .milliseconds(500))
                }
                #expect(late.code == .postgresUnavailable)
                #expect(late.hint != nil)
                // These outlive the outage.
                async let waiting = outcomes(of: 50) { number throws(PostgresError) in
                    try await lanes.read("SELECT $1::bigint", [.integer(Int64(number))])
                }
                async let written = outcomes(of: 50) { number throws(PostgresError) in
                    try await lanes.write("SELECT $1::bigint", [.integer(Int64(number))])
                }
                try await eventually("they wait") { lanes.waitingReads == 50 && lanes.waitingWrites == 50 }
                try await server.start()
                #expect(await waiting == (0..<50).map { .value(Int64($0)) })
                #expect(await written == (0..<50).map { .value(Int64($0)) })
            }
        }
    }

    @Test("A server that is away for long fails requests long before their deadline, and is found again by itself")
    func away() async throws {
        try await TestDatabase.withServer { server in
            try await withTestLanes(server.url()) {
                $0.outagePatience = .milliseconds(100)
            } _: { lanes in
                #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
                try await server.stop()
                for _ in 0..<20 {
                    let error = try await postgresError { try await lanes.read("SELECT 1") }
                    #expect(error.code == .postgresUnavailable && error.hint != nil)
                }
                let error = try await postgresError { try await lanes.write("SELECT 1") }
                #expect(error.code == .postgresUnavailable && !error.isCommitUnknown)
                try await server.start()
                try await eventually("the server is found by reads") {
                    await LaneOutcome.of { () throws(PostgresError) in try await lanes.read("SELECT 1") }.isValue
                }
                try await eventually("the server is found by writes") {
                    await LaneOutcome.of { () throws(PostgresError) in try await lanes.write("SELECT 1") }.isValue
                }
            }
        }
    }

    @Test("A server that cannot be used at all fails requests at once, not at their deadline")
    func hopeless() async throws {
        try await TestDatabase.withDatabase { url in
            try await withTestLanes(url.replacingDatabase("no_such_database")) { lanes in
                let read = try await postgresError { try await lanes.read("SELECT 1") }
                #expect(read.sqlState == "3D000")
                let write = try await postgresError { try await lanes.write("SELECT 1") }
                #expect(write.sqlState == "3D000")
                #expect(!write.isCommitUnknown)
            }
        }
    }

    // MARK: Lost replies

    struct Cut: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let moment: CuttingProxy.Moment
        let rows: Int64
    }

    @Test(
        "A lost reply to a write is an outcome of its own, and the write is not repeated",
        .timeLimit(.minutes(15)),
        arguments: [
            Cut(testDescription: "after it ran", moment: .after(statement: 1), rows: 1),
            Cut(testDescription: "before it arrived", moment: .before(statement: 1), rows: 0),
        ]
    )
    func lostReply(_ cut: Cut) async throws {
        try await TestDatabase.withServer(Self.onLoopback) { server in
            let direct = try #require(server.loopbackURL())
            try await withTestClient(direct) { try await LaneWriteTests.table($0) }
            let proxy = try CuttingProxy(target: server.port, cuts: cut.moment)
            defer { proxy.close() }
            let url = direct.replacingPort(server.port, with: proxy.port)
            try await withTestLanes(url) { lanes in
                try await lanes.write("SELECT 1")
                let error = try await postgresError { try await lanes.write(Self.insert, [1, "x"]) }
                #expect(proxy.hasCut)
                #expect(error.code == .postgresConnectionLost)
                #expect(error.isCommitUnknown)
                #expect(error.details["commit"] == "unknown")
            }
            try await withTestClient(direct) { client in
                try await expect(client, "SELECT count(*) FROM t", gives: cut.rows)
            }
        }
    }

    @Test("A lost reply to a shared transaction is unknown for every member", .timeLimit(.minutes(15)))
    func lostSharedReply() async throws {
        try await TestDatabase.withServer(Self.onLoopback) { server in
            let direct = try #require(server.loopbackURL())
            let proxy = try CuttingProxy(target: server.port, cuts: .answerTo("the last note"))
            defer { proxy.close() }
            let url = direct.replacingPort(server.port, with: proxy.port)
            try await withTestClient(direct) { client in
                try await LaneWriteTests.table(client)
                try await withTestLanes(
                    url,
                    configure: {
                        $0.writeConnections = 1
                        $0.sharingDemand = 2
                    }
                ) { lanes in
                    // While the first waits for the lock, all others come together.
                    let first = Counter()
                    let others = Counter()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        try await client.withTransaction { blocker in
                            try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                            group.addTask {
                                try await lanes.write(Self.insert, [0, "first"])
                                first.add(1)
                            }
                            try await client.waitForLanes(active: 1, running: "INSERT INTO t")
                            for number in 1...20 {
                                group.addTask {
                                    let error = try await postgresError {
                                        try await lanes.write(Self.insert, [.integer(Int64(number)), "the last note"])
                                    }
                                    #expect(error.code == .postgresConnectionLost)
                                    if error.isCommitUnknown { others.add(1) }
                                }
                            }
                            try await eventually("they wait") { lanes.waitingWrites == 20 }
                        }
                        try await group.waitForAll()
                    }
                    #expect(first.value == 1)
                    #expect(others.value == 20)
                }
                // All or none, and none of them twice.
                let rows = try await client.query("SELECT count(*) FROM t").first?[0].integer
                #expect(rows == 1 || rows == 21)
            }
        }
    }

    static var onLoopback: ScratchPostgresConfiguration {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        return configuration
    }
}
