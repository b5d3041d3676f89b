import Diagnostics
import EmbeddedServers
import Processes
import RESP
import Redis
import TestSupport
import Testing

@Suite("Signing in, TLS and sockets", .timeLimit(.minutes(15)))
struct AccessTests {
    static let canary = "canary4711"

    struct Login: Sendable, CustomTestStringConvertible {
        let name: String
        let user: String
        let code: ErrorCode?
        var testDescription: String { name }
    }

    static let logins: [Login] = [
        Login(name: "right default password", user: ":\(canary)@", code: nil),
        Login(name: "right user", user: "reader:pa%40ss@", code: nil),
        Login(name: "no login", user: "", code: .redisAuthentication),
        Login(name: "wrong password", user: ":\(canary)x@", code: .redisAuthentication),
        Login(name: "wrong user", user: "nobody:\(canary)@", code: .redisAuthentication),
    ]

    @Test("Passwords of users and of the default user, with RESP3 and RESP2", arguments: logins, [true, false])
    func passwords(_ login: Login, hasHello: Bool) async throws {
        let lines =
            ["requirepass \(Self.canary)", "user reader on >pa@ss ~r* &* +@all -@dangerous"]
            + (hasHello ? [] : ["rename-command HELLO \"\""])
        var configuration = ScratchRedisConfiguration()
        configuration.lines = lines
        try await TestRedis.withServer(configuration) { server in
            try await withTestClient("redis://\(login.user)127.0.0.1:\(server.port)/2") { client in
                guard let code = login.code else {
                    try await client.send("SET", "r1", "v")
                    #expect(try await client.get("r1") == Array("v".utf8))
                    #expect(try await client.send("CLIENT", "INFO").text?.contains("db=2") == true)
                    return
                }
                let error = try await redisError { try await client.send("PING") }
                #expect(error.code == code)
                #expect(error.code.meaning.exitStatus == .notPermitted)
                #expect(error.hint != nil)
                var dumped = ""
                dump(error, to: &dumped)
                dump(client, to: &dumped)
                #expect(!(dumped + error.debugDescription).contains(Self.canary))
            }
        }
    }

    @Test("What the user may not do is not permitted, and the connection goes on")
    func permissions() async throws {
        try await withRedisClient(lines: ["user reader on >x ~r* resetchannels +get +ping +hello +select"]) {
            _,
            server in
            try await withTestClient("redis://reader:x@127.0.0.1:\(server.port)") { client in
                for command in [RESPCommand("SET", "r", "x"), RESPCommand("GET", "other")] {
                    let error = try await redisError { try await client.send(command) }
                    #expect(error.code == .redisAuthentication)
                    #expect(error.refusal?.kind == .noPermission)
                }
                #expect(try await client.get("r1") == nil)
            }
        }
    }

    @Test("A database that does not exist is refused")
    func database() async throws {
        try await withRedisClient { _, server in
            try await withTestClient(server.url + "/99") { client in
                let error = try await redisError { try await client.send("PING") }
                #expect(error.code == .redisRefused)
            }
        }
    }

    @Test("A Unix socket, by URL and by path; one that is not there is unavailable")
    func socket() async throws {
        try await withRedisClient { _, server in
            for url in ["unix://\(server.socket)?db=1", server.socket] {
                let answer = try await withTestClient(url) { client in try await client.send("PING").text }
                #expect(answer == "PONG")
            }
            try await withTestClient("\(server.path)/none") { client in
                let error = try await redisError { try await client.send("PING") }
                #expect(error.code == .redisUnavailable)
                #expect(error.hint != nil)
            }
        }
    }

    @Test("TLS takes the certificate of its authority and name, and nothing else")
    func tls() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["authority", "stranger"] { try await Self.makeAuthority(name, in: directory) }
            try await Self.makeServerCertificate(in: directory)
            var configuration = ScratchRedisConfiguration()
            configuration.lines = [
                "tls-port {port}", "tls-auth-clients no", "tls-cert-file {directory}/server.crt",
                "tls-key-file {directory}/server.key", "tls-ca-cert-file {directory}/server.crt",
            ]
            for name in ["server.crt", "server.key"] {
                configuration.files[name] = try SmallFile.readText("\(directory)/\(name)") ?? ""
            }
            try await TestRedis.withServer(configuration) { server in
                func url(_ host: String, _ authority: String) -> String {
                    "rediss://\(host):\(server.secondPort)?cacert=\(directory)/\(authority).crt"
                }
                try await withTestClient(url("localhost", "authority")) { client in
                    for bytes in hostileBytes {
                        try await client.send("SET", "k", .bytes(bytes))
                        #expect(try await client.get("k") == bytes)
                    }
                }
                for (host, authority) in [("localhost", "stranger"), ("127.0.0.1", "authority")] {
                    try await withTestClient(url(host, authority)) { client in
                        let error = try await redisError { try await client.send("PING") }
                        #expect(error.code == .redisUnavailable)
                        #expect(error.message.contains("TLS"), "\(error)")
                    }
                }
                try await withTestClient("rediss://localhost:\(server.port)?cacert=\(directory)/authority.crt") {
                    client in
                    let error = try await redisError { try await client.send("PING") }
                    #expect(error.code == .redisUnavailable)
                }
                let error = try await redisError {
                    try await withTestClient(url("localhost", "none")) { try await $0.send("PING") }
                }
                #expect(error.code == .settingInvalid)
            }
        }
    }

    private static func openssl(_ arguments: [String]) async throws {
        try await ChildProcess.runChecked(ChildCommand("/usr/bin/openssl", arguments))
    }

    private static let key = [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    ]

    private static func makeAuthority(_ name: String, in directory: String) async throws {
        try await openssl(
            key + ["-subj", "/CN=\(name)", "-keyout", "\(directory)/\(name).key", "-out", "\(directory)/\(name).crt"]
        )
    }

    private static func makeServerCertificate(in directory: String) async throws {
        try await openssl(
            key + [
                "-subj", "/CN=server", "-addext", "subjectAltName=DNS:localhost", "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-CA", "\(directory)/authority.crt", "-CAkey", "\(directory)/authority.key",
                "-keyout", "\(directory)/server.key", "-out", "\(directory)/server.crt",
            ]
        )
    }
}
