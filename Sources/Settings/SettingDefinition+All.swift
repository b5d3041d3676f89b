extension SettingDefinition {
    /// Every setting, in the order of the reference page.
    public static let all: [Self] = [
        home, databaseURL, redisURL, source, mapping, maximumRecordSize, maximumQuarantined, connectTimeout, host, port,
        anonymousClearance, requiresIfMatch, keyRate, nearCacheSize, publish, logLevel, color,
    ]

    /// The setting of this name.
    public static func named(_ name: String) -> Self? {
        all.first { $0.name == name }
    }

    static let home = Self(
        "home",
        variable: "CORTEX_HOME",
        flag: "--home",
        kind: .path,
        defaultText: ".cortex",
        "Where Cortex keeps what is its own: the embedded servers' data, secrets, sockets, logs and the reports of runs."
    )

    static let databaseURL = Self(
        "database_url",
        variable: "DATABASE_URL",
        flag: "--target URL",
        kind: .connection,
        isSecret: true,
        "The PostgreSQL to use instead of the embedded one. Without it, libpq's variables (PGHOST, PGPORT, PGDATABASE, "
            + "PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE, PGSSLMODE, …) are used when one of them names a server."
    )

    static let redisURL = Self(
        "redis_url",
        variable: "REDIS_URL",
        kind: .connection,
        isSecret: true,
        "The Redis that belongs to an existing target. Only `cortex cache` writes to it, and "
            + "never to keys of the published view that are not ours."
    )

    static let source = Self(
        "source",
        variable: "CORTEX_SOURCE",
        flag: "--source",
        kind: .path,
        "The coordination tree: the project's folder with coordination/ and agents/, or the coordination/ folder itself; or redis://… for the catalog in a Redis."
    )

    static let mapping = Self(
        "mapping",
        variable: "CORTEX_MAPPING",
        flag: "--mapping",
        kind: .path,
        "A mapping of your own instead of the built-in one; cortex mapping check shows what it takes."
    )

    static let maximumRecordSize = Self(
        "max_record",
        variable: "CORTEX_MAX_RECORD",
        flag: "--max-record",
        kind: .byteCount(atLeast: ByteCount(bytes: 1_024)),
        defaultText: "8MiB",
        "The largest record that becomes a row. A larger one is kept byte for byte and quarantined as record_too_large. "
            + "It bounds memory: a record is held whole while it is mapped."
    )

    static let maximumQuarantined = Self(
        "max_quarantined",
        variable: "CORTEX_MAX_QUARANTINED",
        flag: "--max-quarantined",
        kind: .whole(0...Int.max),
        "How many records may be quarantined before a migration leaves the public tables untouched and exits with 65. "
            + "Not set: no limit."
    )

    static let connectTimeout = Self(
        "connect_timeout",
        variable: "CORTEX_CONNECT_TIMEOUT",
        kind: .duration,
        defaultText: "10s",
        "How long to wait for a connection to PostgreSQL before it counts as unavailable."
    )

    static let host = Self(
        "host",
        variable: "HOST",
        flag: "--host",
        kind: .text,
        defaultText: "127.0.0.1",
        "The address of the catalog service."
    )

    static let port = Self(
        "port",
        variable: "PORT",
        flag: "--port",
        kind: .whole(0...65_535),
        defaultText: "3000",
        "The port of the catalog service; 0 for one that the kernel chooses."
    )

    static let anonymousClearance = Self(
        "anonymous_clearance",
        variable: "CORTEX_ANONYMOUS_CLEARANCE",
        kind: .choice(["none", "public", "internal", "confidential", "restricted", "secret"]),
        defaultText: "none",
        "Up to which sensitivity callers of the catalog service may read without a key; they never write. none: they are "
            + "refused. internal is for networks where existing clients have no keys."
    )

    static let requiresIfMatch = Self(
        "require_if_match",
        variable: "CORTEX_REQUIRE_IF_MATCH",
        kind: .choice(["no", "yes"]),
        defaultText: "no",
        "Whether a change over HTTP has to say with If-Match which version it means; without it 428."
    )

    static let keyRate = Self(
        "key_rate",
        variable: "CORTEX_KEY_RATE",
        kind: .whole(0...1_000_000),
        defaultText: "20000",
        "How many requests a second each key may make at each instance of the catalog service, twice as many at once; further "
            + "ones get 429. 0: as many as it likes."
    )

    static let nearCacheSize = Self(
        "near_cache",
        variable: "CORTEX_NEAR_CACHE",
        kind: .byteCount(atLeast: ByteCount(bytes: 0)),
        defaultText: "64MiB",
        "The memory for documents inside each instance of the catalog service; 0: every read asks Redis or PostgreSQL."
    )

    static let publish = Self(
        "publish",
        variable: "CORTEX_PUBLISH",
        kind: .words(["agents", "tasks", "assets", "asset_lineage"]),
        "The kinds of rows that the published view in Redis shows to other programs. What is no longer listed is taken "
            + "out when the view is made anew. Not set: all."
    )

    static let logLevel = Self(
        "log_level",
        variable: "CORTEX_LOG_LEVEL",
        flag: "--quiet, --verbose",
        kind: .choice(["error", "warning", "info", "debug"]),
        defaultText: "info",
        "How much is said on standard error: --quiet is error, --verbose is debug."
    )

    static let color = Self(
        "color",
        variable: "NO_COLOR",
        flag: "--color",
        kind: .choice(["auto", "always", "never"]),
        defaultText: "auto",
        presenceText: "never",
        "Colour on standard error: auto colours a terminal. NO_COLOR with any text means never."
    )
}
