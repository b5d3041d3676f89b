import Diagnostics
import Domain
import TestSupport
import Testing

@testable import Commands

@Suite("cortex serve")
struct ServeCommandTests {
    @Test("does not start open on an address that others can reach")
    func insecure() async throws {
        try await withTemporaryDirectory { directory in
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/.cortex"
            let ended = await harness.run("serve", "--insecure-local", "--host", "0.0.0.0", "--source", directory)
            #expect(ended.status == .notPermitted)
        }
    }

    @Test("says what it needs where there is neither a database nor a tree")
    func nothing() async throws {
        try await withTemporaryDirectory { directory in
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/.cortex"
            #expect(await harness.run("serve", "--port", "0").status == .usage)
            #expect(await harness.run("serve", "--port", "70000").status == .usage)
        }
    }

    @Test("does not serve the tree of a home whose data was in PostgreSQL")
    func lastMode() async throws {
        try await withTemporaryDirectory { directory in
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/.cortex"
            // The first call makes the home.
            #expect(await harness.run("serve", "--port", "0").status == .usage)
            try LastMode(home: directory + "/.cortex").note(.postgres)
            let ended = await harness.run("serve", "--port", "0", "--source", directory)
            #expect(ended.status == .unavailable)
        }
    }
}
