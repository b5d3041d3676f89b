import Postgres
import TestSupport

/// PostgreSQL without anything before it.
///
/// `rig.claims` and `rig.ledger` are tables of the rig: which marks were written, and as which version.
struct DatabaseTarget: LoadTarget {
    let client: PostgresClient

    func read(_ key: String, _ need: HistoryRead.Need) async -> LoadAnswer? {
        do {
            let result = try await client.query(
                "SELECT version, title FROM public.tasks WHERE task_id = $1",
                [.text(key)]
            )
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
        do {
            let written = try await client.query(Self.write, [.text(key), .text(mark)])
            if let version = written.first?["version"].integer { return Int(version) }
            let earlier = try await client.query(Self.earlier, [.text(key), .text(mark)])
            return earlier.first?["version"].integer.map { Int($0) }
        } catch {
            // Whether it was written nobody knows: the load tries again with the same mark.
            return nil
        }
    }

    private static let write = """
        WITH claimed AS (INSERT INTO rig.claims (mark) VALUES ($2) ON CONFLICT DO NOTHING RETURNING mark)
        UPDATE public.tasks SET title = $2 WHERE task_id = $1 AND EXISTS (SELECT FROM claimed) RETURNING version
        """
    private static let earlier = "SELECT version FROM rig.ledger WHERE key = $1 AND mark = $2"
}
