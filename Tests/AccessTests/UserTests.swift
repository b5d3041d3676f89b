import Diagnostics
import Domain
import Postgres
import TestSupport
import Testing

@testable import Access

@Suite struct UserTests {
    private let password = Secret("correct horse battery")
    private let hasher = PasswordHasher()

    #if os(Linux)
    @Test func `a password is kept as a salted yescrypt hash, and only it matches`() async throws {
        let first = try await hasher.hash(password), second = try await hasher.hash(password)
        #expect(first.text.hasPrefix("$y$"))
        #expect(first != second)
        #expect(first.matches(password) && second.matches(password))
        for wrong in ["", "correct horse batterz", "correct horse battery ", "correct horse battery\u{0}"] {
            #expect(!first.matches(Secret(wrong)))
        }
        #expect("\(first)" == "<redacted>")
    }

    @Test(arguments: ["", "*0", "*1", "$y$", "plain text", "$y$j9T$", "$1$x$y"])
    func `a hash that cannot be read matches nothing`(text: String) {
        #expect(!PasswordHash(text: text).matches(Secret(text)))
        #expect(!PasswordHash(text: text).matches(password))
    }

    @Test(arguments: ["", "short", String(repeating: "x", count: 513), "twelve chars\u{0}"])
    func `what cannot be a password is refused`(text: String) async {
        let error = await #expect(throws: AccessError.self) { try await hasher.hash(Secret(text)) }
        #expect(error?.code == .usage)
        #expect(text.isEmpty || error?.description.contains(text) == false)
    }

    @Test func `hashing is bounded`() async throws {
        let narrow = PasswordHasher(maximumWaiting: 2)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                // What fails here fails because of the bound: the password is a good one.
                group.addTask { (try? await narrow.hash(self.password)) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.contains(true) && outcomes.contains(false))
    }

    @Test func `users sign in with their password, while they are active`() async throws {
        try await withAccessDatabase { client in
            let users = PostgresUserStore(client)
            let signIn = PasswordSignIn(users, hasher)
            let hash = try await hasher.hash(password)
            try await users.create(
                UserRecord(userID: "ann", role: .editor, fullName: "Ann O'Neil", email: "ann@example.org"),
                passwordHash: hash,
                by: "cli:test"
            )
            try await users.create(UserRecord(userID: "bot", role: .admin), passwordHash: nil, by: "cli:test")
            let principal = try await signIn.signIn("ann", password, from: "a")
            #expect(principal.name == "user:ann")
            #expect(principal.clearance == .confidential && principal.scopes == [.read, .write])

            for (name, given) in [("ann", "wrong"), ("nobody", password.reveal()), ("bot", ""), ("a\u{0}", "x")] {
                let error = await #expect(throws: AccessError.self) {
                    try await signIn.signIn(name, Secret(given), from: "b")
                }
                #expect(error?.code == .accessUnauthenticated)
                #expect(error?.message == "name and password do not belong together")
            }
            try await users.setActive("ann", false, by: "cli:test")
            await #expect(throws: AccessError.self) { try await signIn.signIn("ann", password, from: "c") }
            try await users.setActive("ann", true, by: "cli:test")
            try await users.setPassword("ann", hasher.hash(Secret("another password")), by: "cli:test")
            await #expect(throws: AccessError.self) { try await signIn.signIn("ann", password, from: "c") }
            _ = try await signIn.signIn("ann", Secret("another password"), from: "c")

            #expect(try await users.list().map(\.userID) == ["ann", "bot"])
            #expect(try await users.list().map(\.hasPassword) == [true, false])
            let audit = try await client.query("SELECT details::text || summary AS text FROM public.audit_logs").rows
            #expect(audit.count == 5)
            #expect(audit.allSatisfy { !($0["text"].string ?? "").contains("$y$") })
        }
    }

    @Test func `attempts are limited by user and by address`() async throws {
        try await withAccessDatabase { client in
            let users = PostgresUserStore(client)
            let signIn = PasswordSignIn(users, hasher)
            let now = ContinuousClock.now
            func attempt(_ name: String, _ address: String, at time: ContinuousClock.Instant) async -> ErrorCode? {
                do {
                    _ = try await signIn.signIn(name, Secret("wrong password"), from: address, at: time)
                    return nil
                } catch {
                    return (error as? AccessError)?.code
                }
            }
            for number in 0..<10 { #expect(await attempt("eve", "\(number)", at: now) == .accessUnauthenticated) }
            #expect(await attempt("eve", "elsewhere", at: now) == .accessRateLimited)
            #expect(await attempt("eve", "elsewhere", at: now + .seconds(31)) == .accessUnauthenticated)
            for number in 0..<20 { _ = await attempt("user\(number)", "one", at: now) }
            #expect(await attempt("another", "one", at: now) == .accessRateLimited)
        }
    }
    #endif

    @Test func `there is one user of an id, and the id is one`() async throws {
        try await withAccessDatabase { client in
            let users = PostgresUserStore(client)
            try await users.create(UserRecord(userID: "ann", role: .viewer), passwordHash: nil, by: "test")
            for (id, code) in [
                ("ann", ErrorCode.accessConflict), ("", .usage), ("Ann", .usage), ("-a", .usage), ("a b", .usage),
                ("a'; DROP TABLE users; --", .usage), (String(repeating: "a", count: 65), .usage),
            ] {
                let error = await #expect(throws: AccessError.self) {
                    try await users.create(UserRecord(userID: id, role: .admin), passwordHash: nil, by: "test")
                }
                #expect(error?.code == code)
            }
            let error = await #expect(throws: AccessError.self) {
                try await users.setActive("nobody", false, by: "test")
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `the number of names whose attempts are counted is bounded`() {
        var limiter = AttemptLimiter(.init(rate: 1, burst: 1), maximumNames: 2)
        let now = ContinuousClock.now
        #expect(limiter.attempt("a", at: now) == .allow)
        #expect(limiter.attempt("b", at: now) == .allow)
        #expect(limiter.attempt("c", at: now) == .allow)
        #expect(limiter.attempt("d", at: now) != .allow)
        #expect(limiter.attempt("a", at: now) != .allow)
        #expect(limiter.attempt("d", at: now + .seconds(1)) == .allow)
    }
}
