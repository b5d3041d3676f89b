import Diagnostics
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Read lane")
struct LaneReadTests {
    @Test("Each of ten thousand reads gets its own answer or its own error", .timeLimit(.minutes(15)))
    func attribution() async throws {
        try await withDatabaseLanes { lanes, client in
            // Every 97th divides by zero, every 61st cannot even be prepared.
            let outcomes = await outcomes(of: 10_000) { number throws(PostgresError) in
                if number.isMultiple(of: 61) {
                    return try await lanes.read("SELECT nothing_\(number % 5) FROM nowhere")
                }
                return try await lanes.read(
                    "SELECT $1::bigint / $2::bigint",
                    [.integer(Int64(number)), .integer(number.isMultiple(of: 97) ? 0 : 1)]
                )
            }
            for (number, outcome) in outcomes.enumerated() {
                let expected: LaneOutcome =
                    if number.isMultiple(of: 61) {
                        .failed(.postgresStatement, sqlState: "42P01", isCommitUnknown: false)
                    } else if number.isMultiple(of: 97) {
                        .failed(.postgresStatement, sqlState: "22012", isCommitUnknown: false)
                    } else {
                        .value(Int64(number))
                    }
                #expect(outcome == expected, "\(number)")
            }
            try await client.expectLaneConnections(2)
            #expect(lanes.waitingReads == 0)
        }
    }

    @Test("Every type of parameter and a large result come through")
    func values() async throws {
        try await withDatabaseLanes { lanes, _ in
            for text in hostileTexts {
                #expect(try await lanes.read("SELECT $1::text AS a", [.text(text)]).first?["a"].string == text)
            }
            let row = try await lanes.read(
                "SELECT $1::bytea AS a, $2::uuid AS b, $3::timestamptz AS c, $4::text AS d, $5::text[] AS e",
                [
                    .bytes([0, 255]), .uuid(high: 1, low: 2), .instant(microseconds: 0), .null, .textArray(["x", "y"]),
                ]
            ).first
            #expect(row?["a"].bytes == [0, 255])
            #expect(row?["b"].string == "00000000-0000-0001-0000-000000000002")
            #expect(row?["c"].string == "1970-01-01 00:00:00+00")
            #expect(row?["d"].isNull == true)
            #expect(row?["e"].textArray == ["x", "y"])
            let large = try await lanes.read("SELECT repeat('x', 1000), n FROM generate_series(1, 20000) n")
            #expect(large.rows.count == 20_000)
            #expect(large.rows.last?["n"].integer == 20_000)
        }
    }

    @Test(
        "A write through the read lane is refused by the server",
        arguments: [
            "INSERT INTO t VALUES (1)", "UPDATE t SET id = 2",
            "WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT 1",
            "SELECT * FROM t FOR UPDATE", "SELECT write_one()",
        ]
    )
    func readOnly(sql: String) async throws {
        try await withDatabaseLanes { lanes, client in
            try await client.withSession { session in
                try await session.run(
                    script: """
                        CREATE TABLE t (id int);
                        CREATE FUNCTION write_one() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'
                        """
                )
            }
            let error = try await postgresError { try await lanes.read(sql) }
            #expect(error.sqlState == "25006")
            #expect(!error.isCommitUnknown)
            try await expect(client, "SELECT count(*) FROM t", gives: 0)
        }
    }

    @Test("Statements that would end or outlive a shared transaction are refused before sending")
    func refused() async throws {
        try await withDatabaseLanes { lanes, client in
            for sql in ["BEGIN", "COMMIT", "ROLLBACK", "SET search_path = x", "COPY t TO STDOUT", "CALL p()", ""] {
                let read = try await postgresError { try await lanes.read(sql) }
                #expect(read.code == .postgresProtocol)
                let write = try await postgresError { try await lanes.write(sql) }
                #expect(write.code == .postgresProtocol)
            }
            let two = try await postgresError { try await lanes.write("SELECT 1; COMMIT") }
            #expect(two.sqlState == "42601")
            let nul = try await postgresError { try await lanes.read("SELECT '\u{0}'") }
            #expect(nul.code == .postgresProtocol)
            let parameter = try await postgresError { try await lanes.read("SELECT $1::text", ["\u{0}"]) }
            #expect(parameter.code == .postgresProtocol)
            #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
            try await client.expectLaneConnections(2)
        }
    }

