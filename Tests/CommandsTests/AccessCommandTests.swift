import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import Processes
import RuntimeTargets
import TestSupport
import Testing

@testable import Access
@testable import Commands

@Suite("keys and users", .timeLimit(.minutes(5)))
struct AccessCommandTests {
    private static let password = "correct horse battery"

    /// A home of its own; with `database`, a database with the schema as the target.
    private func withHarness(
        database: Bool,
        _ body: (CommandHarness, String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var harness = CommandHarness()
            harness.workingDirectory = directory
            harness.environment["CORTEX_HOME"] = directory + "/.cortex"
            harness.environment["USER"] = "tester"
            guard database else { return try await body(harness, directory) }
            try await TestDatabase.withDatabase { url in
                harness.environment["DATABASE_URL"] = url
                #expect(await harness.run("schema", "up").status == .done)
                try await body(harness, directory)
            }
        }
    }

    @Test("a key is shown once, listed without its secret, and revoked", arguments: [false, true])
    func keys(database: Bool) async throws {
        try await withHarness(database: database) { harness, directory in
            let created = await harness.run(
                "keys",
                "create",
                "--scope",
                "read,write",
                "--clearance",
                "confidential",
                "--expires",
                "90d",
                "--label",
                "ci",
                "--output",
                "json"
            )
            #expect(created.status == .done, "\(created.output)")
            let text = try #require(created.document?["key"] as? String)
            let key = try #require(APIKey(text))
            #expect(!created.talk.contains(text))

            let listed = await harness.run("keys", "list", "--output", "json")
            #expect(!listed.output.contains(text))
            #expect(listed.talk.contains("no database") == !database)
            let row = try #require((listed.document?["keys"] as? [[String: Any]])?.first)
            #expect(row["key_id"] as? String == key.id.description)
            #expect(row["scopes"] as? [String] == ["read", "write"])
            #expect(row["clearance"] as? String == "confidential")
            #expect(row["state"] as? String == "valid")
            #expect(row["created_by"] as? String == "cli:tester")
            #expect(row["sha256"] == nil)
            #expect((SmallFile.size(of: directory + "/.cortex/secrets/api-keys.json") > 0) == !database)

            let revoked = await harness.run("keys", "revoke", key.id.description, "--output", "json")
            #expect(revoked.document?["key_id"] as? String == key.id.description)
            #expect(await harness.run("keys", "list").output.contains("revoked"))
            let unknown = await harness.run("keys", "revoke", "0000000000000000", "--output", "json")
            #expect(unknown.status == .failed)
            #expect(unknown.error?["code"] as? String == "not_found")
        }
    }

    @Test("as text the key alone is on standard output")
    func text() async throws {
        try await withHarness(database: false) { harness, _ in
            let created = await harness.run("keys", "create")
            #expect(APIKey(String(created.output.dropLast())) != nil)
            #expect(created.output.hasSuffix("\n"))
        }
    }

    @Test(
        "what is no key, scope, clearance or time is a usage error, and a whole key is not shown again",
        arguments: [
            ["keys", "revoke", "cortex_0123456789abcdef_" + String(repeating: "a", count: 64)],
            ["keys", "create", "--scope", "root"], ["keys", "create", "--scope", ""],
            ["keys", "create", "--clearance", "top"], ["keys", "create", "--expires", "soon"],
            ["keys", "create", "--expires", "0s"], ["users", "create", "ann", "--role", "root"],
            ["users", "set-password", "ann"], ["users", "create", "a b"],
        ]
    )
    func usage(arguments: [String]) async throws {
        try await withHarness(database: arguments.last == "a b") { harness, _ in
            let ended = await harness.run(arguments + ["--output", "json"])
            #expect(ended.status == .usage, "\(ended.output)")
            #expect(ended.error?["code"] as? String == "usage")
            #expect(!ended.output.contains("aaaaaaaa") && !ended.talk.contains("aaaaaaaa"))
        }
    }

    @Test("up makes the first administrator's key, which stays valid with a schema, and the logins of the service")
    func up() async throws {
        try await withHarness(database: false) { harness, directory in
            do {
                try await checkStack(harness, home: directory + "/.cortex")
            } catch {
                Issue.record(error)
            }
            #expect(await harness.run("down", "--purge", "--yes").status == .done)
        }
    }

