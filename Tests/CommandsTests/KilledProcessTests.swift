import Diagnostics
import EmbeddedServers
import ExampleTree
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("cortex migrate as a process")
struct KilledProcessTests {
    /// A tree, a home, and databases of one server.
    private struct Place {
        let server: ScratchPostgres
        let directory: String

        func arguments(database: String) -> [String] {
            [
                "migrate", "--source", directory + "/tree", "--target", server.url(database: database), "--yes",
                "--no-cutover", "--progress", "none", "--output", "json", "--home", directory + "/home",
            ]
        }

        func start(database: String) throws -> BuiltProgram {
            try BuiltProgram.start(arguments(database: database), directory: directory)
        }

        /// Every row of a database that two runs must have in common, hashed table by table.
        func hashes(database: String) async throws -> String {
            try await PostgresClient.withClient(PostgresConfiguration(url: server.url(database: database))) { client in
                var hashes: [String] = []
                let tables = try await client.query(
                    """
                    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
                    WHERE table_schema IN ('source', 'public') AND table_type = 'BASE TABLE'
                    AND table_name NOT IN ('imports', 'audit_logs') ORDER BY 1
                    """
                ).rows.compactMap { $0["name"].string }
                for table in tables {
                    let hash = try await client.query(
                        "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY t::text)), '') AS hash FROM \(table) t"
                    ).rows[0]["hash"].string
                    hashes.append("\(table) \(hash ?? "")")
                }
                return hashes.joined(separator: "\n")
            }
        }
    }

    private func withPlace(tasks: Int, _ body: (Place) async throws -> Void) async throws {
        try await TestDatabase.withServer { server in
            try await withTemporaryDirectory { directory in
                _ = try ExampleTree(seed: 7, tasks: tasks).write(to: directory + "/tree")
                try await body(Place(server: server, directory: directory))
            }
        }
    }

    @Test("killed at random instants and started again it ends with the tables of an uninterrupted run")
    func killed() async throws {
        try await withPlace(tasks: TestEffort.count(slice: 200, long: 2_000)) { place in
            for name in ["whole", "killed"] { try await place.server.run("CREATE DATABASE \(name);") }
            let start = ContinuousClock.now
            let whole = try await place.start(database: "whole").wait()
            #expect(whole.status == 0, "\(whole.output)\(whole.talk)")
            let duration = ContinuousClock.now - start
            var instants: [Double] = []
            for _ in 0..<TestEffort.count(slice: 4, long: 30) {
                let program = try place.start(database: "killed")
                let share = Double.random(in: 0...1)
                instants.append(share)
                try await Task.sleep(for: duration * share)
                program.signal(SIGKILL)
                _ = await program.wait()
            }
            let last = try await place.start(database: "killed").wait()
            #expect(last.status == 0, "killed at \(instants) of \(duration): \(last.output)\(last.talk)")
            let (expected, found) = (
                try await place.hashes(database: "whole"), try await place.hashes(database: "killed")
            )
            #expect(found == expected, "killed at \(instants) of \(duration)")
        }
    }

    @Test("asked to stop it ends with 75, and goes on when it is started again", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        try await withPlace(tasks: 1_000) { place in
            try await place.server.run("CREATE DATABASE stopped;")
            let program = try place.start(database: "stopped")
            // Once it reads, there is something to interrupt.
            try await PostgresClient.withClient(PostgresConfiguration(url: place.server.url(database: "stopped"))) {
                client in
                try await eventually("a file is stored") {
                    let table = try await client.query("SELECT to_regclass('source.files')::text AS name").rows[0][
                        "name"
                    ]
                    guard !table.isNull else { return false }
                    return try await client.query("SELECT EXISTS (SELECT FROM source.files) AS n").rows[0]["n"].boolean
                        == true
                }
            }
            program.signal(signal)
            let ended = await program.wait()
            #expect(ended.status == Diagnostics.ExitStatus.interrupted.rawValue, "\(ended.output)\(ended.talk)")
            #expect(ended.output.contains("\"code\" : \"interrupted\""), "\(ended.output)")
            let again = try await place.start(database: "stopped").wait()
            #expect(again.status == 0, "\(again.output)\(again.talk)")
        }
    }
}
