import Diagnostics
import EmbeddedServers
import Postgres
import TestSupport
import Testing

@Suite("Write lane")
struct LaneWriteTests {
    static let insert = "INSERT INTO t (id, note) VALUES ($1, $2) RETURNING id"

    static func table(_ client: PostgresClient) async throws {
        try await client.query(
            "CREATE TABLE t (id bigint PRIMARY KEY, note text, xid xid8 DEFAULT pg_current_xact_id())"
        )
    }

    @Test("A write that was acknowledged is there, and few writes have a transaction each")
    func few() async throws {
        try await withDatabaseLanes { lanes, client in
            try await Self.table(client)
            for number in 0..<20 {
                let result = try await lanes.write(Self.insert, [.integer(Int64(number)), "x"])
                #expect(result.first?["id"].integer == Int64(number))
                #expect(result.affected == 1)
                try await expect(client, "SELECT count(*) FROM t", gives: Int64(number + 1))
            }
            try await expect(client, "SELECT count(DISTINCT xid) FROM t", gives: 20)
        }
    }

    @Test("Many writes share transactions", .timeLimit(.minutes(15)))
    func many() async throws {
        try await withDatabaseLanes { lanes, client in
            try await Self.table(client)
            let outcomes = await outcomes(of: 3_000) { number throws(PostgresError) in
                try await lanes.write(Self.insert, [.integer(Int64(number)), "x"])
            }
            #expect(outcomes == (0..<3_000).map { .value(Int64($0)) })
            try await expect(client, "SELECT count(*) FROM t", gives: 3_000)
            let transactions = try await client.query("SELECT count(DISTINCT xid) FROM t").first?[0].integer ?? 0
            #expect(transactions < 1_000, "hardly anything was shared: \(transactions)")
            #expect(lanes.waitingWrites == 0)
        }
    }

    @Test(
        "The failure of one write undoes none of its neighbours and is told to its caller alone",
        .timeLimit(.minutes(15))
    )
    func neighbours() async throws {
        try await withDatabaseLanes { lanes, client in
            try await Self.table(client)
            try await client.query("INSERT INTO t (id) VALUES (-1)")
            // Every 40th violates the key, every 55th cannot be prepared, every 70th fails at the value.
            let outcomes = await outcomes(of: 2_000) { number throws(PostgresError) in
                if number.isMultiple(of: 40) { return try await lanes.write(Self.insert, [-1, "double"]) }
                if number.isMultiple(of: 55) { return try await lanes.write("INSERT INTO nowhere VALUES (1)") }
                if number.isMultiple(of: 70) { return try await lanes.write(Self.insert, ["no number", "x"]) }
                return try await lanes.write(Self.insert, [.integer(Int64(number)), "x"])
            }
            var written: Int64 = 1
            for (number, outcome) in outcomes.enumerated() {
                func failed(_ state: String) -> LaneOutcome {
                    .failed(.postgresStatement, sqlState: state, isCommitUnknown: false)
                }
                if number.isMultiple(of: 40) {
                    #expect(outcome == failed("23505"))
                } else if number.isMultiple(of: 55) {
                    #expect(outcome == failed("42P01"))
                } else if number.isMultiple(of: 70) {
                    #expect(outcome == failed("22P02"))
                } else {
                    written += 1
                    #expect(outcome == .value(Int64(number)))
                }
            }
            try await expect(client, "SELECT count(*) FROM t", gives: written)
        }
    }

