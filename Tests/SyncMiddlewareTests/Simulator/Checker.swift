@testable import SyncMiddleware

/// Holds what clients see and what stores hold against the promises; keeps the first breach.
final class Checker {
    /// A promise that was broken, named as in the design.
    struct Violation: Equatable, Sendable {
        let promise: String
        let text: String
    }

    /// What a reader knew when it began.
    struct Reader {
        let instance: Int
        let key: String
        let need: CacheStateMachine.Need
        let startedAt: Int
        /// What this instance had acknowledged itself.
        let acknowledgedHere: Int
        /// What this instance had been told by a message or by its own write.
        let toldHere: Int
    }

    private let database: ModelPostgres
    private let staleness: Int
    private(set) var violation: Violation?
    private var acknowledged: [(key: String, document: VersionedDocument)] = []
    private var readsOfToken: [String: Int] = [:]
    private var passedRows = 0
    private var passedIDs: Set<Int> = []
    private var passedVersions: [String: Int] = [:]
    /// What the relay has passed through Redis, by server and key: nothing older may be stored there again.
    private var outOfRedis: [String: Int] = [:]
    /// The highest acknowledged version by key.
    private(set) var tokens: [String: Int] = [:]
    private(set) var answers = 0

    init(database: ModelPostgres, configuration: SyncConfiguration) {
        self.database = database
        staleness = configuration.staleness.milliseconds
    }

    func fail(_ promise: String, _ text: @autoclosure () -> String) {
        if violation == nil { violation = Violation(promise: promise, text: text()) }
    }

    // MARK: While it runs

    func answered(_ reader: Reader, _ document: VersionedDocument, source: String, isStale: Bool) {
        answers += 1
        let key = reader.key
        let version = document.version
        guard let history = database.history[key], history.indices.contains(version),
            history[version].document == document
        else {
            return fail("P9", "\(source) answered \(key) v\(version) with what was never committed")
        }
        let newer = database.committedAt(key, version: version + 1)
        switch reader.need {
        case .recent:
            if isStale { return }
            if let newer, newer < reader.startedAt - staleness {
                fail("P12", "\(source) answered \(key) v\(version), outdated for \(reader.startedAt - newer) ms")
            }
            if version < reader.acknowledgedHere {
                let text = "v\(reader.acknowledgedHere) was acknowledged by this instance"
                fail("P11", "\(source) answered \(key) v\(version), but \(text)")
            }
            if source == "near-cache", version < reader.toldHere {
                fail("P11", "near-cache answered \(key) v\(version), but was told of v\(reader.toldHere)")
            }
        case .version(let least):
            if version < least { fail("P11", "\(source) answered \(key) v\(version) to a token of v\(least)") }
        case .strong:
            if let newer, newer < reader.startedAt { fail("P11", "a strong read of \(key) answered v\(version)") }
        }
    }

    func acknowledged(_ key: String, _ document: VersionedDocument) {
        acknowledged.append((key, document))
        tokens[key] = max(tokens[key] ?? 0, document.version)
        checkAcknowledged(key, document)
    }

    func readDatabase(lease token: String?) {
        guard let token else { return }
        readsOfToken[token, default: 0] += 1
        if readsOfToken[token] != 1 { fail("P15", "two reads of PostgreSQL for the lease \(token)") }
    }

    /// LEASE granted on a key that another holds.
    func granted(over old: CacheContent?, now: Int) {
        if case .tombstone(_, let until, .some(let holder)) = old, until > now {
            fail("P15", "a lease was granted while \(holder) held one")
        }
    }

    func relaySaved() {
        while passedRows < database.passed.count {
            let row = database.passed[passedRows]
            passedRows += 1
            if !passedIDs.insert(row.id).inserted { fail("P17", "feed row \(row.id) was numbered twice") }
            if let old = passedVersions[row.key], old >= row.version {
                fail("P17", "\(row.key) v\(row.version) was passed after v\(old)")
            }
            passedVersions[row.key] = row.version
        }
    }

    /// The relay saved a batch whose tombstones the server had confirmed.
    func passedThrough(run: String, epoch: Int, _ keys: [KeyVersion]) {
        for key in keys {
            let place = "\(run)/\(ModelRedis.key(epoch, key.key))"
            outOfRedis[place] = max(outOfRedis[place] ?? 0, key.version)
        }
    }

    /// FILL or PUT stored a document.
    func stored(_ version: Int, place: String, run: String) {
        if let least = outOfRedis["\(run)/\(place)"], version < least {
            fail("P13", "v\(version) was stored in \(place) after the relay had passed v\(least)")
        }
    }

    // MARK: After healing

    func checkEnd(redis: ModelRedis, now: Int) {
        for (key, document) in acknowledged { checkAcknowledged(key, document) }
        for row in database.feed where !passedIDs.contains(row.id) {
            fail("P17", "\(row.key) v\(row.version) (transaction \(row.xid)) was never passed")
        }
        for key in database.history.keys.sorted() {
            let place = ModelRedis.key(database.state.epoch, key)
            guard case .document(let cached, _) = redis.cell(place, now: now).content else { continue }
            // Of a secret document Redis has the version alone.
            checkEqual(cached, database.current(key).cacheable, key: key, place: "Redis")
        }
    }

    func checkEqual(_ cached: VersionedDocument, _ current: VersionedDocument, key: String, place: String) {
        if cached != current {
            fail("P14", "\(place) has \(key) v\(cached.version) for good, PostgreSQL v\(current.version)")
        }
    }

    private func checkAcknowledged(_ key: String, _ document: VersionedDocument) {
        guard let history = database.history[key], history.indices.contains(document.version),
            history[document.version].document == document
        else {
            return fail("P9", "\(key) v\(document.version) was acknowledged and is not in PostgreSQL")
        }
    }
}
