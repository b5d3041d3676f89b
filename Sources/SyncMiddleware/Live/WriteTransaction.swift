import Diagnostics
import Domain
import Postgres

/// The statements of one write, inside of its transaction: without an `Idempotency-Key` they are one round trip, BEGIN included.
struct WriteTransaction {
    /// Leaves the transaction with the answer that an earlier one has left.
    struct Repeated: Error {
        let receipt: WriteReceipt
    }

    let request: WriteRequest
    let table: CatalogTable
    let deadline: ContinuousClock.Instant
    let configuration: SyncConfiguration
    /// The statement of the change.
    let statement: RowStatement

    /// The statements that go with BEGIN: their results are for `run`.
    var opening: [PostgresStatement] { request.idempotencyKey == nil ? [modeCheck] + change : [modeCheck] }

    /// Runs all but COMMIT; `opened` are the results of `opening`.
    ///
    /// Throws `Repeated`, `SyncError` where the row, the mode or the key does not allow it, `PostgresError`.
    func run(_ session: PostgresSession, _ opened: [PostgresResult]) async throws -> WriteStateMachine.Change {
        try check(mode: opened[0])
        guard let key = request.idempotencyKey else { return try await changed(session, Array(opened.dropFirst())) }
        try await claim(key, session)
        let change = try await changed(session, try await session.pipeline(change, timeout: timeout))
        try await keep(Self.receipt(request.change, change.document), key, session)
        return change
    }

    // MARK: The change

    /// The change and what follows it.
    private var change: [PostgresStatement] {
        let document = givesDocument ? [] : [PostgresStatement(documentStatement, documentParameters)]
        return [PostgresStatement(statement.text, statement.parameters)] + document + [
            // Taken last, so that an epoch move waits for COMMIT and not for our row's lock; read after it was taken.
            PostgresStatement("SELECT pg_advisory_xact_lock_shared($1)", [.integer(SyncLock.epoch)]),
            PostgresStatement(
                """
                SELECT epoch, coalesce(redis_run_id, '') AS run, pg_current_xact_id()::text AS xid FROM cortex.cache_state
                """
            ),
        ]
    }

    /// What the results of `change` say.
    private func changed(
        _ session: PostgresSession,
        _ results: [PostgresResult]
    ) async throws -> WriteStateMachine.Change {
        guard results[0].affected == 1 else { throw unchanged(try await document(session)) }
        guard let document = results[givesDocument ? 0 : 1].first.flatMap(DocumentSource.document) else {
            throw SyncError(.internal, "PostgreSQL gave no version of the row")
        }
        let state = results.last?.first
        guard let state, let epoch = state["epoch"].integer, let xid = state["xid"].string.flatMap({ UInt64($0) })
        else {
            throw SyncError(
                .internal,
                "the cache has no state in this database",
                hint: "cortex schema verify tells what is missing"
            )
        }
        return WriteStateMachine.Change(
            document: document,
            xid: xid,
            epoch: Int(epoch),
            redisRun: state["run"].string ?? ""
        )
    }

    /// Whether the statement of the change gives the document.
    private var givesDocument: Bool {
        if case .replace = request.change.operation { true } else { false }
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
    private var modeCheck: PostgresStatement {
        PostgresStatement(
            """
            SELECT m.mode, m.epoch, set_config('cortex.principal', $1, true) FROM cortex.system_mode m FOR SHARE
            """,
            [.text(request.principal)]
        )
    }

    private func check(mode result: PostgresResult) throws(SyncError) {
        let mode = result.first?["mode"].string ?? "unknown"
        guard mode == SystemMode.postgres.rawValue,
            request.modeEpoch == nil || request.modeEpoch.map(Int64.init) == result.first?["epoch"].integer
        else { throw SyncError.wrongMode(mode) }
    }

    private var documentStatement: String {
        guard let statement = DocumentSource.statements[table.name] else {
            preconditionFailure("no table \(table.name)")
        }
        return statement
    }

    private var documentParameters: [PostgresValue] { [.textArray([request.change.id])] }

    private func document(_ session: PostgresSession) async throws -> VersionedDocument {
        let row = try await session.query(documentStatement, documentParameters, timeout: timeout).first
        guard let document = row.flatMap(DocumentSource.document) else {
            throw SyncError(.internal, "PostgreSQL gave no version of the row")
        }
        return document
    }

    private func unchanged(_ document: VersionedDocument) -> SyncError {
        if case .create = request.change.operation { return .exists(current: document.version) }
        if case .absent = document.content { return .missing }
        return .conflict(current: document.version)
    }

    // MARK: Idempotency

    private func claim(_ key: WriteRequest.IdempotencyKey, _ session: PostgresSession) async throws {
        let isOurs = try await session.query(
            "SELECT pg_try_advisory_xact_lock($1::int, hashtext($2)) AS taken",
            [.integer(Int64(SyncLock.idempotency)), .text("\(request.principal)\u{1f}\(key.key)")],
            timeout: timeout
        ).first?["taken"].boolean
        guard isOurs == true else { throw SyncError.inFlight }
        let row = try await session.query(
            """
            SELECT request_sha256, status, headers ->> 'version' AS version, body FROM cortex.idempotency_keys
            WHERE principal = $1 AND key = $2 AND created_at > clock_timestamp() - make_interval(secs => $3)
            """,
            [.text(request.principal), .text(key.key), .double(idempotencySeconds)],
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
                .text(request.principal), .text(key.key), .bytes(key.requestHash), .integer(Int64(receipt.status)),
                .integer(Int64(receipt.version)), receipt.body.map { .bytes($0) } ?? .null,
            ],
            timeout: timeout
        )
    }
}
