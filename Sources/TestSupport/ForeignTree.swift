#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A tree of JSON files as another team might keep it, made from a seed, with what a migration must find in it.
public struct ForeignTree: Sendable {
    /// What it is, for the titles of tests.
    public let title: String
    /// The files: any bytes but NUL in a path, any bytes in a file.
    public let files: [(path: [UInt8], bytes: [UInt8])]
    /// Records in the tree, copies in backups included.
    public let records: Int
    /// How many of them are older copies of others.
    public let copies: Int
    /// Files that are no valid JSON.
    public let broken: Int

    /// Writes the files below a directory, which is made where it does not exist.
    public func write(to directory: String) throws {
        for file in files {
            let path = Array(directory.utf8) + [UInt8(ascii: "/")] + file.path
            for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
                _ = mkdir(Self.text(path[..<index]), 0o755)
            }
            guard let stream = fopen(Self.text(path[...]), "w") else { throw WriteError(errno: errno) }
            defer { fclose(stream) }
            guard fwrite(file.bytes, 1, file.bytes.count, stream) == file.bytes.count else {
                throw WriteError(errno: errno)
            }
        }
    }

    /// Why a file could not be written.
    public struct WriteError: Error {
        /// What the system said.
        public let errno: Int32
    }

    private static func text(_ path: ArraySlice<UInt8>) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }
}

extension ForeignTree {
    /// Every tree, made from one seed.
    public static func all(seed: UInt64) -> [ForeignTree] {
        [ticketSystem(seed: seed), flatArray(seed: seed), logs(seed: seed), settings(), oddNames()]
    }

