import TestSupport
import Testing

@testable import SyncMiddleware

/// The Lua scripts on a real server and `CacheCell` in Swift, held against each other step by step.
@Suite("Cache scripts")
struct CacheScriptsTests {
    /// One script, loaded, and what `CacheCell` does in its place.
    private struct Step {
        let name: String
        let script: String
        let arguments: [[UInt8]]
        let model: (inout CacheCell, _ now: Int, _ isFull: Bool) -> CacheCell.Reply
    }

    @Test("Lua and Swift do the same to the same bytes, whatever a key holds", .timeLimit(.minutes(15)))
    func conformance() async throws {
        try await RedisServer.withServer { wire in
            var random = SeededRandom(seed: 20_261_126)
            var statuses: Set<String> = []
            for _ in 0..<TestEffort.count(slice: 3000, long: 40_000) {
                try disturb(wire, &random)
                let isFull = random.oneIn(8)
                if isFull { try wire.command("CONFIG", "SET", "maxmemory", "1") }
                let step = step(&random)
                let status = try compare(step, on: wire, isFull: isFull)
                if isFull { try wire.command("CONFIG", "SET", "maxmemory", "0") }
                statuses.insert("\(step.name) \(status)")
            }
            let every = [
                "FILL filled", "FILL full", "FILL refused", "INVALIDATE buried", "INVALIDATE deleted",
                "INVALIDATE kept",
                "LEASE busy", "LEASE full", "LEASE granted", "LEASE held", "PUT buried", "PUT deleted", "PUT kept",
                "PUT stored", "RELEASE released",
            ]
            #expect(statuses.sorted() == every)
        }
    }

    @Test("INVALIDATE does to each of many keys what it does to one alone")
    func manyKeys() async throws {
        try await RedisServer.withServer { wire in
            let contents = [
                nil, "V 5 public 1\n{}", "V 9 public 1\n{}", "N 7 1\n", "T 7 9000000000000 a\n", "T 3 0 -\n",
                "V 05 public 1\n",
            ]
            for (place, content) in contents.enumerated() {
                if let content { try wire.command("SET", "k\(place)", content, "PX", "90000") }
            }
            try wire.command("LPUSH", "k7", "x")
            let keys = (0..<8).map { "k\($0)" }
            let reply = try wire.command(
                (["EVAL", CacheScripts.invalidate, "8"] + keys + ["30000"] + keys.map { _ in "7" }).map {
                    Array($0.utf8)
                }
            )
            guard case .list(let parts) = reply else { throw RedisWire.Broken() }
            #expect(parts[0] == .bytes(Array("buried buried kept kept kept buried buried buried".utf8)))
            #expect(parts[2] == .number(2))
            for (place, after) in ["T 7 0 -\n", "T 7 0 -\n", contents[2], contents[3], contents[4], "T 7 0 -\n"]
                .enumerated()
            {
                #expect(try wire.command("GET", "k\(place)") == after.map { .bytes(Array($0.utf8)) })
            }
        }
    }

    // MARK: What is done

    private static let tokens = ["a1", "b-2", "c_3"]
    private static let versions = [0, 1, 2, 3, 4, 9, 10, 999, 1000, CacheContent.numberLimit - 1]
    private static let bodies = ["", "{}", "{\"a\":\"\\n\"}\nV 1 public 1\n", "\0\u{ff}"]

    /// Sometimes somebody changes the key behind the scripts' back.
    private func disturb(_ wire: RedisWire, _ random: inout SeededRandom) throws {
        let version = Self.versions[random.below(Self.versions.count)]
        let token = Self.tokens[random.below(Self.tokens.count)]
        switch random.below(24) {
        case 0, 1: try wire.command("DEL", "k")
        case 2:
            try wire.command("DEL", "k")
            try wire.command("LPUSH", "k", "x")
        case 3: try wire.command("SET", "k", Self.oddities[random.below(Self.oddities.count)], "PX", "90000")
        case 4: try wire.command("SET", "k", "T \(version) 1 \(token)\n", "PX", "90000")
        case 5: try wire.command("SET", "k", "T \(version) 9000000000000 \(token)\n")
        case 6: try wire.command("SET", "k", "N \(version) 5\n", "PX", "7200000")
        default: break
        }
    }

    static let oddities = [
        "", "x", "V", "V 1 public 5", "V 01 public 5\n", "V 1  5\n", "V -1 public 5\n", "V 9007199254740992 public 5\n",
        "V 12345678901234567 public 5\n", "N 1 5\nx", "N 1\n", "T 1 0\n", "T 1 0 -\nx", "T 1 0 a b\n", "T 1.0 0 -\n",
        "V 1 pub\u{e4} 5\n", "v 1 public 5\n", " V 1 public 5\n", "V 1 public 5 \n{}", "\n", "T 1 0 \n",
    ]

