import Diagnostics
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@Suite("Stopping statements")
struct StoppingTests {
    static let sleep = "SELECT pg_sleep(60)"

    @Test("A statement past its deadline is cancelled and the session goes on", arguments: [false, true])
    func deadline(byServer: Bool) async throws {
        let timeout = Duration.milliseconds(150)
        try await withDatabaseClient(configure: { if byServer { $0.statementTimeout = timeout } }) { client in
            try await client.withSession { session in
                let pid = session.backendPID
                for _ in 0..<3 {
                    let error = try await postgresError {
                        try await session.query(Self.sleep, timeout: byServer ? nil : timeout)
                    }
                    #expect(error.code == .postgresDeadline)
                    #expect(error.sqlState == "57014")
                    #expect(!error.isCommitUnknown)
                    try await expect(session, "SELECT pg_backend_pid()", gives: Int64(pid))
                }
            }
        }
    }

    @Test("cancel() ends the running statement with 57014 and the session goes on")
    func cancelSession() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                session.cancel()
                try await withThrowingTaskGroup(of: PostgresError.self) { group in
                    group.addTask { try await postgresError { try await session.query(Self.sleep) } }
                    try await client.waitUntil(pid: session.backendPID, runs: Self.sleep)
                    session.cancel()
                    let error = try await group.next()
                    #expect(error?.code == .postgresCancelled)
                    #expect(error?.sqlState == "57014")
                }
                try await expectUsable(session)
            }
        }
    }

    @Test("A cancel request that overtakes its statement, which the server then ignores, is sent anew")
    func cancelOvertakes() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                // A stopped server process takes the signal first when it goes on, and reads the statement after that.
                let server = session.backendPID
                ProcessTable.suspend(server)
                defer { ProcessTable.signal(server, SIGCONT) }
                let error = try await withThrowingTaskGroup(of: PostgresError.self) { group in
                    group.addTask {
                        try await postgresError { try await session.query(Self.sleep, timeout: .milliseconds(50)) }
                    }
                    try await Task.sleep(for: .milliseconds(500))
                    ProcessTable.signal(server, SIGCONT)
                    return try await group.next()
                }
                #expect(error?.code == .postgresDeadline)
                try await expectUsable(session)
            }
        }
    }

    @Test("A cancelled task's statement is stopped; its transaction is rolled back and the session reused")
    func cancelTask() async throws {
        try await withDatabaseClient(sessions: 2) { client in
            try await client.query("CREATE TABLE t (id int)")
            let pid = try await client.withSession { session in session.backendPID }
            let error = try await withThrowingTaskGroup(of: PostgresError.self) { group in
                group.addTask {
                    try await postgresError {
                        try await client.withTransaction { session in
                            try await session.query("INSERT INTO t VALUES (1)")
                            try await session.query(Self.sleep)
                        }
                    }
                }
                try await eventually("the statement runs") {
                    try await client.query(
                        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1",
                        [.text(Self.sleep)]
                    ).first?[0].integer == 1
                }
                group.cancelAll()
                return try await group.next()
            }
            #expect(error?.code == .postgresCancelled)
            try await expect(client, "SELECT count(*) FROM t", gives: 0)
            #expect(pid > 0)
        }
    }

    @Test("A task that is cancelled before it begins sends nothing")
    func cancelledBefore() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            try await client.query("CREATE TABLE t (id int)")
            let codes = await withTaskGroup(of: ErrorCode?.self) { group in
                group.cancelAll()
                for _ in 0..<20 {
                    group.addTask { @Sendable in
                        do {
                            try await client.query("INSERT INTO t VALUES (1)")
                            return nil
                        } catch {
                            return (error as? PostgresError)?.code
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes == Array(repeating: .postgresCancelled, count: 20))
            try await expect(client, "SELECT count(*) FROM t", gives: 0)
        }
    }

    @Test("Statements cancelled at any moment never harm the next one", .timeLimit(.minutes(15)))
    func cancelStorm() async throws {
        try await withDatabaseClient(sessions: 4) { client in
            try await client.query("CREATE TABLE t (id int)")
            for round in 0..<60 {
                await withTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        group.addTask {
                            do {
                                try await client.withTransaction { session in
                                    try await session.query("INSERT INTO t VALUES ($1)", [.integer(Int64(round))])
                                    try await session.query("SELECT pg_sleep(0.002), $1::int", [.integer(Int64(task))])
                                }
                            } catch {
                                #expect((error as? PostgresError)?.code == .postgresCancelled, "\(error)")
                            }
                        }
                    }
                    // Some are stopped before, some while, some after they run; no moment is special.
                    try? await Task.sleep(for: .microseconds(round * 100))
                    group.cancelAll()
                }
                #expect(
                    try await client.query("SELECT $1::int", [.integer(Int64(round))]).first?[0].integer == Int64(round)
                )
            }
        }
    }

    @Test("A COPY in both directions is stopped by its deadline while it waits for a lock or for us")
    func copyDeadline() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int PRIMARY KEY)")
            try await client.withTransaction { blocker in
                try await blocker.query("INSERT INTO t VALUES (1)")
                try await client.withSession { session in
                    let copyIn = try await postgresError {
                        try await session.copyIn("COPY t FROM STDIN", timeout: .milliseconds(300)) { writer in
                            for _ in 0..<100_000_000 { try await writer.write(Array("1\n".utf8)) }
                        }
                    }
                    #expect(copyIn.code == .postgresDeadline)
                    let sql = "SELECT generate_series(1, 100000000)"
                    let rows = try await postgresError {
                        try await session.forEachRow(sql, timeout: .milliseconds(300)) { _ in }
                    }
                    #expect(rows.code == .postgresDeadline)
                    let copyOut = try await postgresError {
                        try await session.copyOut("COPY (\(sql)) TO STDOUT", timeout: .milliseconds(300)) { _ in }
                    }
                    #expect(copyOut.code == .postgresDeadline)
                    try await expectUsable(session)
                }
            }
        }
    }
}
