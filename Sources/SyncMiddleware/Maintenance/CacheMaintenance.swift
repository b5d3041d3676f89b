import Diagnostics
import Domain
public import Postgres
import RESP
public import Redis

/// What a person does with the cache from the command line: warm, verify, explain, flush, rebuild, look at it.
public struct CacheMaintenance: Sendable {
    let postgres: PostgresClient
    let redis: RedisClient
    let configuration: ViewConfiguration
    let sync: SyncConfiguration

    /// Works on these stores; nothing happens before a call.
    public init(
        postgres: PostgresClient,
        redis: RedisClient,
        view: ViewConfiguration = ViewConfiguration(),
        sync: SyncConfiguration = SyncConfiguration()
    ) {
        self.postgres = postgres
        self.redis = redis
        configuration = view
        self.sync = sync
    }

    /// The published view of these stores.
    public var view: PublishedView {
        PublishedView(postgres: postgres, redis: redis, configuration: configuration)
    }

    // MARK: Verify

    /// Compares cached documents and the published view with PostgreSQL, and tells at most `limit` mismatches.
    ///
    /// With `sample` only about so many cached documents, chosen by chance, and not the view; with a `share` below 1 it rests
    /// between its pages, so that it works only that share of the time. Throws what the clients throw.
    public func verify(sample: Int?, limit: Int, share: Double = 1) async throws -> CacheVerification {
        var report = CacheCheckReport()
        for _ in 0..<Self.verificationAttempts {
            let office = try await view.office()
            let documents = DocumentChecker(
                postgres: postgres,
                redis: redis,
                configuration: configuration,
                epoch: office.epoch,
                limit: limit,
                share: share
            )
            let found = try await documents.check(sample: sample)
            // The keys of an epoch that has ended meanwhile are nobody's.
            guard found.mismatches > 0, try await view.office().epoch != office.epoch else {
                report = found
                break
            }
        }
        let office = try await view.office()
        let state = try await viewState(office)
        if sample == nil, state == .current || state == .behind {
            let limit = max(0, limit - report.keys.count)
            let found = try await ViewChecker(view: view, limit: limit, share: share).check()
            // A view that is being made anew differs until it is done.
            let later = try await view.office()
            let laterState = try await viewState(later)
            if found.mismatches == 0 || (later.epoch == office.epoch && laterState == state) { report.add(found) }
        }
        let history = KeyHistory(postgres: postgres, view: view)
        for index in report.keys.indices {
            report.keys[index].history = try await history.lines(report.keys[index])
        }
        return CacheVerification(report, view: state)
    }

    /// So often documents are compared anew when the epoch moved meanwhile.
    private static let verificationAttempts = 3

    /// How the published view is.
    public func viewState(_ office: ViewOffice) async throws -> CacheVerification.View {
        guard let state = try await view.store.state() else {
            return try await view.isForeign() ? .foreign : .absent
        }
        guard let complete = state.complete else { return .incomplete }
        return complete == office.epoch ? .current : .behind
    }

    /// Makes good what a verification found: wrong cached keys are deleted, which is always safe, because an absent key
    /// allows no fill without a new lease; the view is made anew where it differs.
    public func repair(_ found: CacheVerification) async throws {
        let names = found.report.keys.filter { CachedKey(Array($0.key.utf8)) != nil }.map(\.key)
        for name in names { try await redis.send("UNLINK", .text(name), timeout: configuration.redisDeadline) }
        guard names.count < found.report.mismatches else { return }
        try await view.rebuild(try await view.office())
    }

    // MARK: Flush

    /// Moves the epoch, so that no key that is cached now is read any more; Redis forgets them by their own expiry.
    ///
    /// Waits for the transactions that write in the old epoch, at most `epochWait`. The next relay makes the published
    /// view anew. Throws `sync.unavailable` when they did not end in time: nothing has changed.
    public func flush() async throws -> CacheFlush {
        let before = try await view.office().epoch
        let epoch = try await CacheEpoch.move(postgres, wait: sync.epochWait)
        return CacheFlush(before: before, epoch: epoch)
    }
}

/// What a verification of the cache found.
public struct CacheVerification: Sendable, Equatable, Encodable {
    /// How the published view is.
    public enum View: String, Sendable, Codable {
        /// Whole, for this epoch; it was compared.
        case current
        /// Whole, but made for an earlier epoch; it was compared.
        case behind
        /// Being made for the first time; it was not compared.
        case incomplete
        /// Nothing is published.
        case absent
        /// The keys are there and are not ours.
        case foreign
    }

    /// What was compared and what differs.
    public let report: CacheCheckReport
    /// How the view is.
    public let view: View

    enum CodingKeys: String, CodingKey {
        case checked, mismatches, nines, settled, keys, view
    }

    init(_ report: CacheCheckReport, view: View) {
        self.report = report
        self.view = view
    }

    /// One flat object, as other programs read it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(report.checked, forKey: .checked)
        try container.encode(report.mismatches, forKey: .mismatches)
        try container.encode(report.nines, forKey: .nines)
        try container.encode(report.settled, forKey: .settled)
        try container.encode(report.keys, forKey: .keys)
        try container.encode(view, forKey: .view)
    }
}

/// What a flush did.
public struct CacheFlush: Sendable, Equatable, Codable {
    /// The epoch whose keys nobody reads any more.
    public let before: Int
    /// The epoch now.
    public let epoch: Int
}
