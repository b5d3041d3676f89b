import Postgres
import TestSupport

/// PostgreSQL without anything before it.
///
/// `rig.claims` and `rig.ledger` are tables of the rig: which marks were written, and as which version.
struct DatabaseTarget: LoadTarget {
    let client: PostgresClient

    func read(_ key: String, _ need: HistoryRead.Need) async -> LoadAnswer? {
        do {
            let result = try await client.query(Self.read, [.text(key)])
            let row = result.first
            return LoadAnswer(
                version: row.flatMap { $0["version"].integer }.map { Int($0) } ?? 0,
                mark: row?["title"].string,
                source: "database"
            )
        } catch {
            // An outage is what the rig is for: the reader gets a 503.
            return nil
        }
    }

    func write(_ key: String, mark: String) async -> Int? {
        await change(
            """
            INSERT INTO public.tasks (task_id, title) VALUES ($1, $2)
            ON CONFLICT (task_id) DO UPDATE SET title = excluded.title
            """,
            [.text(key), .text(mark)],
            key,
            mark
        )
    }

    func remove(_ key: String, mark: String) async -> Int? {
        await change("DELETE FROM public.tasks WHERE task_id = $1", [.text(key)], key, mark)
    }

    /// Runs the statement unless the mark was written before; nil too where it changed nothing.
    private func change(_ statement: String, _ parameters: [PostgresValue], _ key: String, _ mark: String) async -> Int?
    {
        do {
            return try await client.withTransaction { session in
                let claimed = try await session.query(Self.claim, [.text(mark)]).first?["mark"].string
                guard claimed != nil else {
                    let earlier = try await session.query(Self.earlier, [.text(key), .text(mark)])
                    return earlier.first?["version"].integer.map { Int($0) }
                }
                guard try await session.query(statement, parameters).affected == 1 else { return nil }
                return try await session.query(Self.read, [.text(key)]).first?["version"].integer.map { Int($0) }
            }
        } catch {
            // Whether it was written nobody knows: the load tries again with the same mark.
            return nil
        }
    }

    private static let read = """
        SELECT coalesce(t.version, d.version, 0) AS version, t.title FROM (SELECT $1::text AS id) AS k
        LEFT JOIN public.tasks t ON t.task_id = k.id
        LEFT JOIN cortex.deleted_rows d ON d.kind = 'tasks' AND d.key = k.id
        """
    private static let claim = """
        INSERT INTO rig.claims (mark) SELECT $1 FROM set_config('cortex.principal', $1, true)
        ON CONFLICT DO NOTHING RETURNING mark
        """
    private static let earlier = "SELECT version FROM rig.ledger WHERE key = $1 AND mark = $2"
}