    private func checkStack(_ harness: CommandHarness, home: String) async throws {
        let started = await harness.run("up", "--output", "json")
        #expect(started.status == .done, "\(started.output)")
        let text = try #require(try SmallFile.readText(home + "/secrets/admin.key"))
        let key = try #require(APIKey(text))
        #expect(!started.output.contains(text) && !started.talk.contains(text))
        #expect(await harness.run("schema", "up", "--to", "11").status == .done)
        let outdated = await harness.run("up")
        #expect(outdated.status == .done && outdated.talk.contains("was not looked at"))
        #expect(await harness.run("keys", "list", "--output", "json").error?["code"] as? String == "schema.outdated")
        #expect(await harness.run("schema", "up").status == .done)
        #expect(await harness.run("up").status == .done)
        let listed = await harness.run("keys", "list", "--output", "json")
        let keys = try #require(listed.document?["keys"] as? [[String: Any]])
        #expect(keys.map { $0["key_id"] as? String } == [key.id.description])
        #expect(keys.first?["state"] as? String == "valid")

        let target = LocalTarget(home: try CortexHome(home))
        for role in ["cortex_api", "cortex_relay", "cortex_readonly"] {
            let url = try #require(try await target.url(role: role))
            let user = try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                try await client.query("SELECT current_user").first?[0].string
            }
            #expect(user == role)
        }
    }

    @Test("users need the database")
    func usersWithout() async throws {
        try await withHarness(database: false) { harness, _ in
            let ended = await harness.run("users", "list", "--output", "json")
            #expect(ended.status == .unavailable)
        }
    }

    @Test(
        "the line end of a password file is no part of the password",
        arguments: [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a b\n\n", "a b\n"), ("", "")]
    )
    func passwordLine(text: String, password: String) {
        #expect(PasswordOption.line(of: text) == password)
    }

    @Test("a user is made with a password from a file, a line or the environment, and none of it is shown")
    func users() async throws {
        try await withHarness(database: true) { harness, directory in
            var harness = harness
            let file = directory + "/password"
            try SmallFile.write(text: Self.password + "\n", to: file)
            harness.answer = Self.password
            #if os(Linux)
            var ended = [await harness.run("users", "create", "ann", "--role", "editor", "--password-file", "password")]
            ended.append(await harness.run("users", "create", "bob", "--password-stdin", "--email", "bob@example.org"))
            ended.append(await harness.run("users", "set-password", "ann", "--password-stdin"))
            harness.environment["CORTEX_PASSWORD_FILE"] = file
            ended.append(await harness.run("users", "create", "eve"))
            harness.environment["CORTEX_PASSWORD_FILE"] = nil
            for one in ended {
                #expect(one.status == .done, "\(one.talk)")
                #expect(!one.output.contains(Self.password) && !one.talk.contains(Self.password))
            }
            #endif
            #expect(await harness.run("users", "create", "dan", "--role", "admin").status == .done)
            #expect(await harness.run("users", "disable", "dan").status == .done)
            let again = await harness.run("users", "create", "dan", "--output", "json")
            #expect(again.error?["code"] as? String == "access.conflict")
            let key = await harness.run("keys", "create", "--user", "dan", "--output", "json")
            #expect(key.status == .done)
            #expect(await harness.run("keys", "list").output.contains("disabled"))
            #expect(await harness.run("users", "enable", "dan").status == .done)
            #expect(await harness.run("keys", "list").output.contains("valid"))
            let nobody = await harness.run("keys", "create", "--user", "nobody", "--output", "json")
            #expect(nobody.error?["code"] as? String == "not_found")

            let listed = await harness.run("users", "list", "--output", "json")
            let users = try #require(listed.document?["users"] as? [[String: Any]])
            #if os(Linux)
            #expect(users.compactMap { $0["user_id"] as? String } == ["ann", "bob", "dan", "eve"])
            #expect(users.map { $0["has_password"] as? Bool } == [true, true, false, true])
            #endif
            #expect(!listed.output.contains("$y$"))
        }
    }

    @Test("a short password is refused without being shown")
    func shortPassword() async throws {
        try await withHarness(database: false) { harness, _ in
            var harness = harness
            harness.answer = "hunter2"
            let ended = await harness.run("users", "set-password", "ann", "--password-stdin", "--output", "json")
            #expect(ended.status == .usage)
            #expect(!ended.output.contains("hunter2"))
        }
    }

    @Test("a load test of a service that is not there says so")
    func bench() async throws {
        try await withHarness(database: false) { harness, _ in
            let ended = await harness.run(
                "bench",
                "--url",
                "http://127.0.0.1:1",
                "--duration",
                "1s",
                "--output",
                "json"
            )
            #expect(ended.status == .unavailable)
            #expect(ended.error?["code"] as? String == "sync.unavailable")
            for wrong in [["--mix", "all"], ["--duration", "long"], ["--url", "here"], ["--clients", "0"]] {
                #expect(await harness.run(["bench"] + wrong).status == .usage)
            }
        }
    }
}
