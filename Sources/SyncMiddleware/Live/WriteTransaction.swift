import Diagnostics
import Domain
import Postgres

/// The statements of writes that share a transaction: without an `Idempotency-Key` they are one round trip, BEGIN included.
///
/// One write, or several that have neither a key nor an expected epoch of the mode.
struct WriteTransaction {
    /// One write of it.
    struct Part: Sendable {
        let request: WriteRequest
        let table: CatalogTable
        /// The statement of the change.
        let statement: RowStatement

        /// Whether the statement of the change gives the document that it makes.
        fileprivate var hasDocument: Bool {
            if case .replace = request.change.operation { true } else { false }
        }

        /// Whether this and the part before can be one statement.
        fileprivate func canShare(with before: Part) -> Bool {
            table == before.table && ExactText(request.principal) == ExactText(before.request.principal)
                && ExactText(request.change.id) != ExactText(before.request.change.id)
                && statement.canShare(with: before.statement)
        }
    }

    /// Leaves the transaction with the answer that an earlier one has left.
    struct Repeated: Error {
        let receipt: WriteReceipt
    }

    /// What became of a part before COMMIT: the change, or why it is none.
    typealias Result = Swift.Result<WriteStateMachine.Change, SyncError>

    let parts: [Part]
    let deadline: ContinuousClock.Instant
    let configuration: SyncConfiguration
    /// How long a statement may wait for a lock; nil for as long as there is time.
    let lockWait: Duration?
    private let steps: [Step]

    /// - Parameters:
    ///   - parts: the writes, in the order in which their rows are changed.
    ///   - deadline: when all of it has to be done, COMMIT aside.
    ///   - configuration: the limits.
    ///   - lockWait: how long a statement may wait for a lock; nil for as long as there is time.
    init(
        parts: [Part],
        deadline: ContinuousClock.Instant,
        configuration: SyncConfiguration,
        lockWait: Duration?
    ) {
        self.parts = parts
        self.deadline = deadline
        self.configuration = configuration
        self.lockWait = lockWait
        steps = Self.steps(parts)
    }

    private var key: WriteRequest.IdempotencyKey? { parts[0].request.idempotencyKey }
    private var principal: String { parts[0].request.principal }

    /// The statements that go with BEGIN: their results are for `run`.
    var opening: [PostgresStatement] { key == nil ? [modeCheck] + change : [modeCheck] }

    /// Runs all but COMMIT; `opened` are the results of `opening`.
    ///
    /// Throws `Repeated`, `SyncError` where the mode or the key does not allow it, `PostgresError`.
    func run(_ session: PostgresSession, _ opened: [PostgresResult]) async throws -> [Result] {
        try check(mode: opened[0])
        guard let key else { return try await changed(session, Array(opened.dropFirst())) }
        try await claim(key, session)
        let results = try await changed(session, try await session.pipeline(change, timeout: timeout))
        if case .success(let change) = results[0] {
            try await keep(Self.receipt(parts[0].request.change, change.document), key, session)
        }
        return results
    }

    // MARK: The changes

    /// A statement of the changes, and what its result says.
    private enum Step {
        /// From here on another principal writes.
        case principal(String)
        /// The changes of these parts: of one, or of several replacements that share a statement.
        case change(Range<Int>)
        /// The document of a part whose change does not give it.
        case document(Int)
    }

    /// A statement has 1, 2, 4, 8 or 16 rows, so that there are few texts to plan.
    private static let maximumRows = 16

    private static func steps(_ parts: [Part]) -> [Step] {
        var steps: [Step] = []
        var first = 0
        while first < parts.count {
            let principal = parts[first].request.principal
            if first > 0, ExactText(principal) != ExactText(parts[first - 1].request.principal) {
                steps.append(.principal(principal))
            }
            var end = first + 1
            while end < parts.count, parts[end].canShare(with: parts[end - 1]) { end += 1 }
            var rows = maximumRows
            while rows > end - first { rows /= 2 }
            steps.append(.change(first..<first + rows))
            if !parts[first].hasDocument { steps.append(.document(first)) }
            first += rows
        }
        return steps
    }

