import Diagnostics
import Domain
import RESP
import Redis

/// The view's scripts on a Redis.
struct ViewStore: Sendable {
    let redis: RedisClient
    let configuration: ViewConfiguration

    /// The view is not marked as ours: it was flushed, or never was there.
    struct Unmarked: Error {}

    /// What APPLY did.
    struct Applied: Sendable {
        var rows = 0
        /// Rows that were read before a deletion that they may have missed: to be read again.
        var late: [String] = []
    }

    // MARK: Writing

    /// Puts rows into the view.
    ///
    /// `discovery` is when the catalog was last imported; it and the number of assets are written where assets are among
    /// the rows, or there are none. Throws `view.fenced`,
    /// `Unmarked` and what the client throws.
    func apply(
        _ changes: [ViewChange],
        _ office: ViewOffice,
        _ stamp: ViewStamp,
        discovery: String?
    ) async throws -> Applied {
        var arguments: [RESPArgument] = [
            .integer(Int64(office.fence)), .integer(Int64(stamp.epoch)), .integer(Int64(stamp.xmax)),
            .integer(Int64(stamp.running)), .integer(Int64(configuration.documentTime.milliseconds)),
        ]
        let countsAssets = changes.isEmpty || changes.contains { $0.kind == .assets }
        if countsAssets, configuration.kinds.contains(.assets) {
            let (head, tail) = Self.metadata(discovery)
            arguments += [.text(head), .text(tail)]
        } else {
            arguments += ["", ""]
        }
        arguments.append(.integer(Int64(changes.count)))
        for change in changes { Self.append(change, to: &arguments) }
        let reply = try await run(ViewScripts.applyScript, arguments)
        return Applied(
            rows: Int(reply.dropFirst().first?.int ?? 0),
            late: reply.dropFirst(2).first?.elements?.compactMap(\.text) ?? []
        )
    }

    /// `catalog:metadata` before and after the number of assets.
    static func metadata(_ discovery: String?) -> (head: String, tail: String) {
        let when = discovery.map { "\"\($0)\"" } ?? "null"
        return ("{\"last_discovery\":\(when),\"total_assets\":", ",\"version\":\"1.0\"}")
    }

    private static func append(_ change: ViewChange, to arguments: inout [RESPArgument]) {
        let channels = change.news == nil ? [] : change.kind.channels
        arguments += [
            .text(change.kind.book), .text(change.id), .integer(Int64(change.version)), change.isVisible ? "1" : "0",
            change.wasVisible ? "1" : "0", .integer(Int64(channels.count)),
        ]
        for channel in channels {
            guard let news = change.news else { continue }
            arguments += [
                .text(channel), .bytes(change.message(visible: true, news: news)),
                .bytes(change.message(visible: false, news: news)),
            ]
        }
        arguments.append(.integer(Int64(change.facts.count)))
        for fact in change.facts {
            arguments += [.text(fact.form.rawValue), .text(fact.key), .text(fact.member), .bytes(fact.value)]
        }
    }

    /// Takes out what no row has published; gives the number of places.
    func sweep(_ places: [ViewPlace], _ office: ViewOffice) async throws -> Int {
        guard !places.isEmpty else { return 0 }
        var arguments: [RESPArgument] = [
            .integer(Int64(office.fence)), .integer(Int64(office.epoch)), .integer(Int64(places.count)),
        ]
        for place in places {
            arguments += [
                .text(place.form?.rawValue ?? "x"), .bytes(place.key), .bytes(place.member),
                .text(place.kind?.book ?? ""), .bytes(place.id),
            ]
        }
        return Int(try await run(ViewScripts.sweepScript, arguments).dropFirst().first?.int ?? 0)
    }

    /// Marks the view as ours.
    func claim(_ office: ViewOffice) async throws {
        try await run(ViewScripts.claimScript, [.integer(Int64(office.fence)), .integer(Int64(office.epoch))])
    }