    @Test("An error at COMMIT is told to the write that caused it", .timeLimit(.minutes(15)))
    func deferredConstraint() async throws {
        try await withDatabaseLanes { lanes, client in
            try await client.query("CREATE TABLE parent (id bigint PRIMARY KEY)")
            try await client.query(
                "CREATE TABLE t (id bigint PRIMARY KEY, p bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
            )
            try await client.query("INSERT INTO parent VALUES (1)")
            let sql = "INSERT INTO t VALUES ($1, $2) RETURNING id"
            // By itself, then among others.
            let alone = try await postgresError { try await lanes.write(sql, [-1, 2]) }
            #expect(alone.sqlState == "23503")
            #expect(!alone.isCommitUnknown)
            let outcomes = await outcomes(of: 300) { number throws(PostgresError) in
                try await lanes.write(sql, [.integer(Int64(number)), number == 150 ? 2 : 1])
            }
            for number in 0..<300 where number != 150 { #expect(outcomes[number] == .value(Int64(number))) }
            #expect(outcomes[150] == .failed(.postgresStatement, sqlState: "23503", isCommitUnknown: false))
            try await expect(client, "SELECT count(*) FROM t", gives: 299)
        }
    }

    @Test("Writes whose prepared form was refused are run again, once", .timeLimit(.minutes(15)))
    func poisoned() async throws {
        try await withDatabaseLanes { lanes, client in
            try await client.query("CREATE TABLE t (id bigint PRIMARY KEY)")
            for round in 0..<4 {
                let outcomes = await outcomes(of: 200) { number throws(PostgresError) in
                    try await lanes.write(
                        "INSERT INTO t VALUES ($1) RETURNING *",
                        [.integer(Int64(round * 200 + number))]
                    )
                }
                #expect(outcomes == (0..<200).map { .value(Int64(round * 200 + $0)) })
                try await client.query("ALTER TABLE t ADD COLUMN column_\(round) int")
            }
            try await expect(client, "SELECT count(*) FROM t", gives: 800)
        }
    }

    @Test("A write past its deadline is unknown if it was sent, and not run if it was not", .timeLimit(.minutes(15)))
    func deadlines() async throws {
        try await withDatabaseLanes(configure: { $0.writeConnections = 1 }) { lanes, client in
            try await Self.table(client)
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                let sent = try await postgresError {
                    try await lanes.write(Self.insert, [1, "sent"], deadline: .now + .milliseconds(500))
                }
                #expect(sent.code == .postgresDeadline)
                // On a slow machine the connection may not be up in time; then nothing was sent.
                if sent.isCommitUnknown { try await client.waitForLanes(active: 1, running: "INSERT INTO t") }
                let queued = try await postgresError {
                    try await lanes.write(Self.insert, [2, "queued"], deadline: .now + .milliseconds(50))
                }
                #expect(queued.code == .postgresDeadline)
                #expect(!queued.isCommitUnknown || !sent.isCommitUnknown)
            }
            #expect(try await lanes.write(Self.insert, [3, "next"]).first?["id"].integer == 3)
            try await expect(client, "SELECT count(*) FROM t WHERE id = 3", gives: 1)
        }
    }

    @Test("Cancelled writes that were known not to be sent are not there", .timeLimit(.minutes(15)))
    func cancelStorm() async throws {
        try await withDatabaseLanes { lanes, client in
            try await Self.table(client)
            for round in 0..<20 {
                let outcomes = await withTaskGroup(of: (Int64, LaneOutcome).self) { group in
                    for number in 0..<100 {
                        let id = Int64(round * 100 + number)
                        group.addTask {
                            let outcome = await LaneOutcome.of { () async throws(PostgresError) in
                                try await lanes.write(Self.insert, [.integer(id), "x"])
                            }
                            return (id, outcome)
                        }
                    }
                    // Some are stopped before, some while, some after they run; no moment is special.
                    try? await Task.sleep(for: .microseconds(round * 200))
                    group.cancelAll()
                    return await group.reduce(into: []) { $0.append($1) }
                }
                let there = Set(
                    try await client.query("SELECT id FROM t WHERE id / 100 = \(round)").rows.compactMap {
                        $0[0].integer
                    }
                )
                for (id, outcome) in outcomes {
                    let isThere = there.contains(id)
                    switch outcome {
                    case .value: #expect(isThere, "acknowledged and lost: \(id)")
                    case .failed(let code, _, let isCommitUnknown):
                        #expect(code == .postgresCancelled)
                        #expect(isCommitUnknown || !isThere, "not sent and there: \(id)")
                    }
                }
            }
        }
    }
}
