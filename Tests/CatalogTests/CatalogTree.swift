import Foundation
import TestSupport

/// A small tree with what the questions of a catalog are about: lineage with a cycle, sensitivities, runs, hand-overs.
enum CatalogTree {
    static let files: [String: String] = [
        "coordination/task-queue.json": """
        {
          "tasks": [
            {"id": "task-1", "title": "Move the catalog", "status": "assigned", "priority": "high", "type": "development",
             "assigned_to": "development-master", "created_at": "2025-11-01T10:00:00-0600", "context": {"n": 1.10}},
            {"id": "task-2", "title": "Write the schema", "status": "completed", "priority": "CRITICAL",
             "parent_task_id": "task-1", "assigned_to": "nobody-known", "created_at": "2025-11-16T10:36:48",
             "deadline": "ASAP", "completed_at": "2025-11-17T00:00:00Z"},
            {"id": "task-3", "title": "Load the data \\u00e9\\u2028\\"", "status": "queued", "priority": "low",
             "parent_task_id": "task-1", "created_at": "2025-11-18T00:00:00.250Z", "tags": ["a b", "c"]}
          ],
          "stats": {"total": 3}
        }

        """,
        "coordination/task-queue-backup-20251107-141724.json": """
        {"tasks": [
          {"id": "task-1", "title": "Move it, before", "status": "pending", "priority": "high"},
          {"id": "task-4", "title": "Only in the backup", "status": "queued", "priority": "low"}
        ]}
        """,
        "coordination/worker-specs/active/worker-a.json": """
        {"worker_id": "worker-a", "worker_type": "scan-worker", "task_id": "task-1", "status": "running",
         "created_by": "security-master", "created_at": "2025-11-02T00:00:00Z",
         "resources": {"token_budget": 8000, "timeout_minutes": 15}}
        """,
        "coordination/catalog/asset-catalog.json": """
        {"generated_at": "2025-11-28T01:51:30-0600", "assets": [
            {"asset_id": "queue", "category": "schema", "name": "Task queue", "owner": "platform",
             "namespace": "core", "description": "Shape of the queue's tasks", "sensitivity": "internal"},
            {"asset_id": "report", "category": "document", "name": "Weekly report", "owner": "platform",
             "namespace": "reports", "description": "Made from the queue", "sensitivity": "public", "tags": ["weekly"]},
            {"asset_id": "payroll", "category": "document", "name": "Payroll of tasks", "owner": "finance",
             "sensitivity": "secret"},
            {"asset_id": "ledger/a b", "category": "document", "name": "Ledger", "owner": "finance",
             "sensitivity": "confidential"},
            {"asset_id": "plain", "category": "schema", "name": "Plain", "size": 1.50}
        ]}
        """,
        "coordination/catalog/lineage/data-lineage.jsonl": """
        {"upstream": "queue", "downstream": "report", "type": "derived", "confidence": 0.90}
        {"upstream": "report", "downstream": "queue", "type": "feedback"}
        {"upstream": "payroll", "downstream": "report", "type": "derived"}
        {"upstream": "ledger/a b", "downstream": "payroll", "type": "derived"}
        {"upstream": "plain", "downstream": "queue", "type": "derived"}
        {"upstream": "nowhere", "downstream": "queue", "type": "derived"}
        {"upstream": "caf\\u00e9", "downstream": "ledger/a b", "type": "derived"}
        {"upstream": "cafe\\u0301", "downstream": "ledger/a b", "type": "derived"}

        """,
        "coordination/config/limits.json": """
        {"title": "Limits", "rules": {"max": 10, "exact": 1.000}}
        """,
        "coordination/worker-specs/active/worker-b.json": """
        {"worker_id": "worker-b", "context": {"skills_required": , "x": 1}}
        """,
    ]

    /// Writes the tree below a directory.
    static func write(to root: String) throws {
        for (path, text) in files { try write(text, to: "\(root)/\(path)") }
    }

    /// Writes one file.
    static func write(_ text: String, to path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}
