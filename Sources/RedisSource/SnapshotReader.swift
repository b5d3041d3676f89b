import Crypto
import Diagnostics
import RESP
import Redis
import SourceTree

/// Reads all keys of a database into files, with reading commands alone.
struct SnapshotReader: Sendable {
    let client: RedisClient
    let files: SnapshotFiles

    /// So many keys are read at a time: each may hold a few MiB in memory.
    private static let width = 16
    /// Longer strings are read piece by piece; bytes.
    private static let pieceBytes: Int64 = 4 << 20
    /// How often a key is read again that changes meanwhile.
    private static let tries = 10

    /// What became of a key.
    private enum Outcome: Sendable {
        case copied
        case vanished
        case notImportable(String)
    }

    /// Reads everything that SCAN names.
    ///
    /// Keys that exist all the time are found; of those that come or go meanwhile nothing is promised.
    func read() async throws -> RedisSnapshotCounts {
        var counts = RedisSnapshotCounts()
        var cursor = "0"
        repeat {
            let (next, keys) = try await scanned("SCAN", [.text(cursor), "COUNT", 500])
            // SCAN may name a key twice, also in one answer.
            let named = Array(Set(keys))
            for start in stride(from: 0, to: named.count, by: Self.width) {
                try await withThrowingTaskGroup(of: Outcome?.self) { group in
                    for key in named[start..<min(start + Self.width, named.count)] {
                        group.addTask { try await copyOnce(key) }
                    }
                    for try await outcome in group { count(outcome, in: &counts) }
                }
            }
            cursor = next
        } while cursor != "0"
        return counts
    }

    private func count(_ outcome: Outcome?, in counts: inout RedisSnapshotCounts) {
        switch outcome {
        case .copied?: counts.keys += 1
        case .vanished?: counts.vanished += 1
        case .notImportable(let type)?:
            counts.keys += 1
            counts.notImportable[type, default: 0] += 1
        case nil: break
        }
    }

    // MARK: One key

    /// Reads a key; nil when SCAN has named it before.
    private func copyOnce(_ key: [UInt8]) async throws -> Outcome? {
        for _ in 0..<Self.tries {
            try Task.checkCancellation()
            let type = try await client.send("TYPE", .bytes(key)).text ?? ""
            if type == "none" { return .vanished }
            guard let copy = copier(of: type) else { return try list(key, type: type) }
            let path = try files.path(copy.folder, key)
            if SnapshotFiles.exists(path) { return nil }
            do {
                guard try await copy.read(key, path) else {
                    // It vanished, or changed while it was read: what there is of it is of no use.
                    try files.remove(path)
                    continue
                }
                try await copyExpiry(key)
                return .copied
            } catch let error as RedisError where error.refusal?.kind == .wrongType {
                // Another type than a moment ago.
                try files.remove(path)
            }
        }
        throw RedisSourceError(
            .sourceHot,
            "a key changed each of the \(Self.tries) times that it was read: \(TreePath.text(key))",
            hint: "Start again when its writer pauses."
        )
    }

    private struct Copier {
        let folder: SnapshotFiles.Folder
        /// Reads a key into a place; false when it must be tried again.
        let read: ([UInt8], String) async throws -> Bool
    }

    private func copier(of type: String) -> Copier? {
        switch type {
        case "string": Copier(folder: .strings, read: copyString)
        case "hash": Copier(folder: .hashes, read: copyHash)
        case "set": Copier(folder: .sets, read: copySet)
        case "zset": Copier(folder: .sortedSets, read: copySortedSet)
        case "list": Copier(folder: .lists, read: copyList)
        default: nil
        }
    }

    private func list(_ key: [UInt8], type: String) throws -> Outcome? {
        let path = try files.path(.notImportable, key)
        if SnapshotFiles.exists(path) { return nil }
        let text = "the key \(TreePath.text(key)) is of the type \(type), which cannot be imported"
        try files.write(Array(text.utf8), to: path)
        return .notImportable(type)
    }

    // MARK: Strings

    private func copyString(_ key: [UInt8], _ path: String) async throws -> Bool {
        let length = try await client.send("STRLEN", .bytes(key)).int ?? 0
        if length <= Self.pieceBytes {
            guard let bytes = try await client.get(.bytes(key)) else { return false }
            try files.write(bytes, to: path)
            return true
        }
        // In pieces it may change between two of them: it has to be the same twice.
        guard let file = try SnapshotFile(path) else { return true }
        let first = try await digest(key, length: length) { try file.append($0) }
        try file.finish()
        let second = try await digest(key, length: try await client.send("STRLEN", .bytes(key)).int ?? 0) { _ in }
        return first == second
    }