    // MARK: Prepared statements

    @Test(
        "Prepared statements whose result type changed, or that are gone, are run again unseen",
        .timeLimit(.minutes(15))
    )
    func poisoned() async throws {
        try await withDatabaseLanes { lanes, client in
            try await client.query("CREATE TABLE t (id bigint)")
            try await client.query("INSERT INTO t SELECT generate_series(0, 199)")
            try await client.query(
                """
                CREATE FUNCTION forget() RETURNS int LANGUAGE plpgsql AS
                'BEGIN EXECUTE ''DEALLOCATE ALL''; RETURN 1; END'
                """
            )
            for round in 0..<6 {
                if round.isMultiple(of: 2) {
                    try await client.query("ALTER TABLE t ADD COLUMN column_\(round) int DEFAULT \(round)")
                } else {
                    // Both connections take some of these.
                    for outcome in await outcomes(
                        of: 64,
                        { _ throws(PostgresError) in
                            try await lanes.read("SELECT forget()")
                        }
                    ) { #expect(outcome == .value(1)) }
                }
                let outcomes = await outcomes(of: 200) { number throws(PostgresError) in
                    try await lanes.read("SELECT * FROM t WHERE id = $1", [.integer(Int64(number))])
                }
                #expect(outcomes == (0..<200).map { .value(Int64($0)) })
            }
        }
    }

    // MARK: Slow statements

    @Test("A slow statement holds up its own connection only", .timeLimit(.minutes(15)))
    func slow() async throws {
        try await withDatabaseLanes { lanes, client in
            try await client.query("CREATE TABLE t (id int)")
            // The lock is held until the fast reads are done: no matter how long that takes.
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                let slow = Counter()
                lanes.read("SELECT count(*) FROM t") { _ in slow.add(1) }
                try await client.waitForLanes(active: 1, running: "count(*) FROM t")
                for number in 0..<200 {
                    let value = try await lanes.read("SELECT $1::int", [.integer(Int64(number))]).first?[0].integer
                    #expect(value == Int64(number))
                }
                let many = await outcomes(of: 500) { number throws(PostgresError) in
                    try await lanes.read("SELECT $1::int", [.integer(Int64(number))])
                }
                #expect(many == (0..<500).map { .value(Int64($0)) })
                #expect(slow.value == 0)
            }
            try await eventually("the slow one is answered") { lanes.waitingReads == 0 }
        }
    }

    @Test("A statement past the lane's statement timeout fails; those behind it run", .timeLimit(.minutes(15)))
    func statementTimeout() async throws {
        try await withDatabaseLanes(configure: {
            $0.statementTimeout = .milliseconds(300)
            $0.readConnections = 1
        }) { lanes, _ in
            let outcomes = await outcomes(of: 12) { number throws(PostgresError) in
                try await lanes.read(number == 3 ? "SELECT pg_sleep(600), 1" : "SELECT \(number)")
            }
            #expect(outcomes[3] == .failed(.postgresDeadline, sqlState: "57014", isCommitUnknown: false))
            for number in 0..<12 where number != 3 { #expect(outcomes[number] == .value(Int64(number))) }
        }
    }

    // MARK: Bounds

    @Test("At the bound of the queue a request is refused at once, and room is used again", .timeLimit(.minutes(15)))
    func bound() async throws {
        try await withDatabaseLanes(configure: {
            $0.maximumQueued = 8
            $0.readConnections = 1
        }) { lanes, client in
            try await client.query("CREATE TABLE t (id int)")
            let refused = Mutex<[PostgresError]>([])
            let answered = Counter()
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                lanes.read("SELECT count(*) FROM t") { _ in answered.add(1) }
                try await client.waitForLanes(active: 1, running: "count(*) FROM t")
                for _ in 0..<11 {
                    lanes.read("SELECT 1") { result in
                        if case .failure(let error) = result { refused.withLock { $0.append(error) } }
                        answered.add(1)
                    }
                }
                // Those that were refused have been told already.
                #expect(answered.value == 3)
                #expect(lanes.waitingReads == 8)
                let late = try await postgresError { try await lanes.read("SELECT 1") }
                #expect(late.code == .postgresUnavailable)
            }
            try await eventually("all are answered") { answered.value == 12 }
            let errors = refused.withLock { $0 }
            #expect(errors.map(\.code) == Array(repeating: .postgresUnavailable, count: 3))
            #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
        }
    }

