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
                            input: Array("CREATE TABLE t(); SHOW server_encoding; SELECT datcollate FROM pg_database WHERE datname = current_database();".utf8)
                        )
                        let result = try await ChildProcess.runChecked(psql)
                        #expect(result.outputText == "UTF8\nC.UTF-8")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
