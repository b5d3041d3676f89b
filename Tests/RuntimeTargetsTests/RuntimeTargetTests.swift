import Diagnostics
import EmbeddedServers
import Processes
import RuntimeTargets
import TestSupport
import Testing

/// What every target that owns its servers keeps to.
func checkConformance(_ target: some RuntimeTarget) async throws {
    #expect(try await target.status().postgres.state == .absent)
    let first = try await target.up()
    #expect(try await target.up() == first)
    let status = try await target.status()
    #expect(status.postgres.state == .running)
    #expect(status.postgres.version?.isEmpty == false)
    #expect(status.redis?.state == .running)
    for url in [first.postgresURL, try #require(status.postgres.url)] {
        let asked = ExistingTarget(postgresURL: url)
        #expect(try await asked.status().postgres.state == .running)
    }
    try await target.down(purge: false)
    #expect(try await target.status().postgres.state == .stopped)
    #expect(try await target.status().postgres.url == nil)
    try await target.down(purge: false)
    _ = try await target.up()
    try await target.down(purge: true)
    #expect(try await target.status().postgres.state == .absent)
    try await target.down(purge: true)
}

@Suite("Local target")
struct LocalTargetTests {
    @Test("it keeps to what every target keeps to")
    func conformance() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.own(directory, mode: 0o755, owner: nil)
            let target = LocalTarget(home: try CortexHome("\(directory)/home"))
            do {
                try await checkConformance(target)
            } catch {
                // The first error is the one to tell.
                try? await target.down(purge: true)
                throw error
            }
            #expect(Directory.entries(of: directory).isEmpty)
        }
    }

    @Test("URLs show secrets only on request, and then work without passfiles")
    func secrets() async throws {
        try await withTemporaryDirectory { directory in
            try Directory.own(directory, mode: 0o755, owner: nil)
            let target = LocalTarget(home: try CortexHome("\(directory)/home"))
            let endpoints = try await target.up()
            do {
                let secret = try #require(endpoints.redisPassword).reveal()
                let plain = try await target.status()
                let shown = try await target.status(showingSecrets: true)
                #expect(plain.postgres.url?.contains("passfile=") == true)
                #expect(plain.redis?.url == endpoints.redisURL)
                #expect(!"\(plain)\(endpoints)".contains(secret))
                #expect(shown.redis?.url?.contains(":\(secret)@") == true)
                let existing = ExistingTarget(
                    postgresURL: try #require(shown.postgres.superuserURL),
                    redisURL: try #require(shown.redis?.url)
                )
                let status = try await existing.status()
                #expect(status.postgres.state == .running)
                #expect(status.redis?.state == .running)
                #expect(status.postgres.url?.contains(":***@") == true)
                #expect(try await existing.up().redisURL == shown.redis?.url)
                #expect(try await target.url(role: "cortex") == endpoints.postgresURL)
                let checks = await target.diagnose()
                #expect(checks.allSatisfy { $0.outcome != .fail }, "\(checks)")
                #expect(checks.first { $0.name == "servers" }?.outcome == .ok)
                #expect(Set(checks.map(\.name)).count == checks.count)
            } catch {
                // The first error is the one to tell.
                try? await target.down(purge: true)
                throw error
            }
            try await target.down(purge: true)
        }
    }
}

@Suite("Existing target")
struct ExistingTargetTests {
    @Test("a server that answers is running, and down leaves it alone")
    func running() async throws {
        try await TestDatabase.withDatabase { url in
            let target = ExistingTarget(postgresURL: url)
            #expect(try await target.up().postgresURL == url)
            try await target.down(purge: false)
            let status = try await target.status()
            #expect(status.postgres.state == .running)
            #expect(status.redis == nil)
            let error = await #expect(throws: EmbeddedServersError.self) { try await target.down(purge: true) }
            #expect(error?.code == .notPermitted)
        }
    }

    @Test("servers that do not answer are unreachable, and up says so without the password")
    func unreachable() async throws {
        let port = try FreePort.choose()
        let target = ExistingTarget(
            postgresURL: "postgresql://u:hunter2@127.0.0.1:\(port)/d",
            redisURL: "redis://:hunter2@127.0.0.1:\(port)"
        )
        let status = try await target.status()
        #expect(status.postgres.state == .unreachable)
        #expect(status.redis?.state == .unreachable)
        let error = await #expect(throws: EmbeddedServersError.self) { _ = try await target.up() }
        #expect(error?.code == .postgresUnavailable)
        #expect(error.map { "\($0) \($0.details)".contains("hunter2") } == false)
    }

    @Test("a wrong password is a matter of permission")
    func wrongPassword() async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        try await TestDatabase.withServer(configuration) { server in
            let target = ExistingTarget(postgresURL: "postgresql://postgres:wrong@127.0.0.1:\(server.port)/postgres")
            let error = await #expect(throws: EmbeddedServersError.self) { _ = try await target.up() }
            #expect(error?.code == .postgresAuthentication)
            let right = ExistingTarget(postgresURL: try #require(server.loopbackURL()))
            #expect(try await right.status().postgres.state == .running)
        }
    }
}
