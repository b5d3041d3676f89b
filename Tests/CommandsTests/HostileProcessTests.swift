import Diagnostics
import EmbeddedServers
import Foundation
import Postgres
import Processes
import TestSupport
import Testing

@Suite("A hostile tree, moved by a process")
struct HostileProcessTests {
    @Test("ends well, everything that is rejected is named, and memory stays within 64 MiB of that for an empty tree")
    func hostile() async throws {
        try await TestDatabase.withServer { server in
            try await withTemporaryDirectory { directory in
                try FileManager.default.createDirectory(
                    atPath: directory + "/empty/coordination",
                    withIntermediateDirectories: true
                )
                try HostileTree(root: directory + "/hostile").write()
                let empty = try await migrate("empty", server: server, directory: directory)
                #expect(empty.status == 0, "\(empty.output)\(empty.talk)")

                let hostile = try await migrate("hostile", server: server, directory: directory)
                #expect(hostile.status == 0, "\(hostile.output)\(hostile.talk)")
                let growth = Double(hostile.peakMemory - empty.peakMemory) / 1_048_576
                #expect(growth <= 64, "\(growth) MiB above \(empty.peakMemory >> 20) MiB")
                try await expectNamed(server: server)

                let strict = try await migrate(
                    "hostile",
                    "--max-quarantined",
                    "0",
                    server: server,
                    directory: directory
                )
                #expect(strict.status == Diagnostics.ExitStatus.badData.rawValue, "\(strict.output)\(strict.talk)")
            }
        }
    }

    private func migrate(
        _ tree: String,
        _ arguments: String...,
        server: ScratchPostgres,
        directory: String
    ) async throws -> BuiltProgram.Ended {
        let database = "\(tree)_\(arguments.count)"
        try await server.run("CREATE DATABASE \(database);")
        return try await BuiltProgram.run(
            [
                "migrate", "--source", "\(directory)/\(tree)", "--target", server.url(database: database), "--yes",
                "--progress", "none", "--output", "json", "--home", directory + "/home",
            ] + arguments,
            directory: directory
        )
    }

