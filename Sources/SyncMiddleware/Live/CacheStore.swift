import Diagnostics
import RESP
import Redis

/// The private keys in Redis: a thin shell that runs the scripts.
///
/// Every call ends at the deadline. A call answers nil when there is no reply that counts: none in time, an error, or one of
/// a connection that is not the one whose server was asked for its run id. What stands under a key and is none of ours is a
/// miss; the next script deletes it and it is counted. Redis failing is never an error of the caller.
final class CacheStore: Sendable {
    private struct Scripts {
        let lease = RedisScript(CacheScripts.lease)
        let fill = RedisScript(CacheScripts.fill)
        let invalidate = RedisScript(CacheScripts.invalidate)
        let put = RedisScript(CacheScripts.put)
        let release = RedisScript(CacheScripts.release)
    }

    /// So many keys one INVALIDATE takes at most: Redis serves nobody else meanwhile, for well under a millisecond.
    private static let invalidationBatch = 64
    /// So many INVALIDATEs are under way at a time: the last of them has to be answered by the deadline too.
    private static let invalidationsUnderWay = 8

    let link: CacheLink
    let counters: SyncCounters
    private let configuration: SyncConfiguration
    private let scripts = Scripts()

    /// - Parameters:
    ///   - client: the client whose shared connection is used.
    ///   - configuration: the limits.
    ///   - counters: where damaged keys and refused fills are counted.
    init(_ client: RedisClient, configuration: SyncConfiguration, counters: SyncCounters) {
        link = CacheLink(client.connection, configuration: configuration, counters: counters)
        self.configuration = configuration
        self.counters = counters
    }

    private var connection: RedisConnection { link.connection }

    // MARK: Reading

    /// GET: the document, nothing, or no answer; only of the server with this run id, nil for any; with when Redis stored it, in milliseconds of its clock.
    func get(
        _ key: String,
        epoch: Int,
        on wanted: String? = nil
    ) async -> (found: ReadStateMachine.Found, filledAt: Int?) {
        let name = CacheKey.name(key, epoch: epoch)
        let reply = await link.attempt(on: wanted) { () throws(RedisError) -> RESPValue in
            do throws(RedisError) {
                return try await connection.send(
                    RESPCommand("GET", [.text(name)]),
                    timeout: configuration.redisDeadline
                )
            } catch  where error.refusal?.kind == .wrongType {
                // Somebody's list or hash: LEASE deletes and counts it.
                return .null
            }
        }
        guard let reply else { return (.failed, nil) }
        return Self.found(reply)
    }

    /// What a reply to GET says, and when Redis stored it.
    static func found(_ reply: RESPValue) -> (ReadStateMachine.Found, filledAt: Int?) {
        guard let bytes = reply.bytes, case .document(let document, let filledAt)? = CacheContent(bytes: bytes) else {
            return (.nothing, nil)
        }
        return (.document(document), filledAt)
    }

    /// LEASE, only on the server with this run id, nil for any.
    func lease(_ key: String, _ lease: ReadStateMachine.Lease, on wanted: String? = nil) async -> CacheCell.Reply? {
        await run(
            scripts.lease,
            key,
            epoch: lease.epoch,
            on: wanted,
            [
                .text(lease.token), .integer(Int64(configuration.leaseTime.milliseconds)),
                .integer(Int64(configuration.floorTime.milliseconds)),
            ]
        )
    }

    // MARK: Writing

    /// FILL.
    func fill(_ key: String, _ lease: ReadStateMachine.Lease, _ document: VersionedDocument) async -> CacheCell.Reply? {
        let reply = await run(scripts.fill, key, epoch: lease.epoch, filling(lease, document))
        count(fill: reply)
        return reply
    }

    /// PUT.
    func put(_ key: String, epoch: Int, token: String?, _ document: VersionedDocument) async -> CacheCell.Reply? {
        let (sensitivity, body) = Self.parts(of: document)
        return await run(
            scripts.put,
            key,
            epoch: epoch,
            [
                .text(token ?? "-"), .integer(Int64(document.version)), sensitivity,
                .integer(Int64(configuration.documentTime.milliseconds)),
                .integer(Int64(configuration.floorTime.milliseconds)), body,
            ]
        )
    }

    /// INVALIDATE.
    func invalidate(_ key: String, epoch: Int, version: Int) async -> CacheCell.Reply? {
        await run(scripts.invalidate, key, epoch: epoch, invalidation([version]))
    }

    /// RELEASE.
    func release(_ key: String, _ lease: ReadStateMachine.Lease) async {
        _ = await run(scripts.release, key, epoch: lease.epoch, [.text(lease.token)])
    }

    /// Sends what a read leaves to do, and waits for no reply: its caller has its answer.
    ///
    /// The command is in line before this returns, so whatever the caller asks next on our connection comes after it, unless
    /// the server has to be given the script first. Nothing rests on that order: FILL is right whenever it runs, or never,
    /// because the script looks at lease and floor.
    func follow(_ followUp: ReadStateMachine.FollowUp, _ key: String) {
        switch followUp {
        case .none: break
        case .fill(let lease, let document):
            send(scripts.fill, key, epoch: lease.epoch, filling(lease, document)) { [self] in count(fill: $0) }
        case .release(let lease): send(scripts.release, key, epoch: lease.epoch, [.text(lease.token)])
        case .invalidate(let epoch, let version): send(scripts.invalidate, key, epoch: epoch, invalidation([version]))
        }
    }

