import Domain
import Postgres
import TestSupport

/// Changes that programs could make, the same for the same seed: rows updated, deleted and made in every served table.
///
/// A row says each thing once: words are set with their raw form, names with their reference, and columns of which the
/// metadata holds a copy are left alone.
struct RandomChanges {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(generator.next() % UInt64(range.count))
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

    /// Runs `count` changes; returns how many rows they touched.
    mutating func run(_ count: Int, _ client: PostgresClient) async throws -> Int {
        var touched = 0
        for index in 0..<count {
            let sql =
                switch number(0...9) {
                case 0: delete(index)
                case 1, 2: insert(index)
                default: update(index)
                }
            touched += try await client.query(sql).affected
        }
        return touched
    }

    // MARK: Updates

    /// Columns that are set together, and the field whose copy in the metadata would contradict them.
    private struct Setting {
        let sql: String
        let field: String
    }

    private mutating func update(_ index: Int) -> String {
        let table = pick(Self.tables)
        let setting = setting(of: table, index)
        let copies = table.hasMetadata ? "AND NOT coalesce(safe_jsonb(metadata) ? '\(setting.field)', false)" : ""
        return """
            UPDATE \(table.name) SET \(setting.sql) WHERE \(table.key) = (
                SELECT \(table.key) FROM \(table.name) WHERE source_record_id IS NOT NULL \(table.filter) \(copies)
                ORDER BY md5(\(table.key)::text || '\(index)') LIMIT 1)
            """
    }

    private struct Table {
        let name: String
        let key: String
        var filter = ""
        var hasMetadata = true
    }

    private static let tables = [
        Table(name: "tasks", key: "task_id"), Table(name: "tasks", key: "task_id"),
        Table(name: "agents", key: "agent_id", filter: "AND origin = 'defined'"),
        Table(name: "agent_runs", key: "run_id"), Table(name: "task_handoffs", key: "handoff_key"),
        Table(name: "assets", key: "asset_id"), Table(name: "users", key: "user_id"),
        Table(name: "governance_policies", key: "policy_id"),
        Table(
            name: "documents",
            key: "id",
            filter: "AND jsonb_typeof(safe_jsonb(body)) = 'object'",
            hasMetadata: false
        ),
    ]

