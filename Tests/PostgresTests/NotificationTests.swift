import Diagnostics
import Postgres
import TestSupport
import Testing

@Suite("Notifications")
struct NotificationTests {
    @Test("Notifications reach the listening session in order, whether it waits or not")
    func delivery() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                let channel = "jobs \"one\""
                try await session.listen(channel)
                for number in 1...3 {
                    try await client.query("SELECT pg_notify($1, $2)", [.text(channel), .text("\(number)")])
                }
                for number in 1...3 {
                    let notification = try await session.nextNotification(timeout: .seconds(10))
                    #expect(notification?.payload == "\(number)")
                    #expect(notification?.channel == channel)
                    #expect(notification?.missed == 0)
                }
                #expect(try await session.nextNotification(timeout: .milliseconds(20)) == nil)
                try await withThrowingTaskGroup(of: PostgresNotification?.self) { group in
                    group.addTask { try await session.nextNotification(timeout: .seconds(10)) }
                    try await client.query("SELECT pg_notify($1, 'late')", [.text(channel)])
                    #expect(try await group.next()??.payload == "late")
                }
                try await expectUsable(session)
            }
        }
    }

    @Test("What a session did not take does not reach the next one")
    func leftOver() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            try await client.withSession { session in
                try await session.listen("c")
                try await session.query("SELECT pg_notify('c', 'old')")
            }
            try await client.withSession { session in
                try await session.listen("c")
                try await session.query("SELECT pg_notify('c', 'new')")
                #expect(try await session.nextNotification(timeout: .seconds(10))?.payload == "new")
            }
        }
    }

    @Test("Beyond 1,024 the oldest are dropped and counted")
    func overflow() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                try await session.listen("c")
                try await client.query("SELECT pg_notify('c', g::text) FROM generate_series(1, 1500) g")
                try await eventually("all have come") {
                    try await session.query("SELECT 1")
                    return try await client.query("SELECT pg_notification_queue_usage() = 0").first?[0].boolean == true
                }
                let first = try #require(try await session.nextNotification(timeout: .seconds(5)))
                #expect(first.missed == 476)
                #expect(first.payload == "477")
                #expect(try await session.nextNotification(timeout: .seconds(5))?.missed == 0)
            }
        }
    }

    @Test("A waiting session learns of cancellation and of the connection's end")
    func ends() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                try await session.listen("c")
                let cancelled = try await withThrowingTaskGroup(of: ErrorCode.self) { group in
                    group.addTask {
                        try await postgresError { _ = try await session.nextNotification(timeout: .seconds(30)) }.code
                    }
                    group.cancelAll()
                    return try await group.next()
                }
                #expect(cancelled == .postgresCancelled)
                let lost = try await withThrowingTaskGroup(of: ErrorCode.self) { group in
                    group.addTask {
                        try await postgresError { _ = try await session.nextNotification(timeout: .seconds(30)) }.code
                    }
                    try await client.query(
                        "SELECT pg_terminate_backend($1::int)",
                        [.integer(Int64(session.backendPID))]
                    )
                    return try await group.next()
                }
                #expect(lost == .postgresConnectionLost)
            }
        }
    }
}
