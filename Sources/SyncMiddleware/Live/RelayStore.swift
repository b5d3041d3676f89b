import Postgres

/// The relay's statements, on the session that holds its office.
struct RelayStore {
    /// An office, and the epoch that it finds.
    struct Office {
        let fence: Int
        let epoch: Int
    }

    let session: PostgresSession
    let configuration: SyncConfiguration

    // MARK: Office

    /// Takes the office, if it is free, and gives its fencing number and the epoch.
    ///
    /// In a database that was restored or is new the state belongs to another history: the epoch moves, numbers of events
    /// start a new timeline, and the position is what is there now, because nothing older can be cached under the new epoch.
    func takeOffice(holder: String) async throws -> Office? {
        let isOurs = try await session.query("SELECT pg_try_advisory_lock($1) AS taken", [.integer(SyncLock.relay)])
        guard isOurs.first?["taken"].boolean == true else { return nil }
        // Of a feed that grows from nothing no statistics say how few rows lie above the position.
        try await session.run(script: "SET enable_seqscan = off")
        return try await session.withTransaction {
            try await session.query("INSERT INTO cortex.cache_state DEFAULT VALUES ON CONFLICT DO NOTHING")
            try await session.query("INSERT INTO cortex.relay_progress DEFAULT VALUES ON CONFLICT DO NOTHING")
            let row = try await session.query(
                """
                UPDATE cortex.relay_progress SET fencing = \(RisingNumber.next("fencing")), holder = $1,
                    updated_at = now()
                RETURNING fencing, (SELECT home FROM cortex.cache_state) IS NOT DISTINCT FROM \(Self.home) AS is_home
                """,
                [.text(holder)]
            ).first
            if row?["is_home"].boolean != true {
                try await lockEpoch()
                try await session.query(
                    """
                    UPDATE cortex.cache_state SET epoch = \(RisingNumber.next("epoch")), home = \(Self.home),
                        changed_at = now()
                    """
                )
                try await session.query(
                    """
                    UPDATE cortex.relay_progress SET timeline = \(RisingNumber.next("timeline")), seq = 0,
                        position = pg_current_snapshot()
                    """
                )
            }
            let epoch = try await session.query("SELECT epoch FROM cortex.cache_state").first?["epoch"].integer
            guard let fence = row?["fencing"].integer, let epoch else { return nil }
            return Office(fence: Int(fence), epoch: Int(epoch))
        }
    }

    /// System identifier, timeline and database: another one in every restored copy.
    private static let home = """
        (SELECT s.system_identifier || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || d.oid
        FROM pg_control_system() s, pg_database d WHERE d.datname = current_database())
        """

    // MARK: Batches

    /// The state and the rows that are due, all of one snapshot: a single statement has one.
    ///
    /// The inner limit has no order: where it cuts rows off the epoch moves, whichever they are; and in the order of ids
    /// the planner would go through the whole feed from its beginning.
    func batch() async throws -> RelayStateMachine.Batch? {
        let limit = configuration.relayBatch
        let result = try await session.query(
            """
            SELECT s.*, f.id, f.xid::text AS xid, f.kind, f.key, f.version, f.op
            FROM (
                SELECT c.epoch, coalesce(c.redis_run_id, '') AS run, c.suspended, c.drains,
                    coalesce(p.position, '1:1:'::pg_snapshot)::text AS position,
                    pg_current_snapshot()::text AS snapshot
                FROM cortex.cache_state c CROSS JOIN cortex.relay_progress p
            ) AS s
            LEFT JOIN LATERAL (
                SELECT f.* FROM cortex.change_feed f
                WHERE f.xid >= pg_snapshot_xmin(s.position::pg_snapshot)
                    AND NOT pg_visible_in_snapshot(f.xid, s.position::pg_snapshot)
                    AND pg_visible_in_snapshot(f.xid, s.snapshot::pg_snapshot)
                LIMIT \(limit + 1)
            ) AS f ON true
            ORDER BY f.id
            """
        )
        guard let first = result.first, let state = CacheStateQuery.state(first),
            let snapshot = first["snapshot"].string.flatMap({ TransactionSnapshot($0) })
        else { return nil }
        let rows = result.rows.compactMap { FeedRow($0) }
        return RelayStateMachine.Batch(state: state, snapshot: snapshot, rows: rows, hasMore: rows.count > limit)
    }

    // MARK: Saving, each only while the office is ours

    /// Saves position, sequence numbers and drain.
    func save(_ progress: RelayStateMachine.Progress) async throws -> Bool {
        let result = try await session.query(
            """
            WITH ours AS (
                UPDATE cortex.relay_progress p SET position = $1::pg_snapshot, seq = p.seq + $2::bigint,
                    updated_at = now()
                FROM cortex.relay_progress o WHERE p.fencing = $3 AND o.singleton = p.singleton
                RETURNING p.timeline, p.seq, p.position, o.position AS below
            ), noted AS (
                INSERT INTO cortex.feed_batches (timeline, last_seq, passed, below, upto)
                SELECT timeline, seq, $2::bigint, coalesce(below, '1:1:'), position FROM ours WHERE $2::bigint > 0
            )
            UPDATE cortex.cache_state SET drains = $4, drained_at = clock_timestamp() FROM ours
            """,
            [
                .text(progress.position.text), .integer(Int64(progress.passed.count)), .integer(Int64(progress.fence)),
                .integer(Int64(progress.drains)),
            ]
        )
        return result.affected == 1
    }