    /// Notes up to where the change feed is in the view.
    func settle(_ now: ViewMoment, _ office: ViewOffice, feed: Int, isComplete: Bool) async throws {
        try await run(
            ViewScripts.settleScript,
            [
                .integer(Int64(office.fence)), .integer(Int64(office.epoch)), .integer(Int64(now.stamp.xmax)),
                .integer(Int64(now.stamp.running)), .text(now.position), .integer(Int64(feed)), .text(kinds),
                isComplete ? "1" : "0", .integer(Int64(now.at)),
            ]
        )
    }

    /// The published kinds as the state names them.
    var kinds: String { configuration.kinds.map(\.rawValue).sorted().joined(separator: ",") }

    @discardableResult
    private func run(_ script: RedisScript, _ arguments: [RESPArgument]) async throws -> [RESPValue] {
        let reply = try await redis.connection.run(
            script,
            keys: [.text(ViewKeys.state)],
            arguments: arguments,
            timeout: configuration.redisDeadline
        )
        let parts = reply.elements ?? []
        switch parts.first?.text {
        case "unmarked": throw Unmarked()
        case "fenced":
            throw SyncError(
                .viewFenced,
                "the published view was taken over by a later relay or another database",
                hint:
                    "Start again. If the view belongs to another database: cortex cache rebuild --adopt takes it over."
            )
        default: return parts
        }
    }

    // MARK: Reading

    /// What the view says about itself; nil when it is not marked as ours.
    func state() async throws -> ViewState? {
        let type = try await send("TYPE", [.text(ViewKeys.state)]).text
        guard type == "hash" else { return nil }
        let names: [RESPArgument] = ["fence", "epoch", "complete", "kinds", "position", "feed", "at"]
        let values = try await send("HMGET", [.text(ViewKeys.state)] + names).elements ?? []
        return ViewState(values.map(\.text))
    }

    /// Which of the rows are visible in the view now.
    func visible(_ kind: ViewKind, _ ids: [String]) async throws -> Set<ExactText> {
        guard !ids.isEmpty, try await send("TYPE", [.text(kind.book)]).text == "hash" else { return [] }
        let values = try await send("HMGET", [.text(kind.book)] + ids.map { .text($0) }).elements ?? []
        return Set(
            zip(ids, values).compactMap { id, value in
                guard let head = value.bytes?.prefix(while: { $0 != UInt8(ascii: "\n") }) else { return nil }
                return head.last == UInt8(ascii: "1") ? ExactText(id) : nil
            }
        )
    }

    /// The lineage rows that name one of these assets without referring to it.
    func dangling(_ names: [String]) async throws -> Set<String> {
        var result: Set<String> = []
        for name in names {
            let key = RESPArgument.text(ViewKeys.dangling(name))
            guard try await send("TYPE", [key]).text == "set" else { continue }
            result.formUnion(try await send("SMEMBERS", [key]).elements?.compactMap(\.text) ?? [])
        }
        return result
    }

    /// What is at the places of facts.
    func probe(_ facts: [ViewFact]) async throws -> [Probe] {
        guard !facts.isEmpty else { return [] }
        let arguments = facts.flatMap { fact -> [RESPArgument] in
            [.text(fact.form.rawValue), .text(fact.key), .text(fact.member)]
        }
        let reply = try await redis.connection.run(
            ViewScripts.probeScript,
            arguments: arguments,
            timeout: configuration.redisDeadline
        )
        return (reply.elements ?? []).map { value in
            let parts = value.elements ?? []
            if parts.count > 1 { return .otherType(parts[1].text ?? "") }
            return parts.first.map { .value($0.bytes ?? []) } ?? .nothing
        }
    }

    /// What is at a place.
    enum Probe: Sendable, Equatable {
        case nothing
        case value([UInt8])
        case otherType(String)
    }

    func send(_ name: String, _ arguments: [RESPArgument]) async throws -> RESPValue {
        try await redis.send(RESPCommand(name, arguments), timeout: configuration.redisDeadline)
    }
}

extension ViewScripts {
    static let applyScript = RedisScript(apply)
    static let sweepScript = RedisScript(sweep)
    static let claimScript = RedisScript(claim)
    static let settleScript = RedisScript(settle)
    static let probeScript = RedisScript(probe)
}
