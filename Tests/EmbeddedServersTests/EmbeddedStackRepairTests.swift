import Diagnostics
import EmbeddedServers
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension RealServers {
    @Suite("Embedded stack after mishaps", .serialized)
    struct EmbeddedStackRepairTests {
        @Test("servers that were killed come up again with their data")
        func killedServers() async throws {
            try await withStack { stack in
                let first = try await stack.up()
                _ = try await psql(first.postgresURL, "CREATE TABLE kept AS SELECT generate_series(1, 1000);")
                let status = try await stack.status()
                for pid in [status.postgres.processID, status.redis.processID] {
                    let pid = try #require(pid)
                    kill(pid, SIGKILL)
                    #expect(try await ProcessTable.waitForExit(of: pid, within: .seconds(5)))
                }
                #expect(try await stack.status().postgres.state == .stopped)
                #expect(try await stack.status().redis.state == .stopped)
                let again = try await stack.up()
                #expect(try await psql(again.postgresURL, "SELECT count(*) FROM kept;") == "1000")
                #expect(try await stack.status().redis.state == .running)
            }
        }

        @Test("a pid file whose process id another program of the same user has now is recognised")
        func reusedPID() async throws {
            try await withStack { stack in
                _ = try await stack.up()
                let data = try dataDirectory(of: stack)
                let file = try #require(try SmallFile.readText("\(data)/postmaster.pid"))
                try await stack.down()
                let account = try #require(Account.current.isSuperuser ? Account.named("postgres") : Account.current)
                let sleeper = try await Daemon.launch(
                    ChildCommand("/bin/sleep", ["600"], account: account),
                    log: "/dev/null"
                )
                defer { ProcessTable.signal(sleeper, SIGKILL) }
                let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
                let forged = ([Substring("\(sleeper)")] + lines.dropFirst()).joined(separator: "\n") + "\n"
                try SmallFile.write(text: forged, to: "\(data)/postmaster.pid", owner: account)
                try SmallFile.write(text: "\(sleeper)\n", to: redisPIDFile(of: stack), owner: account)

                #expect(try await stack.status().postgres.state == .stopped)
                #expect(await stack.diagnose().first { $0.name == "pid" }?.outcome == .warn)
                let endpoints = try await stack.up()
                #expect(try await psql(endpoints.postgresURL, "SELECT 1;") == "1")
                try await stack.down()
                #expect(ProcessTable.isRunning(sleeper))
            }
        }

        @Test("a data directory that a crash left half made is made again")
        func halfMade() async throws {
            try await withStack { stack in
                try stack.home.prepare()
                let account = try #require(Account.current.isSuperuser ? Account.named("postgres") : Account.current)
                let half = "\(stack.home.postgres)/data.making-17"
                try Directory.make(stack.home.postgres, mode: 0o700, owner: account)
                try Directory.make("\(half)/base", owner: account)
                try SmallFile.write(text: "15\n", to: "\(half)/PG_VERSION", owner: account)
                // An `initdb` that survived the crash of its caller.
                let survivor = try await Daemon.launch(
                    ChildCommand("/bin/sh", ["-c", "sleep 600; :", "--pgdata=\(half)"], account: account),
                    log: "/dev/null"
                )
                let endpoints = try await stack.up()
                #expect(try await psql(endpoints.postgresURL, "SELECT 1;") == "1")
                #expect(!Directory.exists(half))
                #expect(!ProcessTable.isRunning(survivor))
            }
        }

        @Test("a lost password of the superuser is replaced at the next start")
        func lostPassword() async throws {
            try await withStack { stack in
                _ = try await stack.up()
                try await stack.down()
                try Directory.remove("\(stack.home.secrets)/postgres.password")
                try Directory.remove("\(stack.home.secrets)/cortex.password")
                let endpoints = try await stack.up()
                #expect(try await psql(endpoints.superuserURL, "SELECT current_user;") == "postgres")
                #expect(try await psql(endpoints.postgresURL, "SELECT current_user;") == "cortex")
            }
        }

        @Test("a data directory of another version is named, with what to do")
        func wrongVersion() async throws {
            try await withStack { stack in
                _ = try await stack.up()
                try await stack.down()
                let version = "\(try dataDirectory(of: stack))/PG_VERSION"
                let good = try #require(try SmallFile.readText(version))
                try SmallFile.write(text: "14\n", to: version, mode: 0o644)
                let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                #expect(error?.code == .serverStartFailed)
                #expect(error?.message.contains("belongs to PostgreSQL 14") == true)
                #expect(error?.hint?.contains("postgresql-14") == true)
                try SmallFile.write(text: good + "\n", to: version, mode: 0o644)
            }
        }

        @Test("a server that cannot start says why, with the end of its log")
        func badSetting() async throws {
            try await withStack { stack in
                _ = try await stack.up()
                try await stack.down()
                let local = "\(try dataDirectory(of: stack))/local.conf"
                try SmallFile.write(text: "shared_buffers = 'many'\n", to: local, mode: 0o644)
                let error = await #expect(throws: EmbeddedServersError.self) { _ = try await stack.up() }
                #expect(error?.code == .serverStartFailed)
                #expect(error?.details["log"]?.contains("shared_buffers") == true)
            }
        }

        private func dataDirectory(of stack: EmbeddedStack) throws -> String {
            "\(stack.home.postgres)/data"
        }

        private func redisPIDFile(of stack: EmbeddedStack) -> String {
            "\(stack.home.redis)/redis.pid"
        }
    }
}