    /// The changes and what follows them.
    private var change: [PostgresStatement] {
        steps.map { step in
            switch step {
            case .principal(let name):
                PostgresStatement("SELECT set_config('cortex.principal', $1, true)", [.text(name)])
            case .change(let range) where range.count == 1:
                PostgresStatement(parts[range.lowerBound].statement.text, parts[range.lowerBound].statement.parameters)
            case .change(let range):
                RowStatement.shared(parts[range].map(\.statement))
            case .document(let number): Self.document(parts[number])
            }
        } + [
            // Taken last, so that an epoch move waits for COMMIT and not for our rows' locks; read after it was taken.
            PostgresStatement("SELECT pg_advisory_xact_lock_shared($1)", [.integer(SyncLock.epoch)]),
            PostgresStatement(
                """
                SELECT epoch, coalesce(redis_run_id, '') AS run, pg_current_xact_id()::text AS xid FROM cortex.cache_state
                """
            ),
        ]
    }

    /// What the results of `change` say.
    private func changed(_ session: PostgresSession, _ results: [PostgresResult]) async throws -> [Result] {
        let state = results.last?.first
        guard let state, let epoch = state["epoch"].integer, let xid = state["xid"].string.flatMap({ UInt64($0) })
        else {
            throw SyncError(
                .internal,
                "the cache has no state in this database",
                hint: "cortex schema verify tells what is missing"
            )
        }
        let documents = try documents(results)
        let refused = parts.indices.filter { documents[$0] == nil }
        var errors = refused.isEmpty ? [] : try await unchanged(refused.map { parts[$0] }, session)[...]
        return documents.map { document in
            guard let document else { return .failure(errors.removeFirst()) }
            return .success(
                WriteStateMachine.Change(
                    document: document,
                    xid: xid,
                    epoch: Int(epoch),
                    redisRun: state["run"].string ?? ""
                )
            )
        }
    }

    /// What each part has made of its row; nil where the row was not as expected.
    private func documents(_ results: [PostgresResult]) throws(SyncError) -> [VersionedDocument?] {
        var found = [VersionedDocument?](repeating: nil, count: parts.count)
        var isChanged = false
        for (step, result) in zip(steps, results) {
            switch step {
            case .principal: break
            case .change(let range) where range.count == 1:
                isChanged = result.affected == 1
                guard isChanged, parts[range.lowerBound].hasDocument else { continue }
                found[range.lowerBound] = try Self.written(result.first)
            case .change(let range):
                for row in result.rows {
                    guard let number = row["n"].integer else { throw Self.noVersion }
                    found[range.lowerBound + Int(number)] = try Self.written(row)
                }
            case .document(let number):
                if isChanged { found[number] = try Self.written(result.first) }
            }
        }
        return found
    }

    private static func written(_ row: PostgresRow?) throws(SyncError) -> VersionedDocument {
        guard let document = row.flatMap(DocumentSource.document) else { throw noVersion }
        return document
    }

    /// What a client gets for a change that gave this document.
    static func receipt(_ change: RowChange, _ document: VersionedDocument) -> WriteReceipt {
        var body: [UInt8]?
        if case .present(let bytes, _) = document.content { body = bytes }
        let status =
            switch change.operation {
            case .create: 201
            case .replace: 200
            case .delete: 204
            }
        return WriteReceipt(status: status, version: document.version, body: body, isRepeated: false)
    }

    // MARK: Private parts

    private var timeout: Duration { max(deadline - .now, .milliseconds(1)) }