    /// INVALIDATE for many keys.
    ///
    /// - Returns: the run id of the server that confirmed all of them; nil when at least one was not confirmed.
    func invalidate(_ keys: [KeyVersion], epoch: Int) async -> String? {
        guard let run = link.run else { return nil }
        var batches = keys.pages(of: Self.invalidationBatch)[...]
        while !batches.isEmpty {
            let areConfirmed = await withTaskGroup { group in
                for batch in batches.prefix(Self.invalidationsUnderWay) {
                    group.addTask { await self.confirm(batch, epoch: epoch) }
                }
                return await group.allSatisfy(\.self)
            }
            guard areConfirmed else { return nil }
            batches = batches.dropFirst(Self.invalidationsUnderWay)
        }
        return link.run == run ? run : nil
    }

    /// Publishes a message; nobody has to hear it, so a failure changes nothing.
    func publish(_ message: String, on channel: String) {
        connection.send(
            RESPCommand("PUBLISH", [.text(channel), .text(message)]),
            timeout: configuration.redisDeadline
        ) { [self] in
            if case .failure(let error) = $0 { link.note(error) }
        }
    }

    // MARK: Private parts

    private func invalidation(_ versions: [Int]) -> [RESPArgument] {
        [.integer(Int64(configuration.floorTime.milliseconds))] + versions.map { .integer(Int64($0)) }
    }

    private func filling(_ lease: ReadStateMachine.Lease, _ document: VersionedDocument) -> [RESPArgument] {
        let (sensitivity, body) = Self.parts(of: document)
        return [
            .text(lease.token), .integer(Int64(document.version)), sensitivity,
            .integer(Int64(configuration.documentTime.milliseconds)), body,
        ]
    }

    private func confirm(_ keys: [KeyVersion], epoch: Int) async -> Bool {
        do throws(RedisError) {
            let value = try await connection.run(
                scripts.invalidate,
                keys: keys.map { .text(CacheKey.name($0.key, epoch: epoch)) },
                arguments: invalidation(keys.map(\.version)),
                timeout: configuration.redisDeadline
            )
            guard let words = value.elements?.first?.text?.split(separator: " ") else { return false }
            countRepairs(value)
            return words.count == keys.count && words.allSatisfy { Self.reply(String($0))?.confirms == true }
        } catch {
            link.note(error)
            return false
        }
    }

    private func run(
        _ script: RedisScript,
        _ key: String,
        epoch: Int,
        on wanted: String? = nil,
        _ arguments: [RESPArgument]
    ) async -> CacheCell.Reply? {
        let name = CacheKey.name(key, epoch: epoch)
        let value = await link.attempt(on: wanted) { () throws(RedisError) -> RESPValue in
            try await connection.run(
                script,
                keys: [.text(name)],
                arguments: arguments,
                timeout: configuration.redisDeadline
            )
        }
        return value.flatMap(reply)
    }

    /// Runs a script if the breaker lets it, and waits for nothing.
    private func send(
        _ script: RedisScript,
        _ key: String,
        epoch: Int,
        _ arguments: [RESPArgument],
        replied: @escaping @Sendable (CacheCell.Reply?) -> Void = { _ in }
    ) {
        guard link.isOpen(to: nil) else { return }
        connection.run(
            script,
            keys: [.text(CacheKey.name(key, epoch: epoch))],
            arguments: arguments,
            timeout: configuration.redisDeadline
        ) { [self] result in
            switch result {
            case .success(let value):
                link.succeeded()
                replied(reply(value))
            case .failure(let error):
                link.failed(error)
            }
        }
    }

    private func count(fill reply: CacheCell.Reply?) {
        switch reply {
        case .filled: counters.add(.fills)
        case .refused, .full: counters.add(.refusedFills)
        default: break
        }
    }

    private func countRepairs(_ value: RESPValue) {
        if let count = value.elements?.dropFirst(2).first?.int, count > 0 { counters.add(.repairedKeys, Int(count)) }
    }

    /// Reads what a script says; nil for what no script of ours says.
    private func reply(_ value: RESPValue) -> CacheCell.Reply? {
        guard let parts = value.elements, parts.count == 4, let status = parts[0].text else { return nil }
        countRepairs(value)
        guard status == "held" else { return Self.reply(status) }
        guard let bytes = parts[3].bytes, case .document(let document, let filledAt)? = CacheContent(bytes: bytes)
        else { return nil }
        return .held(document, filledAt: filledAt)
    }

    private static func reply(_ status: String) -> CacheCell.Reply? {
        switch status {
        case "busy": .busy
        case "granted": .granted
        case "filled": .filled
        case "refused": .refused
        case "stored": .stored
        case "kept": .kept
        case "buried": .buried
        case "deleted": .deleted
        case "full": .full
        case "released": .released
        default: nil
        }
    }

    private static func parts(of document: VersionedDocument) -> (sensitivity: RESPArgument, body: RESPArgument) {
        switch document.content {
        case .present(let body, let sensitivity): (.text(sensitivity), .bytes(body))
        case .absent: (.text("-"), .bytes([]))
        }
    }
}