    private mutating func setting(of table: Table, _ index: Int) -> Setting {
        var settings: [Setting]
        let text = pick(["changed \(index)", "with \"quotes\" \\ and /", "über\nzwei", "", "🎉", "<&>"]).replacing(
            "'",
            with: "''"
        )
        let time = "'2026-0\(number(1...9))-1\(number(0...9))T0\(number(0...9)):00:00\(pick(["", ".5", ".123456"]))Z'"
        switch table.name {
        case "tasks":
            let (status, raw) = pick([
                ("completed", "done"), ("pending", "queued"), ("failed", "failed"), ("blocked", "Blocked"),
            ])
            settings = [
                Setting(sql: "title = '\(text)'", field: "title"), Setting(sql: "title = NULL", field: "title"),
                Setting(sql: "description = '\(text)'", field: "description"),
                Setting(sql: "task_status = '\(status)', status_raw = '\(raw)'", field: "status"),
                Setting(sql: "task_status = NULL, status_raw = 'odd \(index)'", field: "status"),
                Setting(sql: "task_priority = 'critical', priority_raw = 'critical'", field: "priority"),
                Setting(sql: "token_budget = \(number(0...99_999))", field: "token_budget"),
                Setting(sql: "timeout_minutes = \(pick(["1.50", "7", "0.001"]))", field: "timeout_minutes"),
                Setting(sql: "started_at = \(time), started_at_raw = NULL", field: "metadata"),
                Setting(sql: "deadline_at = NULL, deadline_at_raw = 'soon'", field: "context"),
                Setting(sql: "deadline_at = \(time), deadline_at_raw = NULL", field: "context"),
                Setting(sql: "assigned_to = NULL, assigned_to_raw = 'someone-\(index)'", field: "assigned_to"),
                Setting(sql: "tags = '{a,\"b c\",\(index)}'", field: "tags"),
                Setting(sql: "tags = NULL", field: "tags"),
                Setting(sql: "result_data = '{\"ok\": true, \"n\": [1.50, {}]}'", field: "result"),
                Setting(sql: "result_data = NULL", field: "result"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
                Setting(sql: "updated_at = \(time)", field: "metadata"),
            ]
        case "agents":
            settings = [
                Setting(sql: "agent_status = 'active', status_raw = 'online'", field: "status"),
                Setting(sql: "display_name = '\(text)x'", field: "display_name"),
                Setting(sql: "tokens_used = \(number(0...9_999))", field: "tokens_used"),
                Setting(sql: "last_checkin_at = \(time), last_checkin_at_raw = NULL", field: "last_checkin"),
                Setting(sql: "capabilities = '{scan,fix}'", field: "capabilities"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
            ]
        case "agent_runs":
            settings = [
                Setting(sql: "run_status = 'completed', status_raw = 'completed'", field: "status"),
                Setting(sql: "tokens_used = \(number(0...9_999)), error_message = 'e \(index)'", field: "execution"),
                Setting(sql: "completed_at = \(time), completed_at_raw = NULL", field: "execution"),
                Setting(sql: "results = '{\"found\": \(index)}'", field: "outcome"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
            ]
        case "task_handoffs":
            settings = [
                Setting(sql: "handoff_status = 'accepted', status_raw = 'picked_up'", field: "status"),
                Setting(sql: "handoff_reason = '\(text)x'", field: "handoff_reason"),
                Setting(sql: "to_agent_id = NULL, to_raw = 'nobody-\(index)'", field: "to"),
                Setting(sql: "acknowledged_at = \(time)", field: "accepted_at"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
            ]
        case "assets":
            settings = [
                Setting(sql: "description = '\(text)'", field: "description"),
                Setting(sql: "owner = 'o-\(index)'", field: "owner"),
                Setting(sql: "namespace = 'n'", field: "namespace"),
                Setting(sql: "sensitivity = 'confidential', sensitivity_raw = 'Confidential'", field: "sensitivity"),
                Setting(sql: "asset_type = 'dataset', tags = '{t}'", field: "type"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
            ]
        case "users":
            settings = [
                Setting(sql: "email = 'u\(index)@example.org'", field: "email"),
                Setting(sql: "role = 'viewer', full_name = '\(text)'", field: "role"),
                Setting(sql: "last_login_at = \(time)", field: "last_login_at"),
            ]
        case "governance_policies":
            settings = [
                Setting(sql: "is_active = NOT coalesce(is_active, false)", field: "is_active"),
                Setting(sql: "severity = 'high', severity_raw = 'HIGH'", field: "severity"),
                Setting(sql: "rules = '[{\"if\": [1.0, null]}]'", field: "rules"),
                Setting(sql: "effective_until_at = \(time)", field: "expires_at"),
                Setting(sql: Self.moreMetadata(index), field: "x"),
            ]
        default:
            settings = [
                Setting(
                    sql: "body = (body::jsonb || jsonb_build_object('x', jsonb_build_array(\(index), 'é')))::json",
                    field: ""
                ),
                Setting(sql: "body = (body::jsonb - 'version' - 'description')::json", field: ""),
            ]
        }
        return pick(settings)
    }

    private static func moreMetadata(_ index: Int) -> String {
        """
        metadata = (coalesce(safe_jsonb(metadata), '{}') || '{"x_\(index)": {"list": [1, "two", null]}}')::json
        """
    }

    // MARK: Rows that go and rows that come

    private mutating func delete(_ index: Int) -> String {
        let table = pick([
            Table(name: "tasks", key: "task_id"), Table(name: "agent_runs", key: "run_id"),
            Table(name: "agents", key: "agent_id"), Table(name: "task_handoffs", key: "handoff_key"),
            Table(name: "assets", key: "asset_id"), Table(name: "users", key: "user_id"),
            Table(name: "documents", key: "id"), Table(name: "task_lineage", key: "lineage_id"),
            Table(name: "asset_lineage", key: "lineage_id"), Table(name: "policy_violations", key: "violation_id"),
            Table(name: "token_budget_history", key: "entry_id"), Table(name: "governance_policies", key: "policy_id"),
        ])
        return """
            DELETE FROM \(table.name) WHERE \(table.key) = (SELECT \(table.key) FROM \(table.name)
                ORDER BY md5(\(table.key)::text || '\(index)') LIMIT 1)
            """
    }

    private mutating func insert(_ index: Int) -> String {
        let id = pick([
            "new-\(index)", "new/\(index) ü", ".new \(index)", String(repeating: "n", count: 300) + "\(index)",
        ])
        return pick([
            """
            INSERT INTO tasks (task_id, title, task_status, status_raw, task_priority, priority_raw, created_at, tags,
                token_budget, metadata) VALUES ('\(id)', 'New', 'pending', 'queued', 'high', 'high',
                '2026-01-01T00:00:00Z', '{a}', 5, '{"extra": {"n": 1.50}}')
            """,
            """
            INSERT INTO agents (agent_id, agent_type, agent_status, status_raw, origin, display_name, capabilities)
            VALUES ('\(id)', 'worker', 'idle', 'idle', 'defined', 'Name', '{x,y}')
            """,
            """
            INSERT INTO task_handoffs (handoff_key, task_id_raw, from_raw, to_raw, handoff_status, status_raw, processed)
            VALUES ('\(id)', 'task-x', 'a', 'b', 'pending', 'pending', \(pick(["true", "false", "NULL"])))
            """,
            """
            INSERT INTO assets (asset_id, asset_name, asset_type, category, description, sensitivity, sensitivity_raw, path)
            VALUES ('\(id)', 'Asset', 'dataset', 'data', 'D', 'internal', 'internal', 'x/y')
            """,
            """
            INSERT INTO users (user_id, username, role, is_active, created_at)
            VALUES ('\(id)', 'user', 'viewer', true, '2026-01-01T00:00:00Z')
            """,
            """
            INSERT INTO agent_runs (agent_id_raw, run_status, status_raw, worker_type, tokens_used, created_at)
            VALUES ((SELECT agent_id FROM agents WHERE agent_type = 'worker' ORDER BY md5(agent_id) LIMIT 1), 'running',
                'running', 'scan', \(index), '2026-01-01T00:00:00Z')
            """,
            "INSERT INTO task_lineage (parent_task_id_raw, child_task_id_raw, lineage_type) VALUES ('p-\(index)', 'c', 'spawned')",
            """
            INSERT INTO asset_lineage (upstream_raw, downstream_raw, lineage_type, confidence)
            VALUES ('u-\(index)', 'd', 'derived', 0.50)
            """,
            """
            INSERT INTO policy_violations (summary, severity, severity_raw, details)
            VALUES ('v', 'high', 'high', '{"message": "v", "severity": "high", "n": \(index)}')
            """,
            """
            INSERT INTO governance_policies (policy_id, policy_name, policy_type, rules, is_active, revision)
            VALUES ('\(id)', 'P', 'access', '[]', true, '2')
            """,
            """
            INSERT INTO documents (kind, id, title, body) VALUES ('document', 'made/\(index)/doc', 'T', '{"title":"T","n":1.50}')
            """,
        ])
    }
}
