import Diagnostics
import Postgres
import Testing

@Suite("Queries")
struct QueryTests {
    @Test("Every kind of parameter comes back as it went")
    func parameters() async throws {
        try await withDatabaseClient { client in
            let bytes = (0...255).map { UInt8($0) } + [0, 0]
            let row = try #require(
                try await client.query(
                    """
                    SELECT $1::text, $2::bigint, $3::float8, $4::numeric, $5::boolean, $6::bytea, $7::timestamptz, $8::uuid,
                           $9::jsonb, $10::text[], $11::bigint[], $12::text, $13::bytea
                    """,
                    [
                        "text", .integer(.min), 0.1, .numeric("123456789012345678901234567890.10"), true, .bytes(bytes),
                        .instant(microseconds: -1), .uuid(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF),
                        .json(Array("{\"a\": 1}".utf8)), .textArray(hostileTexts), .integerArray([1, -2]), nil,
                        .bytes([]),
                    ]
                ).first
            )
            #expect(row[0].string == "text")
            #expect(row[1].integer == .min)
            #expect(row[2].double == 0.1)
            #expect(row[3].string == "123456789012345678901234567890.10")
            #expect(row[4].boolean == true)
            #expect(row[5].bytes == bytes)
            #expect(row[6].string == "1969-12-31 23:59:59.999999+00")
            #expect(row[7].string == "00112233-4455-6677-8899-aabbccddeeff")
            #expect(row[8].string == "{\"a\": 1}")
            #expect(row[9].textArray == hostileTexts)
            #expect(row[10].textArray == ["1", "-2"])
            #expect(row[11].isNull && row[11].string == nil)
            #expect(row[12].bytes == [])
        }
    }

    @Test(
        "Floating-point numbers keep every bit",
        arguments: [0.1, -0.0, Double.leastNonzeroMagnitude, Double.greatestFiniteMagnitude, .infinity, -.infinity]
    )
    func doubles(_ number: Double) async throws {
        let read = try await withDatabaseClient { client in
            try await client.query("SELECT $1::float8", [.double(number)]).first?[0].string
        }
        let value = try #require(read.flatMap { Double($0) })
        #expect(value.bitPattern == number.bitPattern)
    }

    @Test("Hostile texts come back unchanged, by parameter, prepared or not, and as quoted identifiers")
    func hostile() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            for text in hostileTexts {
                let row = try await client.query("SELECT $1::text AS value", [.text(text)]).first
                #expect(row?["value"].string == text)
                let literal = try await client.query("SELECT \(PostgresIdentifier.literal(text))").first
                #expect(literal?[0].string == text)
            }
            let name = "a\"b'; c"
            let result = try await client.query("SELECT 1 AS \(PostgresIdentifier.quoted(name))")
            #expect(result.columns == [name])
        }
    }

    @Test("U+0000 is refused before it is sent, in parameters and in SQL")
    func nulCharacter() async throws {
        try await withDatabaseClient { client in
            let values: [PostgresValue] = ["a\u{0}b", .textArray(["\u{0}"]), .json([0])]
            for value in values {
                let error = try await postgresError { try await client.query("SELECT $1::text", [value]) }
                #expect(error.code == .postgresProtocol)
            }
            let error = try await postgresError { try await client.query("SELECT 1 -- \u{0}") }
            #expect(error.code == .postgresProtocol)
        }
    }

    @Test("Rows, affected rows, columns and tag are told")
    func result() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id int, name text)")
            let inserted = try await client.query("INSERT INTO t SELECT g, 'n' || g FROM generate_series(1, 3) g")
            #expect(inserted.affected == 3)
            #expect(inserted.commandTag == "INSERT 0 3")
            #expect(inserted.rows.isEmpty)
            let selected = try await client.query("SELECT id, name, id AS id FROM t ORDER BY id")
            #expect(selected.columns == ["id", "name", "id"])
            #expect(selected.rows.map { $0["name"].string } == ["n1", "n2", "n3"])
            #expect(selected.affected == 3)
            #expect(try await client.query("").rows.isEmpty)
        }
    }

    @Test("A script runs several statements as one, with COPY refused in it")
    func script() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                let results = try await session.run(
                    script: "CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2); SELECT * FROM t"
                )
                #expect(results.map(\.affected) == [0, 2, 2])
                let failed = try await postgresError {
                    try await session.run(script: "INSERT INTO t VALUES (3); SELECT 1/0")
                }
                #expect(failed.sqlState == "22012")
                try await expect(session, "SELECT count(*) FROM t", gives: 2)
                for copy in ["COPY t FROM STDIN", "COPY t TO STDOUT"] {
                    let refused = try await postgresError { try await session.run(script: copy) }
                    #expect(refused.code == .postgresProtocol)
                    try await expectUsable(session)
                }
            }
        }
    }

    @Test("An error carries the server's fields; values only in its debug form")
    func errors() async throws {
        try await withDatabaseClient { client in
            try await client.query(
                "CREATE TABLE people (id int PRIMARY KEY, mail text CONSTRAINT mail_once UNIQUE, age int NOT NULL)"
            )
            try await client.query("INSERT INTO people VALUES (1, 'canary@example.org', 1)")
            let unique = try await postgresError {
                try await client.query("INSERT INTO people VALUES (2, $1, 1)", ["canary@example.org"])
            }
            #expect(unique.code == .postgresStatement)
            #expect(unique.sqlState == "23505")
            #expect(unique.constraint == "mail_once")
            #expect(unique.table == "people")
            #expect(unique.details["constraint"] == "mail_once")
            #expect(unique.detail?.contains("canary") == true)
            #expect(!unique.description.contains("canary"))
            #expect(unique.debugDescription.contains("canary"))
            #expect(!unique.isCommitUnknown)

            let null = try await postgresError {
                try await client.query("INSERT INTO people VALUES (3, 'canary', NULL)")
            }
            #expect(null.column == "age")
            #expect(!null.description.contains("canary"))

            let syntax = try await postgresError { try await client.query("SELECT x FROM nowhere") }
            #expect(syntax.sqlState == "42P01")
            #expect(syntax.position == 15)

            let invalid = try await postgresError { try await client.query("SELECT $1::int", ["canary \" x"]) }
            #expect(invalid.sqlState == "22P02")
            #expect(!invalid.description.contains("canary"))
        }
    }

    @Test("Repeated statements are prepared, follow DDL, and survive DISCARD ALL")
    func prepared() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            try await client.withSession { session in
                try await session.query("CREATE TABLE t (a int)")
                try await session.query("INSERT INTO t VALUES (1)")
                for _ in 0..<3 { #expect(try await session.query("SELECT * FROM t").rows.count == 1) }
                let count = try await session.query(
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT * FROM t'"
                )
                #expect(count.first?[0].integer == 1)
                try await session.query("ALTER TABLE t ADD COLUMN b text DEFAULT 'x'")
                #expect(try await session.query("SELECT * FROM t").first?["b"].string == "x")
                for _ in 0..<3 { try await session.query("SELECT * FROM t WHERE a = $1", [1]) }
                try await session.run(script: "DEALLOCATE ALL")
                #expect(try await session.query("SELECT * FROM t WHERE a = $1", [1]).rows.count == 1)
                // Behind our back, so that the cache cannot know.
                for _ in 0..<3 { try await session.query("SELECT * FROM t WHERE a = $1", [1]) }
                try await session.run(script: "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
                #expect(try await session.query("SELECT * FROM t WHERE a = $1", [1]).rows.count == 1)
            }
        }
    }

    @Test("A statement stays prepared, once, from session to session")
    func preparedAcrossSessions() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            for _ in 0..<5 {
                try await client.withSession { session in
                    for _ in 0..<2 { try await session.query("SELECT 4711") }
                }
            }
            let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 4711'"
            try await expect(client, count, gives: 1)
        }
    }

    @Test("The same text with parameters of other types is another statement")
    func preparedTypes() async throws {
        try await withDatabaseClient(sessions: 1) { client in
            try await client.withSession { session in
                func value(_ parameter: PostgresValue) async throws -> PostgresCell? {
                    try await session.query("SELECT $1 AS v", [parameter]).first?["v"]
                }
                for _ in 0..<3 {
                    let cells = try await [
                        value("plain"), value(.bytes([1, 2])), value(.instant(microseconds: 0)), value(nil),
                    ]
                    #expect(cells[0]?.string == "plain")
                    #expect(cells[1]?.bytes == [1, 2])
                    #expect(cells[2]?.string == "1970-01-01 00:00:00+00")
                    #expect(cells[3]?.isNull == true)
                }
            }
        }
    }

    @Test("Notices are collected, not printed")
    func notices() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                try await session.run(
                    script:
                        "DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING USING MESSAGE = 'two', HINT = 'h', DETAIL = 'd'; END $$"
                )
                let notices = session.takeNotices()
                #expect(notices.map(\.message) == ["one", "two"])
                #expect(notices.map(\.severity) == ["NOTICE", "WARNING"])
                #expect(notices.last?.hint == "h" && notices.last?.detail == "d")
                #expect(session.takeNotices().isEmpty)
                try await session.run(script: "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE NOTICE '%', i; END LOOP; END $$")
                #expect(session.takeNotices().last?.message == "1000")
            }
        }
    }

    @Test("Server facts are known")
    func facts() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                let row = try #require(
                    try await session.query(
                        "SELECT pg_backend_pid(), current_setting('server_version_num'), current_setting('application_name')"
                    ).first
                )
                #expect(row[0].integer == Int64(session.backendPID))
                #expect(row[1].integer == Int64(session.serverVersion))
                #expect(row[2].string == "cortex-test")
                #expect(session.parameterStatus("TimeZone") == "UTC")
                try await session.query("SET TimeZone = 'Europe/Berlin'")
                #expect(session.parameterStatus("TimeZone") == "Europe/Berlin")
            }
        }
    }
}
