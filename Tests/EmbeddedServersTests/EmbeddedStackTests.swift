import Diagnostics
import Processes
import TestSupport
import Testing

@testable import EmbeddedServers

/// Tests that bring up whole stacks take turns: a dozen servers at once would only measure the machine.
@Suite("Real servers", .serialized)
enum RealServers {}

/// A directory that anybody can enter, watched: whatever runs in it ends with this process.
func withServedDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let directory = try await ScratchDirectory.make(account: .current)
    do {
        try Directory.own(directory.path, mode: 0o755, owner: nil)
        let result = try await body(directory.path)
        try await directory.dispose()
        return result
    } catch {
        // The first error is the one to tell.
        try? await directory.dispose()
        throw error
    }
}

/// A home of its own that is surely down and gone after the body.
func withStack<R>(
    home name: String = "home",
    configuration: EmbeddedStackConfiguration = EmbeddedStackConfiguration(),
    _ body: (EmbeddedStack) async throws -> R
) async throws -> R {
    try await withServedDirectory { directory in
        let stack = EmbeddedStack(home: try CortexHome("\(directory)/\(name)"), configuration: configuration)
        do {
            let result = try await body(stack)
            try await stack.down(purge: true)
            return result
        } catch {
            // The first error is the one to tell.
            try? await stack.down(purge: true)
            throw error
        }
    }
}

/// What psql prints for a script.
func psql(_ url: String, _ script: String) async throws -> String {
    let installation = try await PostgresInstallation.choose()
    let command = ChildCommand(
        installation.program("psql"),
        ["-wXAtq", "-v", "ON_ERROR_STOP=1", "-d", url],
        input: Array(script.utf8)
    )
    return try await ChildProcess.runChecked(command, deadline: .seconds(30)).outputText
}

/// Processes that name the home in their command line.
func processes(of stack: EmbeddedStack) -> [Int32] {
    ProcessTable.mentioning(stack.home.path)
}

extension RealServers {
    @Suite("Embedded stack", .serialized)
    struct EmbeddedStackTests {
        @Test("up twice changes nothing the second time, down twice leaves nothing running, and data survives")
        func upTwiceDownTwice() async throws {
            try await withStack { stack in
                #expect(try await stack.status().postgres.state == .absent)
                let first = try await stack.up()
                let before = try await stack.status()
                #expect(before.postgres.state == .running)
                #expect(before.redis.state == .running)
                #expect(before.redis.version?.hasPrefix("7.") == true || before.redis.version?.hasPrefix("8.") == true)
                _ = try await psql(first.postgresURL, "CREATE TABLE kept AS SELECT 42 AS value;")

                let clock = ContinuousClock()
                var second = first
                let duration = try await clock.measure { second = try await stack.up() }
                #expect(second == first)
                #expect(duration < .seconds(3))
                let after = try await stack.status()
                #expect(after.postgres.processID == before.postgres.processID)
                #expect(after.redis.processID == before.redis.processID)

                try await stack.down()
                try await stack.down()
                #expect(processes(of: stack).isEmpty)
                #expect(try await stack.status().postgres.state == .stopped)
                #expect(try await stack.status().redis.state == .stopped)

                let third = try await stack.up()
                #expect(third.postgresPort == first.postgresPort)
                #expect(try await psql(third.postgresURL, "SELECT value FROM kept;") == "42")
            }
        }
    }
}
