import EmbeddedServers
import Processes
import TestSupport
import Testing

@Suite("Scratch PostgreSQL")
struct ScratchPostgresTests {
    @Test("each database is fresh, UTF-8 and of its own")
    func freshDatabases() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await TestDatabase.withDatabase { url in
                        let server = try await TestDatabase.sharedServer()
                        #expect(url.hasPrefix("postgresql://postgres@/test_"))
                        let psql = ChildCommand(
                            server.installation.program("psql"),
                            ["-XAtq", "-d", url],
                            input: Array(
                                "CREATE TABLE t(); SHOW server_encoding; SELECT datcollate FROM pg_database WHERE datname = current_database();"
                                    .utf8
                            )
                        )
                        let result = try await ChildProcess.runChecked(psql)
                        #expect(result.outputText == "UTF8\nC.UTF-8")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a server of one's own can be stopped, killed and started again, and keeps its data")
    func ownServer() async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.settings = ["wal_level": "logical"]
        var dataDirectory = ""
        try await TestDatabase.withServer(configuration) { server in
            dataDirectory = server.dataDirectory
            #expect(try await server.run("CREATE TABLE t AS SELECT 1 AS a; SHOW wal_level;") == "logical")
            try await server.stop()
            #expect(server.processID == nil)
            try await server.start()
            try await server.run("CHECKPOINT;")
            try await server.kill()
            #expect(server.processID == nil)
            try await server.start()
            #expect(try await server.run("SELECT a FROM t;") == "1")
            #expect(server.loopbackURL() == nil)
        }
        #expect(!dataDirectory.isEmpty && !Directory.exists(dataDirectory))
    }

    @Test("a server is gone after a body that throws")
    func throwing() async throws {
        struct Stop: Error {}
        var seen: (data: String, pid: Int32)?
        await #expect(throws: Stop.self) {
            try await TestDatabase.withServer { server in
                seen = (server.dataDirectory, try #require(server.processID))
                throw Stop()
            }
        }
        let server = try #require(seen)
        #expect(!Directory.exists(server.data))
        #expect(!ProcessTable.isRunning(server.pid))
    }
}
