import EmbeddedServers
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

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

    @Test("a server is gone when its process was killed, and so is its directory")
    func killedOwner() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let server = try await ScratchPostgres.launch()
            let line = Array("scratch=\(server.dataDirectory)=\(server.processID ?? 0)=\n".utf8)
            write(STDOUT_FILENO, line, line.count)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let parts = output.split(separator: "=").map(String.init)
        let mark = try #require(parts.firstIndex { $0.hasSuffix("scratch") })
        let pid = try #require(Int32(parts[mark + 2]))
        #expect(try await ProcessTable.waitForExit(of: pid, within: .seconds(60)))
        let directory = Directory.parent(of: parts[mark + 1])
        let clock = ContinuousClock()
        let end = clock.now + .seconds(60)
        while Directory.exists(directory), clock.now < end { await Task.yield() }
        #expect(!Directory.exists(directory))
    }
}
