import Postgres
import Synchronization
import TestSupport
import Testing

/// Runs the body with a client of a fresh database.
@discardableResult
func withDatabaseClient<R: Sendable>(
    sessions: Int = 4,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    try await TestDatabase.withDatabase { url in
        try await withTestClient(url, sessions: sessions, configure: configure, body)
    }
}

/// Runs the body with a client of the server behind the URL.
@discardableResult
func withTestClient<R>(
    _ url: String,
    sessions: Int = 4,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    var configuration = try PostgresConfiguration(url: url, applicationName: "cortex-test")
    // A machine that runs many tests at once is slow, and no test but those about it is about the patience.
    configuration.stopGrace = .seconds(60)
    configure(&configuration)
    return try await PostgresClient.withClient(configuration, maximumSessions: sessions, body)
}

extension PostgresClient {
    /// Waits until the server process runs a statement that holds the text and waits for this kind of event.
    func waitUntil(pid: Int32, runs text: String, waitEventType: String? = nil) async throws {
        try await eventually("\(pid) runs \(text)") {
            let row = try await query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE pid = $1 AND state = 'active' AND position($2 IN query) > 0
                  AND ($3::text IS NULL OR wait_event_type = $3)
                """,
                [.integer(Int64(pid)), .text(text), .optional(waitEventType)]
            ).first
            return row?[0].integer == 1
        }
    }
}

/// What the body throws, which must be a PostgresError.
func postgresError<R>(_ body: () async throws -> R) async throws -> PostgresError {
    do {
        _ = try await body()
    } catch let error as PostgresError {
        return error
    }
    throw TimedOut(what: "no PostgresError was thrown")
}

/// Texts that break careless code.
let hostileTexts = [
    "", " ", "'", "\"", "\\", "\\\\", "\\x41", "'; DROP TABLE x; --", "{}", "{a,b}", "NULL", "null", "\\N", "$1",
    "%s%n",
    "a\tb\nc\rd\u{b}e", "\u{1}\u{7f}", "é", "e\u{301}", "日本語", "🧑‍🚀🏳️‍🌈", "\u{202E}abc", "\u{FEFF}bom", "\u{FFFD}",
    "\u{10FFFF}",
    "\u{2028}\u{2029}", String(repeating: "x", count: 70_000), "a,b\"c\\d", "$(date -Iseconds)",
]

/// Checks that the session still answers.
func expectUsable(_ session: PostgresSession, location: SourceLocation = #_sourceLocation) async throws {
    try await expect(session, "SELECT 1", gives: 1, location: location)
}

/// Checks the only value that a statement gives.
func expect(
    _ session: PostgresSession,
    _ sql: String,
    gives number: Int64,
    location: SourceLocation = #_sourceLocation
) async throws {
    let value = try await session.query(sql).first?[0].integer
    #expect(value == number, "\(sql)", sourceLocation: location)
}

/// Checks the only value that a statement gives, on any session.
func expect(
    _ client: PostgresClient,
    _ sql: String,
    gives number: Int64,
    location: SourceLocation = #_sourceLocation
) async throws {
    let value = try await client.query(sql).first?[0].integer
    #expect(value == number, "\(sql)", sourceLocation: location)
}

/// A number that several tasks add to.
final class Counter: Sendable {
    private let sum = Mutex(0)

    var value: Int { sum.withLock { $0 } }

    func add(_ number: Int) { sum.withLock { $0 += number } }
}

/// Numbers in the order in which tasks add them.
final class Recorder: Sendable {
    private let list = Mutex<[Int]>([])

    var numbers: [Int] { list.withLock { $0 } }

    func append(_ number: Int) { list.withLock { $0.append(number) } }
}
