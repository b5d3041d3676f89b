import Diagnostics
import EmbeddedServers
import Postgres
import Processes
import TestSupport
import Testing

@Suite("Passwords and TLS")
struct SecurityTests {
    static let canary = "canary4711"

    @Test(
        "SCRAM lets the right password in, by URL and passfile, and refuses a wrong or missing one without showing it"
    )
    func scram() async throws {
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        try await TestDatabase.withServer(configuration) { server in
            try await server.run("CREATE ROLE reader LOGIN PASSWORD '\(Self.canary)'")
            let base = "127.0.0.1:\(server.port)/postgres"
            let right = try await withTestClient("postgresql://reader:\(Self.canary)@\(base)") { client in
                try await client.query("SELECT current_user").first?[0].string
            }
            #expect(right == "reader")
            let passfile = try #require(server.loopbackURL())
            #expect(try await withTestClient(passfile) { try await $0.query("SELECT 1").first?[0].integer } == 1)
            let wrong = try await postgresError {
                try await withTestClient("postgresql://reader:\(Self.canary)x@\(base)") {
                    try await $0.query("SELECT 1")
                }
            }
            #expect(wrong.code == .postgresAuthentication)
            #expect(wrong.sqlState == "28P01")
            let missing = try await postgresError {
                try await withTestClient("postgresql://reader@\(base)?passfile=/nowhere") {
                    try await $0.query("SELECT 1")
                }
            }
            #expect(missing.code == .postgresAuthentication)
            var dumped = ""
            dump(wrong, to: &dumped)
            for text in [wrong.description, wrong.debugDescription, dumped, missing.debugDescription] {
                #expect(!text.contains(Self.canary))
            }
        }
    }

    @Test("No form of a client or session shows the password")
    func canaryInClient() async throws {
        try await TestDatabase.withDatabase { url in
            try await withTestClient(url + (url.contains("?") ? "&" : "?") + "password=\(Self.canary)") { client in
                try await client.withSession { session in
                    var dumped = ""
                    dump(client, to: &dumped)
                    dump(session, to: &dumped)
                    let error = try await postgresError { try await session.query("SELECT 1/0") }
                    dump(error, to: &dumped)
                    #expect(!dumped.contains(Self.canary))
                    #expect(!String(reflecting: client).contains(Self.canary))
                }
            }
        }
    }

    @Test("verify-full takes the certificate of its own authority and name, and nothing else", .timeLimit(.minutes(15)))
    func tls() async throws {
        try await withTemporaryDirectory { directory in
            let account = Account.current.isSuperuser ? Account.named("postgres") : nil
            try Directory.own(directory, mode: 0o755, owner: nil)
            for name in ["authority", "stranger"] { try await Self.makeAuthority(name, in: directory) }
            try await Self.makeServerCertificate(in: directory)
            // The server is another user, whatever the umask here.
            for name in ["server.key", "server.crt"] {
                try Directory.own("\(directory)/\(name)", mode: 0o600, owner: account)
            }
            var configuration = ScratchPostgresConfiguration()
            configuration.listensOnLoopback = true
            configuration.settings = [
                "ssl": "on", "ssl_cert_file": "\(directory)/server.crt", "ssl_key_file": "\(directory)/server.key",
            ]
            try await TestDatabase.withServer(configuration) { server in
                let url = try #require(server.loopbackURL())
                func connect(_ host: String, authority: String) async throws -> Bool? {
                    let host = "hostaddr=127.0.0.1&host=\(host)"
                    let options = "&\(host)&sslmode=verify-full&sslrootcert=\(directory)/\(authority).crt"
                    return try await withTestClient(url + options) { client in
                        try await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").first?[0]
                            .boolean
                    }
                }
                #expect(try await connect("db.example", authority: "authority") == true)
                for (host, authority) in [
                    ("db.example", "stranger"), ("other.example", "authority"), ("db.example", "none"),
                ] {
                    let error = try await postgresError { _ = try await connect(host, authority: authority) }
                    #expect(error.code == .postgresUnavailable)
                    #expect(error.hint?.contains("sslrootcert") == true, "\(error)")
                }
            }
        }
    }

    private static func openssl(_ arguments: [String]) async throws {
        try await ChildProcess.runChecked(ChildCommand("/usr/bin/openssl", arguments))
    }

    private static func makeAuthority(_ name: String, in directory: String) async throws {
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-keyout", "\(directory)/\(name).key", "-out", "\(directory)/\(name).crt",
        ])
    }

    private static func makeServerCertificate(in directory: String) async throws {
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=server", "-addext", "subjectAltName=DNS:db.example", "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-CA", "\(directory)/authority.crt", "-CAkey", "\(directory)/authority.key",
            "-keyout", "\(directory)/server.key", "-out", "\(directory)/server.crt",
        ])
    }
}
