import RESP
import Redis

/// Walks the published keys and the private hashes beside them by cursor.
struct ViewScan: Sendable {
    let store: ViewStore

    /// Whether there is any published key.
    func findsAny() async throws -> Bool {
        for pattern in ViewKeys.patterns {
            var cursor = "0"
            repeat {
                let (next, keys) = try await step("SCAN", [.text(cursor), "MATCH", .text(pattern), "COUNT", 1_000])
                if keys.contains(where: ViewKeys.isPublished) { return true }
                cursor = next
            } while cursor != "0"
        }
        return false
    }

    /// Hands every place in published keys to the body, page by page; some twice where keys change meanwhile.
    ///
    /// Many keys hold little: the first step of each is asked for together with those of others.
    func forEachPlace(_ body: ([ViewPlace]) async throws -> Void) async throws {
        var places: [ViewPlace] = []
        func hand(_ more: [ViewPlace]) async throws {
            places += more
            while places.count >= store.configuration.pageRows {
                try await body(Array(places.prefix(store.configuration.pageRows)))
                places.removeFirst(min(store.configuration.pageRows, places.count))
            }
        }
        for pattern in ViewKeys.patterns {
            var cursor = "0"
            repeat {
                let (next, keys) = try await step("SCAN", [.text(cursor), "MATCH", .text(pattern), "COUNT", 1_000])
                for page in keys.filter(ViewKeys.isPublished).pages(of: Self.width) {
                    for start in try await starts(of: page) { try await rest(of: start, hand) }
                }
                cursor = next
            } while cursor != "0"
        }
        if !places.isEmpty { try await body(places) }
    }

    /// So many keys are asked for at a time.
    private static let width = 64

    /// The places of a key as far as its first step shows them.
    private struct Start: Sendable {
        let key: [UInt8]
        let places: [ViewPlace]
        /// Where to go on; `0` for nowhere.
        let cursor: String
    }

    private func starts(of keys: [[UInt8]]) async throws -> [Start] {
        try await withThrowingTaskGroup(of: Start.self) { group in
            for key in keys { group.addTask { try await start(of: key) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func start(of key: [UInt8]) async throws -> Start {
        let type = try await store.send("TYPE", [.bytes(key)]).text
        if type == "none" || key.elementsEqual(ViewKeys.metadata.utf8) {
            return Start(key: key, places: [], cursor: "0")
        }
        guard let family = ViewFamily(key), family.type == type else {
            return Start(key: key, places: [ViewFamily.stray(key)], cursor: "0")
        }
        guard family.type != "string" else { return Start(key: key, places: [family.place([])], cursor: "0") }
        return try await go(key, family, from: "0")
    }

    private func go(_ key: [UInt8], _ family: ViewFamily, from cursor: String) async throws -> Start {
        let command = ["hash": "HSCAN", "set": "SSCAN", "zset": "ZSCAN"][family.type] ?? "SSCAN"
        let count = RESPArgument.integer(Int64(store.configuration.pageRows))
        let next: String
        let found: [[UInt8]]
        do {
            (next, found) = try await step(command, [.bytes(key), .text(cursor), "COUNT", count])
        } catch let error as RedisError where error.refusal?.kind == .wrongType {
            // Of another type since it was asked.
            return Start(key: key, places: [ViewFamily.stray(key)], cursor: "0")
        }
        let members = stride(from: 0, to: found.count, by: family.type == "set" ? 1 : 2).map { found[$0] }
        return Start(key: key, places: members.map(family.place), cursor: next)
    }

    private func rest(of start: Start, _ hand: ([ViewPlace]) async throws -> Void) async throws {
        var start = start
        try await hand(start.places)
        while start.cursor != "0", let family = ViewFamily(start.key) {
            start = try await go(start.key, family, from: start.cursor)
            try await hand(start.places)
        }
    }

    /// Hands the ids of a kind that the view remembers to the body, and fields that can be none.
    func forEachRemembered(
        _ kind: ViewKind,
        _ body: (_ ids: [String], _ damaged: [[UInt8]]) async throws -> Void
    ) async throws {
        guard try await store.send("TYPE", [.text(kind.book)]).text == "hash" else { return }
        var cursor = "0"
        repeat {
            let count = RESPArgument.integer(Int64(store.configuration.pageRows))
            let (next, fields) = try await step("HSCAN", [.text(kind.book), .text(cursor), "COUNT", count])
            let names = stride(from: 0, to: fields.count, by: 2).map { fields[$0] }
            let ids = names.map { kind.id($0) }
            let damaged = zip(names, ids).filter { $0.1 == nil }.map(\.0)
            if !names.isEmpty { try await body(ids.compactMap { $0 }, damaged) }
            cursor = next
        } while cursor != "0"
    }

    private func step(_ name: String, _ arguments: [RESPArgument]) async throws -> (cursor: String, found: [[UInt8]]) {
        let reply = try await store.send(name, arguments).elements ?? []
        return (reply.first?.text ?? "0", reply.dropFirst().first?.elements?.compactMap(\.bytes) ?? [])
    }
}

extension ViewKind {
    /// The id that bytes are; nil for what can be the key of no row.
    func id(_ bytes: [UInt8]) -> String? {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return self == .lineage && !Self.isUUID(bytes) ? nil : text
    }

    private static func isUUID(_ bytes: [UInt8]) -> Bool {
        bytes.count == 36
            && bytes.enumerated().allSatisfy { place, byte in
                [8, 13, 18, 23].contains(place)
                    ? byte == UInt8(ascii: "-")
                    : (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            }
    }
}