    private func step(_ random: inout SeededRandom) -> Step {
        let token = Self.tokens[random.below(Self.tokens.count)]
        let version = Self.versions[random.below(Self.versions.count)]
        let lease = random.oneIn(4) ? 0 : 60_000
        let floor = [30_000, 120_000][random.below(2)]
        let time = [20_000, 3_600_000][random.below(2)]
        let body = Array(Self.bodies[random.below(Self.bodies.count)].utf8)
        let isAbsent = random.oneIn(4)
        let document = VersionedDocument(
            version: version,
            content: isAbsent ? .absent : .present(body: body, sensitivity: "internal")
        )
        let sensitivity = isAbsent ? "-" : "internal"
        func words(_ values: String...) -> [[UInt8]] { values.map { Array($0.utf8) } }
        switch random.below(9) {
        case 0...2:
            return Step(name: "LEASE", script: CacheScripts.lease, arguments: words(token, "\(lease)", "\(floor)")) {
                $0.lease(token: token, time: lease, floorTime: floor, now: $1, isFull: $2)
            }
        case 3, 4:
            let arguments = words(token, "\(version)", sensitivity, "\(time)") + [body]
            return Step(name: "FILL", script: CacheScripts.fill, arguments: arguments) {
                $0.fill(document, token: token, time: time, now: $1, isFull: $2)
            }
        case 5:
            return Step(name: "INVALIDATE", script: CacheScripts.invalidate, arguments: words("\(floor)", "\(version)"))
            {
                $0.invalidate(version: version, floorTime: floor, now: $1, isFull: $2)
            }
        case 6:
            return Step(name: "RELEASE", script: CacheScripts.release, arguments: words(token)) { cell, _, isFull in
                cell.release(token: token, isFull: isFull)
            }
        default:
            let own = random.oneIn(4) ? nil : token
            let arguments = words(own ?? "-", "\(version)", sensitivity, "\(time)", "\(floor)") + [body]
            return Step(name: "PUT", script: CacheScripts.put, arguments: arguments) {
                $0.put(document, token: own, time: time, floorTime: floor, now: $1, isFull: $2)
            }
        }
    }

    // MARK: How it is compared

    private func compare(_ step: Step, on wire: RedisWire, isFull: Bool) throws -> String {
        let (before, expiry) = try state(wire)
        var cell = CacheCell(stored: before, expiresAt: expiry)
        let isDamaged = before != .nothing && cell.content == nil
        guard case .bytes(let sha) = try wire.command("SCRIPT", "LOAD", step.script) else { throw RedisWire.Broken() }
        let reply = try wire.command([Array("EVALSHA".utf8), sha, [0x31], [0x6b]] + step.arguments)
        guard case .list(let parts) = reply, parts.count == 4, case .bytes(let status) = parts[0],
            case .number(let now) = parts[1], case .bytes(let found) = parts[3]
        else {
            Issue.record("\(step.name) answered \(reply)")
            return "nothing"
        }
        let old = cell
        // A script that has deleted something may write, however full the server is.
        let expected = step.model(&cell, now, isFull && !isDamaged)
        let text = String(decoding: status, as: UTF8.self)
        let note = "\(step.name) on \(before), memory \(isFull ? "full" : "free")"
        if case .held = expected {
            #expect(text == "held" && found == old.content?.bytes, "\(note)")
        } else {
            #expect(text == "\(expected)", "\(note)")
        }
        #expect(parts[2] == .number(isDamaged ? 1 : 0), "\(note)")
        let (after, newExpiry) = try state(wire)
        #expect(after == cell.content.map { .string($0.bytes) } ?? .nothing, "\(note)")
        #expect(max(0, newExpiry) == cell.expiresAt, "\(note)")
        return text
    }

    private func state(_ wire: RedisWire) throws -> (CacheCell.Stored, Int) {
        guard case .number(let expiry) = try wire.command("PEXPIRETIME", "k") else { throw RedisWire.Broken() }
        switch try wire.command("TYPE", "k") {
        case .text("none"): return (.nothing, expiry)
        case .text("string"):
            guard case .bytes(let bytes) = try wire.command("GET", "k") else { throw RedisWire.Broken() }
            return (.string(bytes), expiry)
        default: return (.otherType, expiry)
        }
    }
}
