import Diagnostics
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@Suite("COPY")
struct CopyTests {
    static let wideTable = """
        CREATE TABLE wide (
            id bigint PRIMARY KEY, small int, tiny smallint, name text, flag boolean, at timestamptz, day date, key uuid,
            raw bytea, doc json, docb jsonb, tags text[], amount numeric, ratio float8
        )
        """
    static let numbers = [
        "0", "-0.00", "1", "-1.5", "10000", "9999.9999", "0.0001", "0.00010", "1e10", "1.50e1", "1E-20", "25e-3", "NaN",
        "123456789012345678901234567890.123456789012345678901234567890", "-99999999", "1e131071", "1e-16383",
        "100000000.0",
    ]

    static func appendRow(_ index: Int, to encoder: inout CopyBinaryEncoder) throws {
        encoder.startRow(columns: 14)
        encoder.integer(Int64(index))
        if index.isMultiple(of: 7) { encoder.null() } else { encoder.int32(Int32(index)) }
        encoder.int16(Int16(truncatingIfNeeded: index))
        encoder.text(hostileTexts[index % 26])
        encoder.boolean(index.isMultiple(of: 2))
        encoder.instant(microseconds: Int64(index) * 86_399_999_999 - 1_000_000_000_000)
        encoder.date(days: Int32(index) - 5_000)
        encoder.uuid(high: UInt64(index) &* 0x9E37_79B9_7F4A_7C15, low: UInt64(index))
        encoder.bytes([0, UInt8(truncatingIfNeeded: index), 255])
        encoder.json(Array("{\"i\" : \(index)}".utf8))
        encoder.jsonb(Array("{\"i\": \(index)}".utf8))
        encoder.textArray(index.isMultiple(of: 5) ? [] : ["a", hostileTexts[index % 26]])
        try encoder.numeric(index.isMultiple(of: 3) ? numbers[index % numbers.count] : "\(index).5")
        encoder.double(Double(index) / 3)
    }

