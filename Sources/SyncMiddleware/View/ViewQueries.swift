import Domain

/// The statements that read rows for the published view; each gives whole rows of one kind.
enum ViewQueries {
    /// The statement for whole rows of a kind with the ids `$1`.
    static func rows(_ kind: ViewKind) -> String {
        select(kind) + " WHERE \(idColumn(kind)) = ANY($1::\(idType(kind))[])"
    }

    /// The statement for a page of the ids of a kind: after `$1` at most `$2`, or the first `$1` where there is none before.
    static func ids(_ kind: ViewKind, isFirst: Bool) -> String {
        let id = idColumn(kind)
        let end = isFirst ? "ORDER BY \(id) LIMIT $1" : "WHERE \(id) > $1::\(idType(kind)) ORDER BY \(id) LIMIT $2"
        return "SELECT \(id)::text AS id FROM public.\(kind.rawValue) t " + end
    }

    /// The position now: the snapshot, the ends of the feed, and when the catalog was last imported.
    static let position = """
        SELECT pg_current_snapshot()::text AS snapshot, floor(extract(epoch FROM now()) * 1000)::bigint AS at,
            (SELECT coalesce(max(f.id), 0) FROM cortex.change_feed f) AS last,
            (SELECT min(f.id) FROM cortex.change_feed f) AS first,
            (SELECT to_char(max(a.occurred_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                FROM public.audit_logs a
                WHERE left(a.event_type, 128) = 'migration.completed' AND a.event_type = 'migration.completed'
            ) AS discovery
        """

    /// Declares a cursor over the last change of each row that is due between `$1`, the position, and now.
    static let changes = """
        SELECT f.kind, f.key, max(f.version) AS version, (array_agg(f.op ORDER BY f.id DESC))[1] AS op,
            to_char(max(f.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
        FROM cortex.change_feed f
        WHERE f.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(f.xid, $1::pg_snapshot)
            AND pg_visible_in_snapshot(f.xid, pg_current_snapshot())
            AND f.kind IN ('agents', 'tasks', 'assets', 'asset_lineage')
        GROUP BY f.kind, f.key ORDER BY max(f.id)
        """

    /// Which of the assets `$1` may be shown.
    static let openAssets =
        "SELECT t.asset_id AS id FROM public.assets t WHERE t.asset_id = ANY($1::text[]) AND \(isOpen("t"))"

    /// The assets that hide one of the edges `$1`.
    static let hiddenEnds = """
        SELECT a.asset_id AS id FROM public.asset_lineage t
        JOIN public.assets a ON a.asset_id = coalesce(t.upstream_asset_id, t.upstream_raw)
        WHERE t.lineage_id = ANY($1::uuid[]) AND NOT \(isOpen("a"))
        UNION SELECT a.asset_id FROM public.asset_lineage t
        JOIN public.assets a ON a.asset_id = coalesce(t.downstream_asset_id, t.downstream_raw)
        WHERE t.lineage_id = ANY($1::uuid[]) AND NOT \(isOpen("a"))
        """

    /// How many assets may be shown.
    static let openAssetCount = "SELECT count(*) AS count FROM public.assets t WHERE \(isOpen("t"))"

    /// Which of the values `$1` an asset that may be shown has.
    static func valuesInUse(_ index: ViewIndex) -> String {
        """
        SELECT v AS value FROM unnest($1::text[]) AS v WHERE EXISTS (
            SELECT FROM public.assets t
            WHERE left(t.\(index.column), 128) = left(v, 128) AND t.\(index.column) = v AND \(isOpen("t")))
        """
    }

    /// The lineage rows from one of the assets `$1` to the one at the same place of `$2`; reads all rows.
    static let lineageOfEnds = """
        SELECT t.lineage_id::text AS id FROM public.asset_lineage t
        JOIN unnest($1::text[], $2::text[]) AS e (up, down) ON coalesce(t.upstream_asset_id, t.upstream_raw) = e.up
            AND coalesce(t.downstream_asset_id, t.downstream_raw) = e.down
        """

    /// The lineage rows that refer to one of the assets `$1`.
    static let lineageOfAssets = """
        SELECT lineage_id::text AS id FROM public.asset_lineage WHERE upstream_asset_id = ANY($1::text[])
        UNION SELECT lineage_id::text FROM public.asset_lineage WHERE downstream_asset_id = ANY($1::text[])
        """

    private static func idColumn(_ kind: ViewKind) -> String {
        switch kind {
        case .agents: "t.agent_id"
        case .tasks: "t.task_id"
        case .assets: "t.asset_id"
        case .lineage: "t.lineage_id"
        }
    }

    private static func idType(_ kind: ViewKind) -> String { kind == .lineage ? "uuid" : "text" }

    private static func select(_ kind: ViewKind) -> String {
        switch kind {
        case .agents:
            "SELECT t.agent_id AS id, t.version, true AS visible, t.agent_type, \(body(.agents)) AS body "
                + "FROM public.agents t"
        case .tasks:
            "SELECT t.task_id AS id, t.version, true AS visible, t.task_status, t.assigned_to, "
                + "\(body(.tasks)) AS body FROM public.tasks t"
        case .assets:
            "SELECT t.asset_id AS id, t.version, \(isOpen("t")) AS visible, t.asset_type, t.owner, t.namespace, "
                + "t.sensitivity, floor(extract(epoch FROM t.last_modified_at) * 1000)::text AS modified, "
                + "t.checksum, CASE WHEN \(isOpen("t")) THEN \(body(.assets)) END AS body FROM public.assets t"
        case .lineage:
            """
            SELECT t.lineage_id::text AS id, t.version, coalesce(t.upstream_asset_id, t.upstream_raw) AS upstream,
                coalesce(t.downstream_asset_id, t.downstream_raw) AS downstream,
                t.upstream_asset_id IS NULL AS upstream_dangles, t.downstream_asset_id IS NULL AS downstream_dangles,
                (u.asset_id IS NULL OR \(isOpen("u"))) AND (d.asset_id IS NULL OR \(isOpen("d"))) AS visible
            FROM public.asset_lineage t
            LEFT JOIN public.assets u ON u.asset_id = coalesce(t.upstream_asset_id, t.upstream_raw)
            LEFT JOIN public.assets d ON d.asset_id = coalesce(t.downstream_asset_id, t.downstream_raw)
            """
        }
    }

    /// No sensitivity counts as internal.
    private static func isOpen(_ alias: String) -> String {
        "coalesce(\(alias).sensitivity, 'internal') IN ('public', 'internal')"
    }

    private static func body(_ table: CatalogTable) -> String { DocumentQueries.body(of: table, alias: "t") }
}
