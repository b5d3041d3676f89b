import Postgres
import TestSupport

/// Random writes on what the view shows, the same for the same seed: few ids, so that rows are made, changed, hidden,
/// renamed, deleted and made again, edges are said twice, and ends are missing.
struct ViewWrites {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(generator.next() % UInt64(range.count))
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices[number(0...choices.count - 1)] }

    private mutating func asset() -> String {
        pick(["w-\(number(1...60))", "w:\(number(1...9)):x", "ä \"\(number(1...5))\\"])
    }

    private mutating func text(_ choices: [String]) -> String {
        let choice = pick(choices)
        return choice == "NULL" ? choice : "'\(choice)'"
    }

    /// The next statement.
    mutating func next() -> String {
        switch number(0...19) {
        case 0...3:
            """
            INSERT INTO assets (asset_id, asset_name, asset_type, owner, namespace, sensitivity, checksum, last_modified_at)
            VALUES ('\(asset())', 'n', \(text(Self.types)), \(text(Self.owners)), \(text(Self.owners)),
                \(text(Self.sensitivities)), 'ab\(number(10...99))', '2026-01-01T00:00:00Z'::timestamptz + interval '\(number(0...9_999)) ms')
            ON CONFLICT (asset_id) DO UPDATE SET asset_type = excluded.asset_type, owner = excluded.owner
            """
        case 4...5:
            "UPDATE assets SET sensitivity = \(text(Self.sensitivities)), owner = \(text(Self.owners)), checksum = NULL "
                + "WHERE asset_id = '\(asset())'"
        case 6:
            "UPDATE assets SET asset_type = \(text(Self.types)), last_modified_at = NULL WHERE owner = 'o1' AND asset_id LIKE 'w%'"
        case 7: "DELETE FROM assets WHERE asset_id = '\(asset())'"
        case 8:
            "UPDATE assets SET asset_id = 'w-\(number(61...70))' WHERE asset_id = 'w-\(number(1...60))' "
                + "AND NOT EXISTS (SELECT FROM asset_lineage l WHERE assets.asset_id IN (l.upstream_asset_id, l.downstream_asset_id)) "
                + "AND NOT EXISTS (SELECT FROM assets b WHERE b.asset_id ~ '^w-(6[1-9]|70)$')"
        case 9...11: edge()
        case 12: "DELETE FROM asset_lineage WHERE lineage_id = (\(oneEdge()))"
        case 13:
            "UPDATE asset_lineage SET upstream_asset_id = NULL, upstream_raw = '\(asset())' WHERE lineage_id = (\(oneEdge()))"
        case 14...15:
            """
            INSERT INTO tasks (task_id, title, task_status) VALUES ('t-\(number(1...40))', 'x', \(text(Self.states)))
            ON CONFLICT (task_id) DO UPDATE SET task_status = excluded.task_status,
                assigned_to = (SELECT agent_id FROM agents ORDER BY md5(agent_id || '\(number(1...99))') LIMIT 1)
            """
        case 16: "DELETE FROM tasks WHERE task_id = 't-\(number(1...40))'"
        case 17...18:
            """
            INSERT INTO agents (agent_id, agent_type) VALUES ('a-\(number(1...20))', \(text(Self.kinds)))
            ON CONFLICT (agent_id) DO UPDATE SET agent_type = excluded.agent_type, display_name = 'd\(number(1...9))'
            """
        default: "DELETE FROM agents WHERE agent_id = 'a-\(number(1...20))'"
        }
    }

    private mutating func edge() -> String {
        let (up, down) = (asset(), asset())
        return """
            INSERT INTO asset_lineage (upstream_raw, upstream_asset_id, downstream_raw, downstream_asset_id, lineage_type)
            VALUES ('\(up)', (SELECT asset_id FROM assets WHERE asset_id = '\(up)'), '\(down)',
                (SELECT asset_id FROM assets WHERE asset_id = '\(down)'), '\(pick(["reads", "writes"]))')
            """
    }

    private mutating func oneEdge() -> String {
        "SELECT lineage_id FROM asset_lineage ORDER BY md5(lineage_id::text || '\(number(1...999))') LIMIT 1"
    }

    private static let types = ["library", "service", "dataset", "NULL", ""]
    private static let owners = ["o1", "o2", "team:a", "NULL"]
    private static let sensitivities = ["public", "internal", "confidential", "restricted", "secret", "NULL", "public"]
    private static let states = ["pending", "in_progress", "completed", "failed", "NULL"]
    private static let kinds = ["master", "worker", "observer", "NULL"]
}