    /// The mode stays what it is until the transaction ends: a change of it waits for the row's lock.
    ///
    /// Several rows are to be found by their keys: without statistics the planner would read the whole table for them.
    private var modeCheck: PostgresStatement {
        let planning = ["enable_hashjoin", "enable_mergejoin", "enable_bitmapscan"]
            .map { ", set_config('\($0)', 'off', true)" }
        return PostgresStatement(
            """
            SELECT m.mode, m.epoch, set_config('cortex.principal', $1, true), set_config('lock_timeout', $2, true)
                \(parts.count > 1 ? planning.joined() : "")
            FROM cortex.system_mode m FOR SHARE
            """,
            [.text(principal), .text("\(lockWait?.milliseconds ?? 0)")]
        )
    }

    private func check(mode result: PostgresResult) throws(SyncError) {
        let mode = result.first?["mode"].string ?? "unknown"
        let epoch = result.first?["epoch"].integer
        let expected = parts[0].request.modeEpoch.map(Int64.init)
        guard mode == SystemMode.postgres.rawValue, expected == nil || expected == epoch else {
            throw SyncError.wrongMode(mode)
        }
    }

    /// Why rows stayed as they are.
    private func unchanged(_ parts: [Part], _ session: PostgresSession) async throws -> [SyncError] {
        let results = try await session.pipeline(parts.map(Self.document), timeout: timeout)
        return try zip(parts, results).map { part, result in
            guard let document = result.first.flatMap(DocumentSource.document) else { throw Self.noVersion }
            if case .create = part.request.change.operation { return .exists(current: document.version) }
            if case .absent = document.content { return .missing }
            return .conflict(current: document.version)
        }
    }

    private static func document(_ part: Part) -> PostgresStatement {
        guard let statement = DocumentSource.statements[part.table.name] else {
            preconditionFailure("no table \(part.table.name)")
        }
        return PostgresStatement(statement, [.text(part.request.change.id)])
    }

    private static var noVersion: SyncError { SyncError(.internal, "PostgreSQL gave no version of the row") }

    // MARK: Idempotency

    private func claim(_ key: WriteRequest.IdempotencyKey, _ session: PostgresSession) async throws {
        let isOurs = try await session.query(
            "SELECT pg_try_advisory_xact_lock($1::int, hashtext($2)) AS taken",
            [.integer(Int64(SyncLock.idempotency)), .text("\(principal)\u{1f}\(key.key)")],
            timeout: timeout
        ).first?["taken"].boolean
        guard isOurs == true else { throw SyncError.inFlight }
        let row = try await session.query(
            """
            SELECT request_sha256, status, headers ->> 'version' AS version, body FROM cortex.idempotency_keys
            WHERE principal = $1 AND key = $2 AND created_at > clock_timestamp() - make_interval(secs => $3)
            """,
            [.text(principal), .text(key.key), .double(idempotencySeconds)],
            timeout: timeout
        ).first
        guard let row else { return }
        guard row["request_sha256"].bytes == key.requestHash else { throw SyncError.keyReused }
        throw Repeated(
            receipt: WriteReceipt(
                status: Int(row["status"].integer ?? 0),
                version: Int(row["version"].integer ?? 0),
                body: row["body"].bytes,
                isRepeated: true
            )
        )
    }

    private var idempotencySeconds: Double { Double(configuration.idempotencyTime.milliseconds) / 1000 }

    private func keep(
        _ receipt: WriteReceipt,
        _ key: WriteRequest.IdempotencyKey,
        _ session: PostgresSession
    ) async throws {
        try await session.query(
            """
            INSERT INTO cortex.idempotency_keys AS k (principal, key, request_sha256, status, headers, body)
            VALUES ($1, $2, $3, $4, json_build_object('version', $5::bigint), $6)
            ON CONFLICT (principal, key) DO UPDATE SET request_sha256 = excluded.request_sha256,
                status = excluded.status, headers = excluded.headers, body = excluded.body,
                created_at = excluded.created_at
            """,
            [
                .text(principal), .text(key.key), .bytes(key.requestHash), .integer(Int64(receipt.status)),
                .integer(Int64(receipt.version)), receipt.body.map { .bytes($0) } ?? .null,
            ],
            timeout: timeout
        )
    }
}