    @Test("A deadline is kept in the queue and on the way; the connection goes on", .timeLimit(.minutes(15)))
    func deadlines() async throws {
        try await withDatabaseLanes(configure: { $0.readConnections = 1 }) { lanes, client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                let sent = try await postgresError {
                    try await lanes.read("SELECT count(*) FROM t", deadline: .now + .milliseconds(400))
                }
                #expect(sent.code == .postgresDeadline)
                #expect(!sent.isCommitUnknown)
                let queued = try await postgresError {
                    try await lanes.read("SELECT 1", deadline: .now + .milliseconds(50))
                }
                #expect(queued.code == .postgresDeadline)
                let past = try await postgresError { try await lanes.read("SELECT 1", deadline: .now - .seconds(1)) }
                #expect(past.code == .postgresDeadline)
                #expect(lanes.waitingReads == 0)
            }
            #expect(try await lanes.read("SELECT 7").first?[0].integer == 7)
            try await client.expectLaneConnections(1)
        }
    }

    @Test("Cancelled reads end at once and never shift the answers of others", .timeLimit(.minutes(15)))
    func cancelStorm() async throws {
        try await withDatabaseLanes { lanes, client in
            for round in 0..<20 {
                async let kept = outcomes(of: 150) { number throws(PostgresError) in
                    try await lanes.read("SELECT $1::bigint", [.integer(Int64(number))])
                }
                let cancelled = await withTaskGroup(of: LaneOutcome.self) { group in
                    for number in 0..<150 {
                        group.addTask {
                            await LaneOutcome.of { () async throws(PostgresError) in
                                try await lanes.read("SELECT -$1::bigint", [.integer(Int64(number))])
                            }
                        }
                    }
                    // Some are stopped before, some while, some after they run; no moment is special.
                    try? await Task.sleep(for: .microseconds(round * 150))
                    group.cancelAll()
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(await kept == (0..<150).map { .value(Int64($0)) })
                for case .failed(let code, _, _) in cancelled { #expect(code == .postgresCancelled) }
            }
            #expect(lanes.waitingReads == 0)
            try await client.expectLaneConnections(2)
        }
    }

    @Test("Reads that wait when their task is cancelled leave the queue", .timeLimit(.minutes(15)))
    func cancelQueued() async throws {
        try await withDatabaseLanes(configure: { $0.readConnections = 1 }) { lanes, client in
            try await client.query("CREATE TABLE t (id int)")
            try await client.withTransaction { blocker in
                try await blocker.query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                let codes = try await withThrowingTaskGroup(of: ErrorCode.self) { group in
                    group.addTask { try await postgresError { try await lanes.read("SELECT count(*) FROM t") }.code }
                    try await client.waitForLanes(active: 1, running: "count(*) FROM t")
                    for _ in 0..<50 {
                        group.addTask { try await postgresError { try await lanes.read("SELECT 1") }.code }
                    }
                    try await eventually("they wait") { lanes.waitingReads == 50 }
                    group.cancelAll()
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                // The one that was sent is told too; the server goes on with it, since nothing is cancelled there.
                #expect(codes == Array(repeating: .postgresCancelled, count: 51))
                #expect(lanes.waitingReads == 0)
                try await client.waitForLanes(active: 1, running: "count(*) FROM t")
            }
            #expect(try await lanes.read("SELECT 1").first?[0].integer == 1)
        }
    }
}
