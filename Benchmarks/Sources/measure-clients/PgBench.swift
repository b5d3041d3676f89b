import EmbeddedServers
import Foundation
import Postgres
import Processes

/// The lanes of the driver, and `pgbench -M prepared` with the same SQL on the same server.
struct PgBench {
    let server: ScratchPostgres
    let url: String
    let work: Work

    private static let schema = """
        CREATE TABLE point_reads (id bigint PRIMARY KEY, name text, document jsonb);
        INSERT INTO point_reads
        SELECT n, 'row ' || n, jsonb_build_object('n', n, 'text', repeat(md5(n::text), 20))
        FROM generate_series(1, 100000) n;
        CREATE TABLE durable_writes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, document jsonb NOT NULL);
        VACUUM ANALYZE;
        """
    private static let rows = 100_000
    /// 650 bytes.
    private static let document = "{\"text\": \"\(String(repeating: "0123456789", count: 64))\"}"

    struct Failed: Error {
        let output: String
    }

    /// Runs the body with an own server that holds the rows.
    static func with(_ work: Work, _ body: (PgBench) async throws -> Void) async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.isDurable = true
        configuration.listensOnLoopback = true
        try await ScratchPostgres.withServer(configuration) { server in
            try await server.run(schema)
            guard let url = server.loopbackURL() else { return }
            try await body(PgBench(server: server, url: url, work: work))
        }
    }

    /// Ours.
    func ours(_ callers: Callers) async throws -> Figures {
        try await server.run("CHECKPOINT;")
        var patient = LanesConfiguration()
        // A shared disk may stall for seconds; that is a slow round, not a failure.
        patient.deadline = .seconds(60)
        patient.statementTimeout = .seconds(60)
        let configuration = try PostgresConfiguration(url: url, applicationName: "lanes")
        return try await PostgresLanes.withLanes(configuration, patient) { lanes in
            switch work {
            case .reads:
                try await callers.runChains { number, next in
                    lanes.read(Self.read, Self.parameters(number)) { next($0.map { _ in }.mapError { $0 }) }
                }
            case .writes:
                try await callers.run { _ in
                    try await lanes.write("INSERT INTO durable_writes (document) VALUES ($1)", [.text(Self.document)])
                }
            default:
                try await callers.run { try await lanes.read(Self.read, Self.parameters($0)) }
            }
        }
    }

    private static let read = "SELECT to_jsonb(t)::text FROM point_reads t WHERE id = $1"

    private static func parameters(_ number: Int) -> [PostgresValue] {
        [.integer(Int64(number % rows) + 1)]
    }

    private var script: String {
        let statement =
            work == .writes
            ? "INSERT INTO durable_writes (document) VALUES ('\(Self.document)');"
            : "SELECT to_jsonb(t)::text FROM point_reads t WHERE id = :id;"
        return "\\set id random(1, \(Self.rows))\n\(statement)\n"
    }

    /// The peer, for as long.
    func peer(_ callers: Callers) async throws -> Figures {
        try await server.run("CHECKPOINT;")
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sql")
        try script.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let seconds = Int(callers.time / .seconds(1))
        let result = try await ChildProcess.runChecked(
            ChildCommand(
                server.installation.program("pgbench"),
                [
                    "--no-vacuum", "--protocol=prepared", "--client=\(callers.count)",
                    "--jobs=\(min(2, callers.count))",
                    "--time=\(seconds)", "--file=\(file.path)", url,
                ]
            ),
            deadline: .seconds(seconds + 60)
        )
        func number(behind text: String) -> Double? {
            guard let range = result.outputText.range(of: text) else { return nil }
            return Double(result.outputText[range.upperBound...].prefix { $0.isNumber || $0 == "." })
        }
        guard let rate = number(behind: "tps = "), let latency = number(behind: "latency average = ") else {
            throw Failed(output: result.outputText)
        }
        return Figures(perSecond: rate, p50: Int64(latency * 1_000), p99: 0)
    }
}