    /// An export of a ticket system: a ticket a file, comments in a stream, users by login, attachments in nested lists,
    /// a project with two lists, one broken and one empty file, and a backup with older tickets.
    public static func ticketSystem(seed: UInt64) -> ForeignTree {
        var numbers = SeededNumbers(seed: seed)
        var files: [(path: String, text: String)] = []
        for number in 1...40 {
            let title = ["Printer on fire", "Login fails", "Slow page"][numbers.next(below: 3)]
            func ticket(_ state: String, _ title: String) -> String {
                """
                {"id": "T-\(number)", "title": "\(title) \(number)", "state": "\(state)", "number": \(number),
                 "created_at": "2025-03-\(number % 20 + 10)T10:00:00Z", "watchers": [{"login": "ada"}, {"login": "bob"}]}
                """
            }
            files.append(("export/tickets/ticket-\(number).json", ticket("closed", title)))
            guard number <= 20 else { continue }
            files.append(("backup-2024/tickets/ticket-\(number).json", ticket("open", title + " (old)")))
        }
        let comments = (1...200).map {
            #"{"id": \#($0), "ticket": "T-\#(numbers.next(below: 40) + 1)", "text": "see above"}"#
        }
        files += [
            ("export/tickets/ticket-41.json", #"{"id": "T-41", "title": }"#), ("export/tickets/ticket-42.json", ""),
            ("export/comments.jsonl", comments.joined(separator: "\n") + "\n"),
            (
                "export/users.json",
                """
                {"ada": {"name": "Ada", "email": "ada@example.org"}, "bob": {"name": "Bob", "email": "bob@example.org"},
                 "eve": {"name": "Eve", "email": "eve@example.org"}}
                """
            ),
            (
                "export/attachments/index.json",
                """
                {"generated_at": "2025-04-01T00:00:00Z", "attachments": [
                 [{"id": 1, "ticket": "T-1", "file": "a.png"}, {"id": 2, "ticket": "T-1", "file": "b.png"}],
                 [{"id": 3, "ticket": "T-2", "file": "a.png"}]]}
                """
            ),
            (
                "export/project.json",
                """
                {"project": "Helpdesk", "milestones": [{"id": 1, "title": "Alpha"}, {"id": 2, "title": "Beta"}],
                 "labels": [{"id": 1, "colour": "red"}, {"id": 2, "colour": "blue"}, {"id": 3, "colour": "green"}]}
                """
            ),
            ("README.md", "An export.\n"),
        ]
        return ForeignTree(
            title: "a ticket system's export",
            files: files.map { (Array($0.path.utf8), Array($0.text.utf8)) },
            records: 40 + 20 + 200 + 3 + 3 + 5,
            copies: 20,
            broken: 1
        )
    }

    /// One file with one large list.
    public static func flatArray(seed: UInt64, count: Int = 5_000) -> ForeignTree {
        var numbers = SeededNumbers(seed: seed)
        let elements = (1...count).map {
            #"{"sku": "S-\#($0)", "price": \#(numbers.next(below: 9_999)).50, "name": "thing"}"#
        }
        let text = "[" + elements.joined(separator: ",\n") + "]"
        return ForeignTree(
            title: "one large list",
            files: [(Array("inventory.json".utf8), Array(text.utf8))],
            records: count,
            copies: 0,
            broken: 0
        )
    }

    /// Streams without ids, one folder a day, equal lines among them, and one that does not say that it is JSON.
    public static func logs(seed: UInt64) -> ForeignTree {
        var numbers = SeededNumbers(seed: seed)
        var files: [(path: String, text: String)] = []
        for day in 10...16 {
            let lines = (10..<60).map { minute in
                #"{"ts": "2025-03-\#(day)T00:\#(minute):00Z", "level": "info", "msg": "\#(numbers.next(below: 3))"}"#
            }
            files.append(("logs/2025/03/\(day)/app.jsonl", lines.joined(separator: "\n") + "\n"))
        }
        let line = #"{"level": "warn", "queue": "mail"}"#
        files.append(("logs/worker.log", line + "\n" + line + "\n"))
        return ForeignTree(
            title: "logs without ids",
            files: files.map { (Array($0.path.utf8), Array($0.text.utf8)) },
            records: 7 * 50 + 2,
            copies: 0,
            broken: 0
        )
    }

    /// Single documents that have nothing in common.
    public static func settings() -> ForeignTree {
        let files = [
            "package.json": #"{"name": "x", "version": "1", "scripts": {"a": "b"}}"#,
            "config/db.json": #"{"host": "h", "port": 1, "pool": {"min": 1, "max": 2}}"#,
            "config/server.json": #"{"listen": "0.0.0.0", "tls": {"cert": "c"}, "routes": ["/a", "/b"]}"#,
            "config/flags.json": #"{"beta": true, "steps": [1, 2, 3]}"#, "config/list.json": #"["a", "b"]"#,
            "config/answer.json": "42",
        ]
        return ForeignTree(
            title: "settings that are all different",
            files: files.sorted { $0.key < $1.key }.map { (Array($0.key.utf8), Array($0.value.utf8)) },
            records: 6,
            copies: 0,
            broken: 0
        )
    }

    /// Deep folders, names that mean something to globs and YAML, and one that is no UTF-8.
    public static func oddNames() -> ForeignTree {
        let deep = "a/" + (0..<30).map { "d\($0)" }.joined(separator: "/") + "/deep.json"
        var files: [(path: [UInt8], bytes: [UInt8])] = [
            (deep, #"{"id": 1, "x": {"y": {"z": {"w": {"v": [[[[1]]]]}}}}}"#),
            ("we*ird [x]/{a}?.json", #"{"id": "a", "v": 1}"#), ("we*ird [x]/{b},?.json", #"{"id": "b", "v": 1}"#),
            ("new\nline/100% \"q\" 'r'.json", #"{"id": "c", "ünï": 1}"#), ("チケット/一.json", #"{"キー": "値", "id": "j1"}"#),
            ("チケット/二.json", #"{"キー": "値", "id": "j2"}"#), ("back\\slash.json", #"{"id": 1}"#),
            ("- &x: #y.json", #"{"id": 2}"#),
            ("lists/star.json", #"{"*": [{"id": 1}], "": [{"id": 2}], "a/b~c": [{"id": 3}]}"#),
            ("lists/page.json", #"{"page": 1, "a/b~c": [{"id": 1, "x": 1}, {"id": 2, "x": 2}]}"#),
        ].map { (Array($0.0.utf8), Array($0.1.utf8)) }
        // Longer than an id may be.
        let long = Array(repeating: String(repeating: "d", count: 200), count: 11).joined(separator: "/")
        files.append((Array((long + "/x.json").utf8), Array(#"[{"a": 1}, {"a": 1}]"#.utf8)))
        files.append((Array((long + "/y.json").utf8), Array(#"{"b": 1}"#.utf8)))
        files.append((Array("bad".utf8) + [0xFF] + Array(".json".utf8), Array(#"{"id": "ff"}"#.utf8)))
        return ForeignTree(title: "odd names", files: files, records: 15, copies: 0, broken: 0)
    }
}

/// Numbers that follow from a seed (SplitMix64).
struct SeededNumbers: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((value ^ value >> 31) % UInt64(bound))
    }
}
