import Diagnostics
import Postgres
import TestSupport
import Testing

/// Runs the body with lanes to the server behind the URL.
///
/// A machine that runs many tests at once is slow, and no test but those about it is about the patience.
@discardableResult
func withTestLanes<R>(
    _ url: String,
    configure: (inout LanesConfiguration) -> Void = { _ in },
    _ body: (PostgresLanes) async throws -> R
) async throws -> R {
    var configuration = try PostgresConfiguration(url: url, applicationName: "cortex-lanes")
    configuration.connectTimeout = .seconds(60)
    var lanes = LanesConfiguration()
    lanes.deadline = .seconds(120)
    lanes.statementTimeout = .seconds(60)
    lanes.maximumQueued = 20_000
    configure(&lanes)
    return try await PostgresLanes.withLanes(configuration, lanes, body)
}

/// Runs the body with lanes and a client of a fresh database.
@discardableResult
func withDatabaseLanes<R>(
    configure: (inout LanesConfiguration) -> Void = { _ in },
    _ body: (PostgresLanes, PostgresClient) async throws -> R
) async throws -> R {
    try await TestDatabase.withDatabase { url in
        try await withTestClient(url) { client in
            try await withTestLanes(url, configure: configure) { lanes in try await body(lanes, client) }
        }
    }
}

/// What became of a request.
enum LaneOutcome: Sendable, Equatable {
    case value(Int64?)
    case failed(ErrorCode, sqlState: String?, isCommitUnknown: Bool)

    /// Runs the request and tells what became of it; the value is the first cell of its first row.
    static func of(_ request: () async throws(PostgresError) -> PostgresResult) async -> LaneOutcome {
        do throws(PostgresError) {
            return .value(try await request().first?[0].integer)
        } catch {
            return .failed(error.code, sqlState: error.sqlState, isCommitUnknown: error.isCommitUnknown)
        }
    }

    var isValue: Bool {
        if case .value = self { true } else { false }
    }
}

/// Runs so many requests at once and gives the outcomes in the order of their numbers.
func outcomes(
    of count: Int,
    _ request: @escaping @Sendable (Int) async throws(PostgresError) -> PostgresResult
) async -> [LaneOutcome] {
    await withTaskGroup(of: (Int, LaneOutcome).self) { group in
        for number in 0..<count {
            group.addTask {
                (number, await LaneOutcome.of { () async throws(PostgresError) in try await request(number) })
            }
        }
        var outcomes: [LaneOutcome?] = Array(repeating: nil, count: count)
        for await (number, outcome) in group { outcomes[number] = outcome }
        return outcomes.compactMap(\.self)
    }
}

extension PostgresClient {
    /// Waits until so many connections of lanes are active, and in such a wait.
    func waitForLanes(active: Int, running text: String) async throws {
        try await eventually("\(active) lane connections run \(text)") {
            try await query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'cortex-lanes' AND state = 'active'
                  AND position($1 IN query) > 0
                """,
                [.text(text)]
            ).first?[0].integer == Int64(active)
        }
    }

    /// Checks how many connections lanes have.
    func expectLaneConnections(_ count: Int64, location: SourceLocation = #_sourceLocation) async throws {
        let found = try await laneConnections()
        #expect(found == count, sourceLocation: location)
    }

    /// How many connections lanes have.
    func laneConnections() async throws -> Int64 {
        try await query(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'cortex-lanes'
            """
        ).first?[0].integer ?? -1
    }
}
