extension MetricDefinition {
    /// Every metric of Cortex, in the order of the reference page.
    public static let all: [MetricDefinition] = [
        httpRequests, httpRequestDuration, httpRequestsInFlight, cacheRequests, cacheHitRatio, cacheInconsistent,
        relayLag, relayHorizonAge, changeFeedRows, breakerState, mode, laneQueueDepth, accessDecisions,
        migrationRecords,
        rollbacks, backupLastSuccess, backupLastVerified, auditChainOK, metricsRefused, processCPU, processMemory,
        processOpenFiles, processMaximumFiles, processStart,
    ]

    /// The metric of this name.
    public static func named(_ name: String) -> MetricDefinition? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// Upper bounds for requests and statements: 0.25 ms to 10 s, with the 1, 10, 20, 50 and 100 ms of our promises.
    static let requestBounds: [UInt64] = [
        250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
    ]

    // MARK: HTTP

    /// Answers by route, method and status code.
    public static let httpRequests = MetricDefinition(
        "cortex_http_requests_total",
        .counter,
        labels: [
            MetricLabel("route", values: .atMost(100)),
            MetricLabel("method", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
            MetricLabel("code", values: .atMost(40)),
        ],
        "Answers of the catalog service by route (its pattern, not its path), method and status code."
    )

    /// Time from the head of a request to the end of its answer.
    public static let httpRequestDuration = MetricDefinition(
        "cortex_http_request_duration_seconds",
        .histogram(bounds: requestBounds),
        unit: .seconds,
        labels: [MetricLabel("route", values: .atMost(100))],
        "Time from the head of a request to the end of its answer, by route; the event stream aside."
    )

    /// Requests under way.
    public static let httpRequestsInFlight = MetricDefinition(
        "cortex_http_requests_in_flight",
        .gauge,
        "Requests that are being answered."
    )

    // MARK: Cache

    /// Reads by the tier that was asked and what it had.
    public static let cacheRequests = MetricDefinition(
        "cortex_cache_requests_total",
        .counter,
        labels: [
            MetricLabel("tier", "near", "redis", "postgres"), MetricLabel("result", "hit", "miss", "stale", "bypass"),
        ],
        "Reads of documents by the tier that was asked and what it had."
    )

    /// The share of reads that PostgreSQL was not needed for.
    public static let cacheHitRatio = MetricDefinition(
        "cortex_cache_hit_ratio",
        .gauge,
        "Share of the reads of documents since the start that PostgreSQL was not needed for, 0 to 1; those that asked for "
            + "what it says now aside."
    )

    /// Cached documents that differed from their row.
    public static let cacheInconsistent = MetricDefinition(
        "cortex_cache_inconsistent_total",
        .counter,
        "Cached documents that the checker found to differ from PostgreSQL; anything but 0 is a fault."
    )

    // MARK: Sync

    /// How far the relay is behind.
    public static let relayLag = MetricDefinition(
        "cortex_relay_lag_seconds",
        .gauge,
        unit: .seconds,
        "Age of the oldest change that the relay has not passed; 0 when it has passed all."
    )

    /// The age of the oldest transaction that holds the relay back.
    public static let relayHorizonAge = MetricDefinition(
        "cortex_relay_horizon_age_seconds",
        .gauge,
        unit: .seconds,
        "Age of the oldest open transaction that writes: the relay's snapshot position cannot pass it."
    )

    /// Rows in the change feed.
    public static let changeFeedRows = MetricDefinition(
        "cortex_change_feed_rows",
        .gauge,
        "Rows in the change feed, those passed and not yet trimmed included (estimated)."
    )

    /// Whether calls to a store are let through.
    public static let breakerState = MetricDefinition(
        "cortex_breaker_state",
        .gauge,
        labels: [MetricLabel("store", "postgres", "redis")],
        "Whether calls to a store are let through: 0 yes, 1 one at a time to try, 2 no."
    )

    /// The mode of the system.
    public static let mode = MetricDefinition(
        "cortex_mode",
        .gauge,
        labels: [MetricLabel("mode", "json", "catchup", "frozen", "postgres")],
        "1 for the mode that the system is in as this instance sees it, 0 for the others."
    )

    /// Requests that wait for a lane.
    public static let laneQueueDepth = MetricDefinition(
        "cortex_postgres_lane_queue_depth",
        .gauge,
        labels: [MetricLabel("lane", "read", "write")],
        "Statements that wait for a connection of the lane."
    )

    /// What callers were told about their credentials.
    public static let accessDecisions = MetricDefinition(
        "cortex_access_decisions_total",
        .counter,
        labels: [
            MetricLabel(
                "decision",
                "granted",
                "anonymous",
                "missing",
                "malformed",
                "unknown",
                "expired",
                "revoked",
                "disabled",
                "denied",
                "rate_limited",
                "unavailable"
            )
        ],
        "What callers were told about their credentials and rights."
    )

    // MARK: Migration, backup, audit

    /// Records of migrations by outcome.
    public static let migrationRecords = MetricDefinition(
        "cortex_migration_records_total",
        .counter,
        labels: [
            MetricLabel("kind", values: .atMost(40)),
            MetricLabel("outcome", "resolved", "superseded", "quarantined", "not_a_record"),
        ],
        "Records that migrations took from the tree, by kind and outcome."
    )

    /// Rollbacks to the tree.
    public static let rollbacks = MetricDefinition(
        "cortex_rollbacks_total",
        .counter,
        "Rollbacks from PostgreSQL to the JSON tree."
    )

    /// When the last backup ended well.
    public static let backupLastSuccess = MetricDefinition(
        "cortex_backup_last_success_timestamp_seconds",
        .gauge,
        unit: .seconds,
        "When the newest backup was finished, as seconds since 1970; 0: never."
    )

    /// When a backup was last restored and compared.
    public static let backupLastVerified = MetricDefinition(
        "cortex_backup_last_verified_timestamp_seconds",
        .gauge,
        unit: .seconds,
        "When a backup was last restored and compared, as seconds since 1970; 0: never."
    )

    /// Whether the audit chain is whole.
    public static let auditChainOK = MetricDefinition(
        "cortex_audit_chain_ok",
        .gauge,
        "1 while the last verification of the audit chain found it whole, else 0."
    )

    // MARK: This process

    /// Metrics that a library asked for and that are not in the catalogue.
    public static let metricsRefused = MetricDefinition(
        "cortex_metrics_refused_total",
        .counter,
        "Metrics that a library wanted to make and that are not in the catalogue; they are not kept."
    )

    /// CPU time of the process.
    public static let processCPU = MetricDefinition(
        "process_cpu_seconds_total",
        .counter,
        unit: .seconds,
        "CPU time of the process, user and system."
    )

    /// Memory of the process.
    public static let processMemory = MetricDefinition(
        "process_resident_memory_bytes",
        .gauge,
        unit: .bytes,
        "Resident memory of the process."
    )

    /// Open file descriptors.
    public static let processOpenFiles = MetricDefinition(
        "process_open_fds",
        .gauge,
        "Open file descriptors."
    )

    /// The limit of open file descriptors.
    public static let processMaximumFiles = MetricDefinition(
        "process_max_fds",
        .gauge,
        "Most file descriptors that the process may open."
    )

    /// When the process started.
    public static let processStart = MetricDefinition(
        "process_start_time_seconds",
        .gauge,
        unit: .seconds,
        "When the process started, as seconds since 1970."
    )
}