    private func digest(_ key: [UInt8], length: Int64, _ take: ([UInt8]) throws -> Void) async throws -> [UInt8] {
        var hash = SHA256()
        for start in stride(from: 0, to: length, by: Int(Self.pieceBytes)) {
            let range: [RESPArgument] = [.integer(start), .integer(start + Self.pieceBytes - 1)]
            let piece = try await client.send(RESPCommand("GETRANGE", [.bytes(key)] + range)).bytes ?? []
            hash.update(data: piece)
            try take(piece)
        }
        return Array(hash.finalize())
    }

    // MARK: Hashes

    /// One file a field; only one reply of HSCAN is in memory at a time.
    private func copyHash(_ key: [UInt8], _ path: String) async throws -> Bool {
        try SnapshotFiles.makeDirectory(path)
        let count = try await fieldsAtATime(key)
        var cursor = "0"
        var isEmpty = true
        repeat {
            let (next, parts) = try await scanned("HSCAN", [.bytes(key), .text(cursor), "COUNT", .integer(count)])
            for index in stride(from: 0, to: parts.count - 1, by: 2) {
                isEmpty = false
                try files.write(parts[index + 1], to: try files.path(ofField: parts[index], in: path))
            }
            cursor = next
        } while cursor != "0"
        return !isEmpty
    }

    /// How many fields make a few MiB; few where the server does not let us ask.
    private func fieldsAtATime(_ key: [UInt8]) async throws -> Int64 {
        let fields = try await client.send("HLEN", .bytes(key)).int ?? 0
        let usage = RESPCommand("MEMORY", "USAGE", .bytes(key), "SAMPLES", 20)
        guard let bytes = try await answer(to: usage)?.int, fields > 0, bytes > 0 else { return 10 }
        return min(max(Self.pieceBytes / max(bytes / fields, 1), 1), 1_000)
    }

    /// The reply; nil when the server refuses the command.
    private func answer(to command: RESPCommand) async throws -> RESPValue? {
        do {
            return try await client.send(command)
        } catch let error {
            guard error.refusal != nil else { throw error }
            return nil
        }
    }

    // MARK: Sets, sorted sets, lists

    private func copySet(_ key: [UInt8], _ path: String) async throws -> Bool {
        var members: Set<[UInt8]> = []
        var cursor = "0"
        repeat {
            let (next, found) = try await scanned("SSCAN", [.bytes(key), .text(cursor), "COUNT", 1_000])
            members.formUnion(found)
            cursor = next
        } while cursor != "0"
        guard !members.isEmpty else { return false }
        try files.write(SnapshotText.set(members), to: path)
        return true
    }

    private func copySortedSet(_ key: [UInt8], _ path: String) async throws -> Bool {
        var scores: [[UInt8]: [UInt8]] = [:]
        var cursor = "0"
        repeat {
            let (next, found) = try await scanned("ZSCAN", [.bytes(key), .text(cursor), "COUNT", 1_000])
            for index in stride(from: 0, to: found.count - 1, by: 2) { scores[found[index]] = found[index + 1] }
            cursor = next
        } while cursor != "0"
        guard !scores.isEmpty else { return false }
        try files.write(SnapshotText.sortedSet(scores), to: path)
        return true
    }

    /// A list has no cursor that stands still while it changes, so it is read in one reply.
    private func copyList(_ key: [UInt8], _ path: String) async throws -> Bool {
        let elements = try await client.send("LRANGE", .bytes(key), 0, -1).elements?.compactMap(\.bytes) ?? []
        guard !elements.isEmpty else { return false }
        try files.write(SnapshotText.list(elements), to: path)
        return true
    }

    // MARK: Expiry

    private func copyExpiry(_ key: [UInt8]) async throws {
        guard let end = try await expiry(of: key), end >= 0 else { return }
        try files.write(SnapshotText.expiry(end), to: try files.path(.expiry, key))
    }

    /// The instant at which a key ends, in milliseconds; negative when it does not.
    private func expiry(of key: [UInt8]) async throws -> Int64? {
        if let end = try await answer(to: RESPCommand("PEXPIRETIME", .bytes(key))) { return end.int }
        // Before Redis 7 there is only the time left: rounded to seconds, so that two copies agree.
        guard let left = try await client.send("PTTL", .bytes(key)).int, left >= 0,
            let now = try await client.send("TIME").elements?.compactMap(\.int), now.count == 2
        else { return nil }
        return (now[0] * 1_000 + now[1] / 1_000 + left + 500) / 1_000 * 1_000
    }

    // MARK: Scanning

    private func scanned(_ name: String, _ arguments: [RESPArgument]) async throws -> (cursor: String, [[UInt8]]) {
        guard let parts = try await client.send(RESPCommand(name, arguments)).elements, parts.count == 2,
            let cursor = parts[0].text, let found = parts[1].elements
        else { throw RedisSourceError(.internal, "\(name) answered something else than a cursor and a list") }
        return (cursor, found.compactMap(\.bytes))
    }
}
