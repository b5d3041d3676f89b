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
    func forEachPlace(_ body: ([ViewPlace]) async throws -> Void) async throws {
        for pattern in ViewKeys.patterns {
            var cursor = "0"
            repeat {
                let (next, keys) = try await step("SCAN", [.text(cursor), "MATCH", .text(pattern), "COUNT", 1_000])
                for key in keys where ViewKeys.isPublished(key) { try await places(of: key, body) }
                cursor = next
            } while cursor != "0"
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

    private func places(of key: [UInt8], _ body: ([ViewPlace]) async throws -> Void) async throws {
        if key.elementsEqual(ViewKeys.metadata.utf8) { return }
        let type = try await store.send("TYPE", [.bytes(key)]).text
        if type == "none" { return }
        guard let family = ViewFamily(key), family.type == type else { return try await body([ViewFamily.stray(key)]) }
        guard family.type != "string" else { return try await body([family.place([])]) }
        let command = ["hash": "HSCAN", "set": "SSCAN", "zset": "ZSCAN"][family.type] ?? "SSCAN"
        var cursor = "0"
        repeat {
            let count = RESPArgument.integer(Int64(store.configuration.pageRows))
            let (next, found) = try await step(command, [.bytes(key), .text(cursor), "COUNT", count])
            let members = stride(from: 0, to: found.count, by: family.type == "set" ? 1 : 2).map { found[$0] }
            if !members.isEmpty {
                for page in members.map(family.place).pages(of: store.configuration.pageRows) { try await body(page) }
            }
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
