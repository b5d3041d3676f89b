import EmbeddedServers
import Foundation
import Postgres

/// Measures the lanes against `pgbench -M prepared`: the same SQL, the same number of callers, in turns.
///
/// `measure-lanes [ROUNDS] [SECONDS] [RESULTS-FOLDER] [reads|writes]`, by default 5 rounds of 2 s of both; prints a table
/// of ratios and keeps the raw figures in the folder.
@main
enum MeasureLanes {
    static let callers = [1, 16, 64]

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = arguments.first.flatMap { Int($0) } ?? 5
        let seconds = arguments.dropFirst().first.flatMap { Int($0) } ?? 2
        let folder = arguments.dropFirst(2).first ?? "results"
        let works = arguments.dropFirst(3).first.flatMap { Work(rawValue: $0) }.map { [$0] } ?? Work.allCases
        var configuration = ScratchPostgresConfiguration()
        configuration.isDurable = true
        configuration.listensOnLoopback = true
        try await ScratchPostgres.withServer(configuration) { server in
            try await server.run(Work.schema)
            guard let url = server.loopbackURL() else { return }
            let postgres = try PostgresConfiguration(url: url, applicationName: "lanes")
            let bench = PgBench(server: server, url: url)
            var samples: [Sample] = []
            for work in works {
                for callers in Self.callers {
                    for round in 0..<rounds {
                        var sample = Sample(work: work, callers: callers, round: round)
                        // In turns, and each goes first in every other round.
                        for isOurs in round.isMultiple(of: 2) ? [false, true] : [true, false] {
                            try await server.run("CHECKPOINT;")
                            if isOurs {
                                sample.lanes = try await LaneLoad(work).run(postgres, callers, .seconds(seconds))
                            } else {
                                sample.pgbench = try await bench.run(work, callers: callers, seconds: seconds)
                            }
                        }
                        samples.append(sample)
                        print(sample.line)
                    }
                }
            }
            print(Report.table(samples))
            print("raw figures: " + (try Report.keep(samples, in: folder)))
        }
    }
}

/// What is measured.
enum Work: String, CaseIterable, Codable, Sendable {
    case reads, writes

    static let schema = """
        CREATE TABLE point_reads (id bigint PRIMARY KEY, name text, document jsonb);
        INSERT INTO point_reads
        SELECT n, 'row ' || n, jsonb_build_object('n', n, 'text', repeat(md5(n::text), 20))
        FROM generate_series(1, 100000) n;
        CREATE TABLE durable_writes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, document jsonb NOT NULL);
        VACUUM ANALYZE;
        """
    static let rows = 100_000
    /// 650 bytes.
    static let document = "{\"text\": \"\(String(repeating: "0123456789", count: 64))\"}"

    /// The statement with parameters as the lanes send it.
    var sql: String {
        switch self {
        case .reads: "SELECT to_jsonb(t)::text FROM point_reads t WHERE id = $1"
        case .writes: "INSERT INTO durable_writes (document) VALUES ($1)"
        }
    }

    /// The same for pgbench.
    var script: String {
        switch self {
        case .reads:
            "\\set id random(1, \(Self.rows))\nSELECT to_jsonb(t)::text FROM point_reads t WHERE id = :id;\n"
        case .writes:
            "\\set id random(1, \(Self.rows))\nINSERT INTO durable_writes (document) VALUES ('\(Self.document)');\n"
        }
    }
}
