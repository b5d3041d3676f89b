import Diagnostics
import Testing

@testable import EmbeddedServers

@Suite("Paths, addresses and files of servers")
struct AddressTests {
    @Test(
        "a home's path is made absolute and plain",
        arguments: [("/a//b/./c/../d/", "/a/b/d"), ("/a/../../b", "/b"), ("/x y/ü", "/x y/ü")]
    )
    func homePath(_ given: String, _ path: String) throws {
        #expect(try CortexHome(given).path == path)
    }

    @Test("a relative home is below the working directory")
    func relativeHome() throws {
        let home = try CortexHome(".cortex")
        #expect(home.path.hasPrefix("/") && home.path.hasSuffix("/.cortex"))
        #expect(home.secrets == home.path + "/secrets")
    }

    @Test(
        "impossible homes are refused",
        arguments: ["", "/", "/..", "/a\nb", "/a\0b", "/" + String(repeating: "x", count: 900)]
    )
    func badHome(_ path: String) {
        let error = #expect(throws: EmbeddedServersError.self) { try CortexHome(path) }
        #expect(error?.code == .settingInvalid)
    }

    @Test("different homes have different short names")
    func shortNames() throws {
        let names = try (0..<1_000).map { try CortexHome("/home/\($0)").shortName }
        #expect(Set(names).count == 1_000)
        #expect(names.allSatisfy { $0.utf8.count == 16 })
    }

    struct Connection: Sendable {
        let given: String
        let without: String
        let password: String?
    }

    @Test(
        "the password is taken out of a connection string before it becomes an argument",
        arguments: [
            Connection(given: "postgresql://u@h/d", without: "postgresql://u@h/d", password: nil),
            Connection(given: "postgresql://u:p%40w@h:5/d?x=1", without: "postgresql://u@h:5/d?x=1", password: "p@w"),
            Connection(given: "postgres://u:a:b@[::1]:5/d", without: "postgres://u@[::1]:5/d", password: "a:b"),
            Connection(
                given: "postgresql:///d?password=a%26b&host=/s",
                without: "postgresql:///d?host=/s",
                password: "a&b"
            ),
            Connection(given: "postgresql:///d?password=p", without: "postgresql:///d", password: "p"),
            Connection(given: "host=h password=p user=u", without: "host=h user=u", password: "p"),
            Connection(given: "password = 'it\\'s p' host=h", without: " host=h", password: "it's p"),
            Connection(given: "host=h dbname=d", without: "host=h dbname=d", password: nil),
        ]
    )
    func passwords(_ given: Connection) {
        let address = PostgresAddress(given.given)
        #expect(address.withoutPassword == given.without)
        #expect(address.password?.reveal() == given.password)
    }

    @Test("Redis URLs are read")
    func redisURLs() throws {
        let full = try #require(RedisAddress("rediss://me:p%3Aw@[::1]:7000/3?x"))
        #expect(full.arguments == ["-h", "::1", "-p", "7000", "--tls", "--user", "me", "-n", "3"])
        #expect(full.password?.reveal() == "p:w")
        let plain = try #require(RedisAddress("redis://cache"))
        #expect(plain.arguments == ["-h", "cache", "-p", "6379"])
        #expect(try #require(RedisAddress("redis://:secret@h")).user == nil)
        #expect(try #require(RedisAddress("redis://:secret@h")).password?.reveal() == "secret")
        #expect(RedisAddress("http://x") == nil)
        #expect(RedisAddress("redis://h:port") == nil)
    }

    @Test("URLs of sockets and ports are encoded")
    func urls() {
        #expect(
            ConnectionURL.postgres(user: "u", database: "d", host: "/a b/ü", port: 5, passfile: "/x&y")
                == "postgresql://u@/d?host=/a%20b/%C3%BC&port=5&passfile=/x%26y"
        )
        #expect(
            ConnectionURL.postgres(user: "u", database: "d", host: "127.0.0.1", port: 5)
                == "postgresql://u@127.0.0.1:5/d"
        )
    }

    @Test("pid files are read at every stage of their writing")
    func pidFiles() throws {
        #expect(PostmasterFile("") == nil)
        #expect(PostmasterFile("x") == nil)
        #expect(PostmasterFile("0") == nil)
        #expect(try #require(PostmasterFile("12\n/data\n1")).port == nil)
        let ready = try #require(PostmasterFile("12\n/data\n1\n5433\n/s\n127.0.0.1\n  1 2\nready   "))
        #expect(ready.pid == 12 && ready.port == 5_433 && ready.isReady)
        #expect(try #require(PostmasterFile("12\n/data\n1\n5433\n/s\n127.0.0.1\n  1 2\nstarting")).isReady == false)
        #expect(try #require(PostmasterFile("-12\n")).pid == 12)
    }

    @Test(
        "versions are read",
        arguments: [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0)", 15, "15.18"),
            ("postgres (PostgreSQL) 18beta1", 18, "18beta1"),
        ]
    )
    func versions(_ line: String, _ major: Int, _ text: String) throws {
        let version = try #require(ServerVersion(postgres: line))
        #expect(version.major == major && version.text == text)
        #expect(ServerVersion(redis: "Redis server v=7.0.15 sha=0:0 malloc=x")?.text == "7.0.15")
        #expect(ServerVersion(redis: "nonsense") == nil)
    }
}