    /// What the database says of the things that no row could be made of.
    private func expectNamed(server: ScratchPostgres) async throws {
        try await PostgresClient.withClient(PostgresConfiguration(url: server.url(database: "hostile_0"))) { client in
            func number(_ sql: String) async throws -> Int64 { try await client.query(sql).rows[0][0].integer ?? -1 }
            #expect(try await number("SELECT count(*) FROM source.records WHERE outcome IS NULL") == 0)
            let unexplained = try await number(
                "SELECT count(*) FROM source.records WHERE outcome = 'quarantined' AND (reason IS NULL OR byte_start IS NULL)"
            )
            #expect(unexplained == 0)
            // The bytes of every file are there, in size at least: their hashes were compared by the run itself.
            let incomplete = try await number(
                """
                SELECT count(*) FROM source.files f WHERE entry_type = 'file' AND container_file_id IS NULL AND size <>
                (SELECT coalesce(sum(length(bytes)), 0) FROM source.blob_chunks c WHERE c.sha256 = f.sha256)
                """
            )
            #expect(incomplete == 0)
            for name in ["large-record.json", "bomb.jsonl.gz", "nan.json", "deep.json"] {
                let rejected = try await number(
                    """
                    SELECT count(*) FROM source.records r JOIN source.files f USING (file_id)
                    WHERE r.outcome = 'quarantined' AND f.path_text LIKE '%/\(name)'
                    """
                )
                #expect(rejected > 0, "\(name)")
            }
            for type in ["fifo", "link"] {
                #expect(
                    try await number("SELECT count(*) FROM source.files WHERE entry_type = '\(type)'") > 0,
                    "\(type)"
                )
            }
            // Two spellings of one name are two files.
            #expect(try await number("SELECT count(*) FROM source.files WHERE path_text LIKE '%/caf%json'") == 2)
            #expect(try await number("SELECT count(*) FROM documents WHERE id IN ('line-0', 'line-1')") <= 2)
        }
    }

    @Test("what may not be read is an entry with its reason, and the rest is moved")
    func unreadable() async throws {
        guard Account.current.isSuperuser, let nobody = Account.named("nobody") else { return }
        var configuration = ScratchPostgresConfiguration()
        configuration.listensOnLoopback = true
        try await TestDatabase.withServer(configuration) { server in
            try await withTemporaryDirectory { directory in
                let url = try urlWithPassword(of: server)
                let root = directory + "/tree"
                try HostileTree.write("coordination/tasks/open.json", #"{"task_id": "open"}"#, root: root)
                try HostileTree.write("coordination/tasks/shut.json", #"{"task_id": "shut"}"#, root: root)
                try HostileTree.write("coordination/locked/inner.json", #"{"task_id": "inner"}"#, root: root)
                // Whatever the umask, everybody may read the rest, and start the program.
                for path in ["", "/tree", "/tree/coordination", "/tree/coordination/tasks"] {
                    chmod(directory + path, 0o755)
                }
                chmod(root + "/coordination/tasks/open.json", 0o644)
                chmod(root + "/coordination/tasks/shut.json", 0)
                chmod(root + "/coordination/locked", 0)
                mkdir(directory + "/home", 0o700)
                chown(directory + "/home", nobody.userID, nobody.groupID)
                defer { chmod(root + "/coordination/locked", 0o755) }
                // The program runs as nobody; the database is reached as before.
                let program = directory + "/cortex"
                try FileManager.default.copyItem(atPath: BuiltProgram.path, toPath: program)
                chmod(program, 0o755)
                let ended = try await ChildProcess.run(
                    ChildCommand(
                        program,
                        [
                            "migrate", "--source", root, "--target", url, "--yes", "--progress", "none", "--output",
                            "json",
                            "--home", directory + "/home",
                        ],
                        environment: ProcessInfo.processInfo.environment.filter { $0.key == "LD_LIBRARY_PATH" },
                        account: nobody
                    ),
                    deadline: .seconds(300)
                )
                #expect(ended.succeeded, "\(ended.outputText)\(ended.errorText)")
                try await PostgresClient.withClient(PostgresConfiguration(url: url)) { client in
                    let rows = try await client.query(
                        "SELECT path_text, parse_error FROM source.files WHERE entry_type = 'unreadable' ORDER BY 1"
                    ).rows
                    #expect(rows.map { $0[0].string } == ["coordination/locked", "coordination/tasks/shut.json"])
                    #expect(rows.allSatisfy { $0[1].string?.isEmpty == false })
                    let tasks = try await client.query("SELECT task_id FROM tasks").rows.map { $0[0].string }
                    #expect(tasks == ["open"])
                }
            }
        }
    }
}

extension HostileProcessTests {
    /// A URL that works for other users too, whom a passfile refuses.
    private func urlWithPassword(of server: ScratchPostgres) throws -> String {
        let url = try #require(server.loopbackURL())
        let file = try #require(URLComponents(string: url)?.queryItems?.first { $0.name == "passfile" }?.value)
        let line = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
        let password = try #require(line.split(separator: ":").last)
        return "postgres://postgres:\(password)@127.0.0.1:\(server.port)/postgres"
    }
}

/// Everything that a tree may hold and no sane program would write.
private struct HostileTree {
    let root: String

    static func write(_ path: String, _ text: String, root: String) throws {
        try write(path, Array(text.utf8), root: root)
    }

    static func write(_ path: String, _ bytes: [UInt8], root: String) throws {
        let file = URL(filePath: root + "/" + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    private func write(_ path: String, _ text: String) throws {
        try Self.write(path, text, root: root)
    }

    func write() throws {
        try writeTexts()
        try writeEntries()
        try writeFixtures()
        try writeLargeRecord(mebibytes: TestEffort.count(slice: 12, long: 100))
        try writeLargeFile(mebibytes: TestEffort.count(slice: 24, long: 300))
        try writeBomb(mebibytes: TestEffort.count(slice: 300, long: 2_000))
    }

    private func writeTexts() throws {
        let tasks = "coordination/tasks/"
        try write(tasks + "bom.json", "\u{FEFF}{\"task_id\": \"bom\"}")
        try write(tasks + "crlf.json", "{\r\n\"task_id\": \"crlf\"\r\n}\r\n")
        try Self.write(tasks + "utf16.json", [0xFF, 0xFE] + "{}".utf8.flatMap { [$0, 0] }, root: root)
        try write(tasks + "nul.json", #"{"task_id": "nul", "title": "a\u0000b"}"#)
        try write(tasks + "surrogates.json", #"{"task_id": "surrogates", "title": "\ud800 \udfff"}"#)
        try write(tasks + "twice.json", #"{"task_id": "twice", "title": "1", "title": "2"}"#)
        try write(tasks + "caf\u{E9}.json", #"{"task_id": "nfc"}"#)
        try write(tasks + "cafe\u{301}.json", #"{"task_id": "nfd"}"#)
        try write(tasks + "numbers.json", #"{"task_id": "numbers", "a": 9007199254740993, "b": 1e400, "c": -0.0}"#)
        try write(tasks + "nan.json", #"{"task_id": "nan", "score": NaN}"#)
        try write(tasks + "deep.json", String(repeating: "[", count: 100_000))
        try write(
            tasks + "deep-closed.json",
            String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        )
        try write(tasks + "new\nline.json", #"{"task_id": "new line"}"#)
    }

    private func writeEntries() throws {
        mkfifo(root + "/coordination/pipe", 0o644)
        symlink("loop", root + "/coordination/loop")
        symlink("../coordination", root + "/coordination/up")
        symlink("/etc/passwd", root + "/coordination/out")
    }

    /// The test suite's files and the naughty strings, where they are.
    private func writeFixtures() throws {
        guard let fixtures = Fixtures.shared("fixtures") else { return }
        try FileManager.default.copyItem(
            atPath: fixtures + "/json-test-suite",
            toPath: root + "/coordination/json-test-suite"
        )
        try FileManager.default.copyItem(
            atPath: fixtures + "/naughty-strings/blns.json",
            toPath: root + "/coordination/blns.json"
        )
    }

    private func writeLargeRecord(mebibytes: Int) throws {
        try write("coordination/tasks/large-record.json", #"{"task_id": "large", "title": ""#)
        try append(to: "coordination/tasks/large-record.json", mebibytes, [UInt8](repeating: 0x78, count: 1 << 20))
        let end = try FileHandle(forWritingTo: URL(filePath: root + "/coordination/tasks/large-record.json"))
        defer { try? end.close() }
        try end.seekToEnd()
        try end.write(contentsOf: Data("\"}".utf8))
    }

    private func writeLargeFile(mebibytes: Int) throws {
        let line =
            #"{"event_type": "heartbeat", "timestamp": "2025-11-18T00:00:00Z", "note": "\#(String(repeating: "y", count: 940))"}"#
        let block = Array(String(repeating: line + "\n", count: (1 << 20) / (line.utf8.count + 1)).utf8)
        try write("coordination/events/many.jsonl", "")
        try append(to: "coordination/events/many.jsonl", mebibytes, block)
    }

    private func append(to path: String, _ times: Int, _ block: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: root + "/" + path))
        defer { try? handle.close() }
        try handle.seekToEnd()
        for _ in 0..<times { try handle.write(contentsOf: Data(block)) }
    }

    /// Expands far beyond what its size allows.
    private func writeBomb(mebibytes: Int) throws {
        let path = root + "/coordination/events/archive/2025-11-18/bomb.jsonl"
        try write("coordination/events/archive/2025-11-18/bomb.jsonl", "")
        try append(
            to: "coordination/events/archive/2025-11-18/bomb.jsonl",
            mebibytes,
            [UInt8](repeating: 0x20, count: 1 << 20)
        )
        let gzip = Process()
        gzip.executableURL = URL(filePath: "/bin/gzip")
        gzip.arguments = ["-9", path]
        try gzip.run()
        gzip.waitUntilExit()
    }
}
