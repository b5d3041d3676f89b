public import Domain
import Postgres
import SyncMiddleware

extension HybridStore {
    /// Records by the schema's `task_records`, events from the audit log.
    public func taskHistory(_ id: String, clearance: Sensitivity) async throws -> TaskHistory? {
        guard clearance >= .unstated, DocumentKey(.tasks, id).canExist else { return nil }
        let records = try await instance.query(
            "SELECT record_id, path, json_pointer, outcome, reason, doc FROM cortex.task_records($1)",
            [.text(id)]
        ).rows.map { row in
            TaskHistory.Record(
                recordID: row["record_id"].string ?? "",
                path: row["path"].string ?? "",
                pointer: row["json_pointer"].string ?? "",
                outcome: row["outcome"].string ?? "",
                reason: row["reason"].string,
                body: row["doc"].string.map { Array($0.utf8) }
            )
        }
        let events = try await instance.query(
            Self.eventsStatement,
            [.text(id), .integer(Int64(TaskHistory.maximumEvents))]
        ).rows.compactMap { $0["body"].string.map { Array($0.utf8) } }
        guard !records.isEmpty || !events.isEmpty else { return nil }
        return TaskHistory(taskID: id, records: records, events: events)
    }

    private static let eventsStatement = """
        SELECT \(DocumentQueries.body(of: .auditLogs, alias: "l")) AS body
        FROM (
            SELECT * FROM public.audit_logs a
            WHERE left(a.task_id_raw, 128) = left($1::text, 128) AND a.task_id_raw = $1::text
            ORDER BY a.occurred_at DESC NULLS LAST, a.id DESC LIMIT $2::bigint
        ) AS l ORDER BY l.occurred_at NULLS FIRST, l.id
        """
}
