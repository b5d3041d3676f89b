import Diagnostics
import Postgres
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Streaming rows")
struct StreamTests {
    /// Bytes of memory that this process holds; 0 where that cannot be told.
    static func residentBytes() -> Int {
        #if os(Linux)
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, 128, file) != nil else { return 0 }
        let fields = text.prefix { $0 != 0 }.split(separator: 32).map {
            String(decoding: $0.map(UInt8.init), as: UTF8.self)
        }
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
        #else
        return 0
        #endif
    }

    @Test("A million rows pass in order and in bounded memory", .timeLimit(.minutes(15)))
    func million() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                var expected: Int64 = 1
                var isInOrder = true
                let before = Self.residentBytes()
                var peak = before
                let count = try await session.forEachRow(
                    "SELECT g, repeat('x', 300) FROM generate_series(1, $1::int) g",
                    [1_000_000]
                ) { row in
                    isInOrder = isInOrder && row[0].integer == expected
                    expected += 1
                    if expected.isMultiple(of: 50_000) { peak = max(peak, Self.residentBytes()) }
                }
                #expect(count == 1_000_000)
                #expect(isInOrder)
                // 300 MB went through; other tests run in this process meanwhile.
                #expect(peak - before < 150 << 20)
            }
        }
    }

    @Test("While the body is busy the server has to wait")
    func backpressure() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                var seen = 0
                let sql = "SELECT g, repeat('x', 1000) FROM generate_series(1, 200000) g"
                try await session.forEachRow(sql) { _ in
                    seen += 1
                    if seen == 1 {
                        try await client.waitUntil(pid: session.backendPID, runs: sql, waitEventType: "Client")
                    }
                }
                #expect(seen == 200_000)
            }
        }
    }

    @Test("No rows, an error at once and an error half way are told as they are")
    func ends() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                #expect(try await session.forEachRow("SELECT 1 WHERE false") { _ in } == 0)
                #expect(try await session.forEachRow("CREATE TABLE t (id int)") { _ in } == 0)
                let early = try await postgresError { try await session.forEachRow("SELECT nothing") { _ in } }
                #expect(early.sqlState == "42703")
                let late = try await postgresError {
                    try await session.forEachRow("SELECT 1 / (50000 - g) FROM generate_series(1, 100000) g") { _ in }
                }
                #expect(late.sqlState == "22012")
                try await expectUsable(session)
            }
        }
    }

    @Test("A body that throws ends the stream and leaves the session usable")
    func bodyThrows() async throws {
        struct Enough: Error {}
        try await withDatabaseClient { client in
            try await client.withSession { session in
                for _ in 0..<3 {
                    await #expect(throws: Enough.self) {
                        try await session.forEachRow("SELECT generate_series(1, 100000000)") { _ in throw Enough() }
                    }
                    try await expectUsable(session)
                }
            }
        }
    }

    @Test("Another statement while rows are delivered is refused")
    func busy() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                let error = try await postgresError {
                    try await session.forEachRow("SELECT generate_series(1, 100000)") { _ in
                        try await session.query("SELECT 1")
                    }
                }
                #expect(error.code == .postgresProtocol)
                try await expectUsable(session)
            }
        }
    }
}