    /// Says that Redis is to be left alone.
    func suspend(fence: Int) async throws -> Bool {
        let result = try await session.query(
            """
            UPDATE cortex.cache_state SET suspended = true, changed_at = now()
            FROM cortex.relay_progress p WHERE p.fencing = $1
            """,
            [.integer(Int64(fence))]
        )
        return result.affected == 1
    }

    /// Waits for the transactions that write in the old epoch, and begins a new one for this server.
    ///
    /// - Returns: the new epoch; nil when another relay is in office.
    func moveEpoch(fence: Int, run: String, passing progress: RelayStateMachine.Progress?) async throws -> Int? {
        try await session.withTransaction {
            try await lockEpoch()
            let moved = try await session.query(
                """
                UPDATE cortex.cache_state c SET epoch = \(RisingNumber.next("c.epoch")), redis_run_id = $2,
                    suspended = false, changed_at = now()
                FROM cortex.relay_progress p WHERE p.fencing = $1 RETURNING c.epoch
                """,
                [.integer(Int64(fence)), .text(run)]
            ).first
            guard let epoch = moved?["epoch"].integer else { return nil }
            if let progress { try await pass(progress) }
            return Int(epoch)
        }
    }

    /// Saves the position of a batch of which not all rows may have been read.
    private func pass(_ progress: RelayStateMachine.Progress) async throws {
        try await session.query(
            """
            WITH due AS (
                SELECT count(*) AS rows FROM cortex.change_feed f, cortex.relay_progress p
                WHERE f.xid >= pg_snapshot_xmin(coalesce(p.position, '1:1:'::pg_snapshot))
                    AND NOT pg_visible_in_snapshot(f.xid, coalesce(p.position, '1:1:'::pg_snapshot))
                    AND pg_visible_in_snapshot(f.xid, $1::pg_snapshot)
            ), noted AS (
                INSERT INTO cortex.feed_batches (timeline, last_seq, passed, below, upto)
                SELECT p.timeline, p.seq + d.rows, d.rows, coalesce(p.position, '1:1:'), $1::pg_snapshot
                FROM cortex.relay_progress p, due d WHERE d.rows > 0
            )
            UPDATE cortex.relay_progress p SET position = $1::pg_snapshot, updated_at = now(), seq = p.seq + d.rows
            FROM due d
            """,
            [.text(progress.position.text)]
        )
        try await session.query(
            "UPDATE cortex.cache_state SET drains = $1, drained_at = clock_timestamp()",
            [.integer(Int64(progress.drains))]
        )
    }

    private func lockEpoch() async throws {
        try await CacheEpoch.lock(session, wait: configuration.epochWait)
    }

    // MARK: Trimming

    /// Removes what is old or too much of the change feed, as far as it was passed, of its numbers, and of old answers.
    ///
    /// Rows go in the order of their ids, none before another: numbers are counted from the end of what was passed.
    ///
    /// - Returns: how many rows of the feed went, and whether it took as many as it may at a time.
    func trim() async throws -> (rows: Int, hasMore: Bool) {
        try await session.query(
            "DELETE FROM cortex.idempotency_keys WHERE created_at < clock_timestamp() - make_interval(secs => $1)",
            [.double(Double(configuration.idempotencyTime.milliseconds) / 1000)]
        )
        let limits: [PostgresValue] = [
            .double(Double(configuration.feedTime.milliseconds) / 1000), .integer(Int64(configuration.feedRows)),
        ]
        let rows = try await session.query(
            """
            WITH oldest AS MATERIALIZED (
                SELECT f.id, NOT coalesce(pg_visible_in_snapshot(f.xid, p.position), false)
                    OR (f.at >= clock_timestamp() - make_interval(secs => $1)
                        AND f.id > (SELECT max(n.id) FROM cortex.change_feed n) - $2) AS stays
                FROM cortex.change_feed f CROSS JOIN cortex.relay_progress p ORDER BY f.id LIMIT \(Self.trimStep)
            )
            DELETE FROM cortex.change_feed f USING oldest o
            WHERE f.id = o.id AND o.id < coalesce((SELECT min(s.id) FROM oldest s WHERE s.stays), o.id + 1)
            """,
            limits
        ).affected
        let steps = try await session.query(
            """
            DELETE FROM cortex.feed_batches b USING cortex.relay_progress p, (
                SELECT o.timeline, o.last_seq FROM cortex.feed_batches o ORDER BY 1, 2 LIMIT \(Self.trimStep)
            ) AS oldest
            WHERE (b.timeline, b.last_seq) = (oldest.timeline, oldest.last_seq)
                AND (b.timeline <> p.timeline OR b.last_seq <= p.seq - $2
                    OR b.at < clock_timestamp() - make_interval(secs => $1))
            """,
            limits
        ).affected
        return (rows, max(rows, steps) >= Self.trimStep)
    }

    /// How many rows one step of trimming takes.
    private static let trimStep = 5_000
}
