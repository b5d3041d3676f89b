import Diagnostics
import TestSupport
import Testing

@testable import Postgres

@Suite("Pool of sessions")
struct PoolTests {
    @Test("200 tasks share 6 sessions and each gets its own answer")
    func manyTasks() async throws {
        try await withDatabaseClient(sessions: 6) { client in
            let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 1...200 {
                    group.addTask {
                        try await client.withTransaction { session in
                            let row = try await session.query(
                                "SELECT $1::bigint * 2, pg_sleep(0.001)",
                                [.integer(Int64(number))]
                            ).first
                            #expect(row?[0].integer == Int64(number * 2))
                            return row?[0].integer ?? 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 40_200)
            let row = try await client.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                .first
            #expect(row?[0].integer ?? 0 <= 6)
        }
    }

    @Test("Waiters are served first come first served")
    func fifo() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            let order = Recorder()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await client.withSession { session in
                    for number in 0..<5 {
                        group.addTask {
                            try await client.withSession { _ in order.append(number) }
                        }
                        try await eventually("task \(number) waits") { client.waitingTasks == number + 1 }
                    }
                    try await session.query("SELECT 1")
                }
                try await group.waitForAll()
            }
            #expect(order.numbers == [0, 1, 2, 3, 4])
        }
    }

    @Test("A waiter gives up when its time is over, or when it is cancelled, and others go on")
    func giveUp() async throws {
        try await withDatabaseClient(sessions: 1, configure: { $0.sessionWait = .milliseconds(100) }) { client in
            try await client.withSession { session in
                let late = try await postgresError { try await client.query("SELECT 1") }
                #expect(late.code == .postgresDeadline)
                #expect(late.hint != nil)
                try await session.query("SELECT 1")
            }
            try await expect(client, "SELECT 2", gives: 2)
        }
        try await withDatabaseClient(sessions: 1) { client in
            try await client.withSession { session in
                let code = try await withThrowingTaskGroup(of: ErrorCode.self) { group in
                    group.addTask { try await postgresError { try await client.query("SELECT 1") }.code }
                    try await eventually("the task waits") { client.waitingTasks == 1 }
                    group.cancelAll()
                    return try await group.next()
                }
                #expect(code == .postgresCancelled)
                #expect(client.waitingTasks == 0)
                try await session.query("SELECT 1")
            }
        }
    }

    @Test("More waiters than allowed fail at once")
    func full() async throws {
        try await withDatabaseClient(sessions: 1, configure: { $0.maximumWaiters = 0 }) { client in
            try await client.withSession { session in
                let error = try await postgresError { try await client.query("SELECT 1") }
                #expect(error.code == .postgresUnavailable)
                try await session.query("SELECT 1")
            }
        }
    }

    @Test("A client used after its scope is refused")
    func closed() async throws {
        try await withDatabaseClient { client in try await client.query("SELECT 1") }
        let escaped = try await withDatabaseClient { client in client }
        let error = try await postgresError { try await escaped.query("SELECT 1") }
        #expect(error.code == .postgresProtocol)
    }

    @Test("The end of a client leaves no connection behind")
    func nothingLeft() async throws {
        try await withDatabaseClient { watcher in
            let name = try #require(try await watcher.query("SELECT current_database()").first?[0].string)
            let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
            let url = try await watcher.query(
                "SELECT split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')"
            )
            let host = try #require(url.first?[0].string)
            let port = try #require(url.first?[1].string)
            try await withTestClient("host=\(host) port=\(port) user=postgres dbname=\(name)") { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { try await client.query("SELECT pg_sleep(0.05)") } }
                    try await group.waitForAll()
                }
                #expect(try await watcher.query(count, [.text(name)]).first?[0].integer ?? 0 >= 2)
            }
            try await eventually("the connections are gone") {
                try await watcher.query(count, [.text(name)]).first?[0].integer == 0
            }
        }
    }
}
