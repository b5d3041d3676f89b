import Diagnostics
import Redis
import Testing

@Suite("RedisURL")
struct RedisURLTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let text: String
        let url: RedisURL
        let shown: String
        var testDescription: String { text }
    }

    static func host(
        _ host: String,
        _ port: Int = 6_379,
        user: String? = nil,
        password: String? = nil,
        database: Int = 0,
        isSecure: Bool = false,
        authorities: String? = nil
    ) -> RedisURL {
        RedisURL(
            place: .host(host, port: port),
            user: user,
            password: password.map { Secret($0) },
            database: database,
            isSecure: isSecure,
            authorities: authorities
        )
    }

    static let good: [Good] = [
        Good(text: "redis://localhost", url: host("localhost"), shown: "redis://localhost:6379/0"),
        Good(text: "REDIS://localhost/", url: host("localhost"), shown: "redis://localhost:6379/0"),
        Good(text: "redis://h:7000/3", url: host("h", 7_000, database: 3), shown: "redis://h:7000/3"),
        Good(text: "redis://h?db=3", url: host("h", database: 3), shown: "redis://h:6379/3"),
        Good(text: "redis://:pw@h", url: host("h", password: "pw"), shown: "redis://h:6379/0"),
        Good(text: "redis://u:pw@h", url: host("h", user: "u", password: "pw"), shown: "redis://u@h:6379/0"),
        Good(
            text: "redis://u%40x:p%2Fw%3A@h/1",
            url: host("h", user: "u@x", password: "p/w:", database: 1),
            shown: "redis://u%40x@h:6379/1"
        ),
        Good(text: "redis://:p/w:@x@h/1", url: host("h", password: "p/w:@x", database: 1), shown: "redis://h:6379/1"),
        Good(text: "redis://[::1]:7000", url: host("::1", 7_000), shown: "redis://[::1]:7000/0"),
        Good(text: "redis://[::1]", url: host("::1"), shown: "redis://[::1]:6379/0"),
        Good(text: "rediss://h", url: host("h", isSecure: true), shown: "rediss://h:6379/0"),
        Good(
            text: "rediss://h?cacert=/a%20b.pem",
            url: host("h", isSecure: true, authorities: "/a b.pem"),
            shown: "rediss://h:6379/0"
        ),
        Good(
            text: "unix:///run/redis.sock",
            url: RedisURL(place: .socket(path: "/run/redis.sock")),
            shown: "unix:///run/redis.sock"
        ),
        Good(
            text: "unix://u:pw@/a%20b?db=2",
            url: RedisURL(place: .socket(path: "/a b"), user: "u", password: Secret("pw"), database: 2),
            shown: "unix://u@/a%20b?db=2"
        ),
        Good(text: "/run/a%20b", url: RedisURL(place: .socket(path: "/run/a%20b")), shown: "unix:///run/a%2520b"),
    ]

    @Test("Each form is read, and shown without its password", arguments: good)
    func forms(_ row: Good) throws {
        let url = try RedisURL(row.text)
        #expect(url == row.url)
        #expect(url.description == row.shown)
    }

    @Test("What is shown is read back as the same place", arguments: good)
    func roundTrip(_ row: Good) throws {
        var expected = row.url
        expected.password = nil
        expected.user = nil
        expected.authorities = nil
        var shown = row.url
        shown.user = nil
        #expect(try RedisURL(shown.description) == expected)
    }

    @Test(
        "What cannot be read says why and shows nothing of it",
        arguments: [
            ("", "no scheme"), ("localhost:6379", "no scheme"), ("http://h", "scheme"), ("redis://", "no host"),
            ("redis://:6379", "no host"), ("redis://h:0", "port"), ("redis://h:65536", "port"), ("redis://h:", "port"),
            ("redis://h:+1", "port"), ("redis://h:x", "port"), ("redis://::1", "[ ]"), ("redis://[::1", "no ]"),
            ("redis://[::1]x", "after ]"), ("redis://h/x", "database"), ("redis://h/-1", "database"),
            ("redis://h/1/2", "database"), ("redis://h?db=x", "database"), ("redis://canary4711@h", "no colon"),
            ("redis://u:@h", "no password"), ("redis://u:canary4711%@h", "%XX"),
            ("redis://h?canary4711=1", "parameter"),
            ("redis://h?db", "name=value"), ("redis://h#x", "fragment"), ("redis://h?cacert=/a", "parameter"),
            ("unix://h/x", "absolute path"), ("unix://", "absolute path"), ("redis://h\n", "control character"),
        ]
    )
    func faults(text: String, part: String) {
        let error = #expect(throws: RedisError.self) { try RedisURL(text) }
        #expect(error?.code == .settingInvalid)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.isEmpty == false)
        #expect(error?.debugDescription.contains("canary4711") == false)
    }

    @Test("No form of a URL or configuration shows the password")
    func canary() throws {
        let url = try RedisURL("redis://user:canary4711@h")
        var dumped = ""
        dump(url, to: &dumped)
        dump(RedisConfiguration(url), to: &dumped)
        #expect(!(dumped + "\(url)" + String(reflecting: url) + "\(RedisConfiguration(url))").contains("canary"))
    }
}