    @Test("100,000 rows of every type come out byte for byte as they went in", .timeLimit(.minutes(15)))
    func roundTrip() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                try await session.query(Self.wideTable)
                var sent: [UInt8] = []
                let count = try await session.copyIn("COPY wide FROM STDIN (FORMAT binary)") { writer in
                    var encoder = CopyBinaryEncoder()
                    for index in 0..<100_000 {
                        try Self.appendRow(index, to: &encoder)
                        guard encoder.count > 200_000 || index.isMultiple(of: 10_007) else { continue }
                        sent += encoder.bytes
                        try await writer.write(encoder.take())
                    }
                    encoder.finish()
                    sent += encoder.bytes
                    try await writer.write(encoder.take())
                }
                #expect(count == 100_000)
                var received: [UInt8] = []
                let read = try await session.copyOut("COPY (SELECT * FROM wide ORDER BY id) TO STDOUT (FORMAT binary)")
                {
                    received += $0
                }
                #expect(read == 100_000)
                #expect(received.count == sent.count)
                #expect(received == sent)
            }
        }
    }

    @Test("The server reads numerics and instants of the encoder as it reads their text")
    func agreesWithServer() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE n (id int, spelled text, n numeric)")
            try await client.query("CREATE TABLE i (us bigint, at timestamptz)")
            let instants: [Int64] = [0, -1, 1, 946_684_800_000_000, 253_402_300_799_999_999, -62_135_596_800_000_000]
            try await client.withSession { session in
                try await session.copyIn("COPY n FROM STDIN (FORMAT binary)") { writer in
                    var encoder = CopyBinaryEncoder()
                    for (index, text) in Self.numbers.enumerated() {
                        encoder.startRow(columns: 3)
                        encoder.int32(Int32(index))
                        encoder.text(text)
                        try encoder.numeric(text)
                    }
                    encoder.finish()
                    try await writer.write(encoder.take())
                }
                try await session.copyIn("COPY i FROM STDIN (FORMAT binary)") { writer in
                    var encoder = CopyBinaryEncoder()
                    for instant in instants {
                        encoder.startRow(columns: 2)
                        encoder.integer(instant)
                        encoder.instant(microseconds: instant)
                    }
                    encoder.finish()
                    try await writer.write(encoder.take())
                }
            }
            let wrong = try await client.query("SELECT spelled, n FROM n WHERE spelled::numeric::text <> n::text")
            #expect(wrong.rows.map { $0["spelled"].string } == [])
            let wrongInstants = try await client.query(
                "SELECT us FROM i WHERE (extract(epoch FROM at) * 1000000)::bigint <> us"
            )
            #expect(wrongInstants.rows.map { $0["us"].integer } == [])
            let refused = try await postgresError {
                _ = try await client.withSession { session in
                    try await session.copyIn("COPY i FROM STDIN (FORMAT binary)") { writer in
                        var encoder = CopyBinaryEncoder()
                        encoder.startRow(columns: 2)
                        encoder.integer(0)
                        encoder.instant(microseconds: .min)
                        encoder.finish()
                        try await writer.write(encoder.take())
                    }
                }
            }
            #expect(refused.sqlState == "22008")
        }
    }

    @Test("An error half way shows the constraint, stops the writer early, and leaves the session usable")
    func errorHalfWay() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id bigint CONSTRAINT t_key PRIMARY KEY, filler text)")
            try await client.withSession { session in
                let written = Counter()
                let error = try await postgresError {
                    try await session.copyIn("COPY t FROM STDIN") { writer in
                        let filler = String(repeating: "f", count: 1_000)
                        for index in 0..<2_000_000 {
                            try await writer.write(Array("\(index == 5_000 ? 7 : index)\t\(filler)\n".utf8))
                            written.add(1)
                        }
                    }
                }
                #expect(error.sqlState == "23505")
                #expect(error.constraint == "t_key")
                #expect(written.value < 1_000_000)
                try await expect(session, "SELECT count(*) FROM t", gives: 0)
            }
        }
    }

    @Test("A body that throws fails the COPY and its error comes through")
    func bodyThrows() async throws {
        struct Mine: Error {}
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id bigint)")
            try await client.withSession { session in
                await #expect(throws: Mine.self) {
                    try await session.copyIn("COPY t FROM STDIN") { writer in
                        try await writer.write(Array("1\n".utf8))
                        throw Mine()
                    }
                }
                await #expect(throws: Mine.self) {
                    try await session.copyOut("COPY (SELECT generate_series(1, 10000000)) TO STDOUT") { _ in
                        throw Mine()
                    }
                }
                try await expect(session, "SELECT count(*) FROM t", gives: 0)
            }
        }
    }

    @Test("A COPY that fails before the server reads its first row leaves the session in step with it")
    func failsBeforeRows() async throws {
        try await withDatabaseClient { client in
            try await client.withSession { session in
                // Waits between the answer to COPY and the first look at what we send.
                try await session.run(
                    script: """
                        CREATE TABLE t (id bigint);
                        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_sleep(0.05); RAISE EXCEPTION 'not today'; END $$;
                        CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION wait();
                        """
                )
                let server = session.backendPID
                for round in 0..<5 {
                    defer { ProcessTable.signal(server, SIGCONT) }
                    let error = try await postgresError {
                        try await session.copyIn("COPY t FROM STDIN") { writer in
                            try await eventually("the COPY has failed") {
                                try await client.query(
                                    "SELECT state <> 'active' FROM pg_stat_activity WHERE pid = $1",
                                    [.integer(Int64(server))]
                                ).first?[0].boolean == true
                            }
                            // The server has said so, and not yet seen how we end our side.
                            ProcessTable.suspend(server)
                            for _ in 0..<100_000_000 { try await writer.write(Array("1\n".utf8)) }
                        }
                    }
                    #expect(error.sqlState == "P0001")
                    async let answer = session.query("SELECT \(round)")
                    try await Task.sleep(for: .milliseconds(50))
                    ProcessTable.signal(server, SIGCONT)
                    // What answers is this statement, and not what was left of the COPY.
                    #expect(try await answer.first?[0].integer == Int64(round))
                }
            }
        }
    }

    @Test("copyIn and copyOut refuse what is no COPY of their direction")
    func wrongStatement() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id bigint)")
            try await client.withSession { session in
                for sql in ["SELECT 1", "COPY t TO STDOUT"] {
                    let error = try await postgresError { try await session.copyIn(sql) { _ in } }
                    #expect(error.code == .postgresProtocol)
                }
                for sql in ["SELECT 1", "COPY t FROM STDIN"] {
                    let error = try await postgresError { try await session.copyOut(sql) { _ in } }
                    #expect(error.code == .postgresProtocol)
                }
                let refused = try await postgresError { try await session.copyIn("COPY nowhere FROM STDIN") { _ in } }
                #expect(refused.sqlState == "42P01")
                try await expectUsable(session)
            }
        }
    }

    @Test("A COPY that the server cannot take on makes its writer wait, and goes on when it can")
    func backpressure() async throws {
        try await withDatabaseClient { client in
            try await client.query("CREATE TABLE t (id bigint PRIMARY KEY, filler text)")
            let written = Counter()
            try await client.withSession { blocker in
                try await blocker.query("BEGIN")
                try await blocker.query("INSERT INTO t VALUES (0, '')")
                try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask {
                        try await client.withSession { session in
                            try await session.copyIn("COPY t FROM STDIN") { writer in
                                let filler = String(repeating: "f", count: 1_000)
                                for index in 0..<64_000 {
                                    let line = Array("\(index)\t\(filler)\n".utf8)
                                    try await writer.write(line)
                                    written.add(line.count)
                                }
                            }
                        }
                    }
                    // The writer stands still once the buffers between it and the server are full.
                    var last = -1
                    try await eventually("the writer waits") {
                        try await Task.sleep(for: .milliseconds(200))
                        defer { last = written.value }
                        return last > 0 && last == written.value
                    }
                    #expect(written.value < 12 << 20)
                    try await blocker.query("ROLLBACK")
                    #expect(try await group.next() == 64_000)
                }
            }
        }
    }
}
