import Diagnostics
import EmbeddedServers
import Processes
import TestSupport
import Testing

extension RealServers {
    @Suite("Secrets of the embedded stack", .serialized)
    struct EmbeddedStackSecretsTests {
        @Test("no secret is in a command line, a URL, a description or a log, and the files are the caller's alone")
        func hidden() async throws {
            try await withStack { stack in
                let seen = try await commandLines { _ = try await stack.up() }
                let endpoints = try await stack.up()
                #expect(seen.contains { $0.contains("initdb") })
                let names = Directory.entries(of: stack.home.secrets).filter { $0.hasSuffix(".password") }
                #expect(
                    names == [
                        "cortex.password", "cortex_api.password", "cortex_readonly.password", "cortex_relay.password",
                        "postgres.password",
                        "redis-cortex.password", "redis-cortex_view.password",
                    ]
                )
                let logs = Directory.entries(of: stack.home.logs).map {
                    SmallFile.tail(of: "\(stack.home.logs)/\($0)", limit: 1 << 20)
                }
                for name in names {
                    let path = "\(stack.home.secrets)/\(name)"
                    let secret = try #require(try SmallFile.readText(path))
                    #expect(secret.utf8.count == 40)
                    #expect(Directory.mode(of: path) == 0o600)
                    for text in [seen.joined(), "\(endpoints)", String(reflecting: endpoints)] + logs {
                        #expect(!text.contains(secret))
                    }
                }
                #expect(Directory.mode(of: stack.home.secrets) == 0o700)
                #expect(try stack.laterLogins().map(\.role) == ["cortex_api", "cortex_readonly", "cortex_relay"])
                #expect(
                    !"\(try stack.laterLogins())".contains(try #require(try stack.laterLogins().first).secret.reveal())
                )
            }
        }

        @Test("nobody gets in without a password, and the owner owns the database and may make roles")
        func accessToPostgres() async throws {
            try await withStack { stack in
                let endpoints = try await stack.up()
                for url in [endpoints.postgresURL, endpoints.postgresLoopbackURL] {
                    let bare = String(url[..<(try #require(url.firstRange(of: "passfile=")).lowerBound)].dropLast())
                    let error = await #expect(throws: ProcessesError.self) { _ = try await psql(bare, "SELECT 1;") }
                    #expect(error?.message.contains("no password supplied") == true)
                }
                let facts = try await psql(
                    endpoints.postgresURL,
                    """
                    SELECT rolcreaterole, rolcreatedb, rolsuper FROM pg_roles WHERE rolname = current_user;
                    SELECT pg_encoding_to_char(encoding), datcollate, datdba::regrole FROM pg_database WHERE datname = current_database();
                    SELECT current_setting('data_checksums'), current_setting('max_connections'), current_setting('listen_addresses');
                    SELECT current_setting('password_encryption');
                    """
                )
                #expect(facts == "t|t|f\nUTF8|C.UTF-8|cortex\non|120|127.0.0.1\nscram-sha-256")
                #expect(
                    try await psql(
                        endpoints.superuserURL,
                        "SELECT count(*) FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$%';"
                    )
                        == "0"
                )
            }
        }

        @Test("Redis is a cache without files; readers see the published view only, strangers nothing")
        func accessToRedis() async throws {
            try await withStack { stack in
                let endpoints = try await stack.up()
                let view = try #require(try stack.redisViewPassword())
                let owner = Redis(socket: endpoints.redisSocket, user: "cortex", password: endpoints.redisPassword)
                let reader = Redis(socket: endpoints.redisSocket, user: "cortex_view", password: view)
                #expect(try await owner.run("SET", "catalog:metadata", "1") == "OK")
                #expect(try await owner.run("SET", "private:1", "2") == "OK")
                #expect(try await owner.run("CONFIG", "GET", "save") == "save")
                #expect(try await owner.run("CONFIG", "GET", "maxmemory-policy") == "maxmemory-policy\nvolatile-lfu")
                #expect(try await owner.run("SHUTDOWN").contains("NOPERM"))
                #expect(try await reader.run("GET", "catalog:metadata") == "1")
                for refused in [
                    ["GET", "private:1"], ["SET", "catalog:metadata", "3"], ["KEYS", "*"], ["SCAN", "0"], ["DBSIZE"],
                    ["SUBSCRIBE", "elsewhere"], ["CONFIG", "GET", "*"], ["EVAL", "return 1", "0"], ["FLUSHALL"],
                ] {
                    #expect(try await reader.run(refused).contains("NOPERM"), "\(refused)")
                }
                let stranger = Redis(socket: endpoints.redisSocket, user: nil, password: nil)
                #expect(try await stranger.run("GET", "catalog:metadata").contains("NOAUTH"))
                try await stack.down()
                #expect(
                    Directory.entries(of: stack.home.redis).allSatisfy { ["redis.conf", "users.acl"].contains($0) }
                )
            }
        }

        /// All command lines that could be seen while the body ran.
        private func commandLines(during body: @escaping @Sendable () async throws -> Void) async throws -> Set<String>
        {
            try await withThrowingTaskGroup(of: Set<String>.self) { group in
                group.addTask {
                    var seen: Set<String> = []
                    while !Task.isCancelled {
                        for pid in ProcessTable.all() {
                            seen.insert(ProcessTable.arguments(of: pid).joined(separator: " "))
                        }
                        await Task.yield()
                    }
                    return seen
                }
                group.addTask {
                    try await body()
                    return []
                }
                _ = try await group.next()
                group.cancelAll()
                return try await group.next() ?? []
            }
        }

        private struct Redis {
            let socket: String
            let user: String?
            let password: Secret?

            func run(_ words: String...) async throws -> String { try await run(words) }

            func run(_ words: [String]) async throws -> String {
                let installation = try await RedisInstallation.choose()
                let command = ChildCommand(
                    installation.client,
                    ["-s", socket] + (user.map { ["--user", $0, "--no-auth-warning"] } ?? []) + words,
                    environment: password.map { ["REDISCLI_AUTH": $0.reveal()] } ?? [:]
                )
                let result = try await ChildProcess.run(command, deadline: .seconds(10))
                return result.outputText + result.errorText
            }
        }
    }
}
