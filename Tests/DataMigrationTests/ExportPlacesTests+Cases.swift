import Testing

extension ExportPlacesTests {
    /// Changes, and the files of the new tree that matter; nil: there is no such file.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var files: [String: String] = [:]
        let sql: String
        var after: [String: String?] = [:]
        var created: [String] = []
        var removed: [String] = []
        var removedCopies: [String] = []
        var resurfacing: [String] = []
        var notExported: [String] = []
    }

    static let cases = [
        Case(
            testDescription: "a new row becomes a file of its own, laid out in one way",
            sql: """
                INSERT INTO tasks (task_id, title, task_status, status_raw, created_at, metadata, tags)
                VALUES ('a/b', 'New', 'pending', 'queued', '2026-01-01T00:00:00Z', '{"z":{"n":1.50},"a":[]}', '{x}')
                """,
            after: [
                "coordination/tasks/a%2Fb.json": """
                {
                  "a": [],
                  "created_at": "2026-01-01T00:00:00Z",
                  "id": "a/b",
                  "status": "queued",
                  "tags": [
                    "x"
                  ],
                  "title": "New",
                  "z": {
                    "n": 1.50
                  }
                }

                """
            ],
            created: ["coordination/tasks/a%2Fb.json"]
        ),
        Case(
            testDescription: "a document goes where its id says, as its body is written",
            sql:
                "INSERT INTO documents (kind, id, title, body) VALUES ('config', 'config/x/y', 'T', '{ \"title\":\"T\", \"n\":1e0 }')",
            after: ["coordination/config/x/y.json": "{ \"title\":\"T\", \"n\":1e0 }\n"],
            created: ["coordination/config/x/y.json"]
        ),
        Case(
            testDescription: "a document of a kind that its path does not give is listed",
            sql: "INSERT INTO documents (kind, id, body) VALUES ('poem', 'config/x', '{}'), ('config', '../x', '{}')",
            after: ["coordination/config/x.json": nil, "x.json": nil],
            notExported: ["config/../x", "poem/config/x"]
        ),
        Case(
            testDescription: "a bare id in a list has no place for a column: a file of its own wins over it",
            files: ["coordination/catalog/indexes/by-sensitivity.json": #"{"internal": ["a.b", "c"]}"#],
            sql: "UPDATE assets SET owner = 'ann' WHERE asset_id = 'a.b'",
            after: ["coordination/catalog/indexes/by-sensitivity.json": #"{"internal": ["a.b", "c"]}"#],
            created: ["coordination/catalog/assets/a.b.json"]
        ),
        Case(
            testDescription: "an agent that a worker's file implies gets a file; the worker's stays",
            files: ["coordination/worker-specs/active/w-1.json": #"{"worker_id": "w-1", "status": "running"}"#],
            sql: "UPDATE agents SET agent_status = 'active', status_raw = 'online' WHERE agent_id = 'w-1'",
            created: ["coordination/agents/w-1.json"]
        ),
        Case(
            testDescription: "of a deleted row every record goes, older ones too",
            files: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1"}, {"id": "t-2"}]}"#,
                "coordination/task-queue-backup-1.json": #"{"tasks": [{"id": "t-1", "title": "old"}, {"id": "t-1"}]}"#,
                "coordination/tasks/t-1.json": #"{"task_id": "t-1"}"#,
            ],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-2"}]}"#,
                "coordination/task-queue-backup-1.json": #"{"tasks": []}"#, "coordination/tasks/t-1.json": nil,
            ],
            removed: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "nested backups: one of four records of an id is changed, the others stay",
            files: [
                "coordination/task-queue-backup-1.json": """
                {"tasks": [{"name": "wrap", "tasks": [{"id": "t-1", "title": "a"}, {"id": "t-1", "title": "b"}, [1]]}], "n": [[{}]]}
                """
            ],
            sql: "UPDATE tasks SET title = 'c' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue-backup-1.json": """
                {"tasks": [{"name": "wrap", "tasks": [{"id": "t-1", "title": "c"}, {"id": "t-1", "title": "b"}, [1]]}], "n": [[{}]]}
                """
            ]
        ),
        Case(
            testDescription: "a time set back lets no older record of the id win",
            files: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "title": "new", "updated_at": "2025-02-01T00:00:00Z"}]}
                """,
                "coordination/tasks/t-1.json":
                    #"{"task_id": "t-1", "title": "old", "updated_at": "2025-01-01T00:00:00Z"}"#,
            ],
            sql: "UPDATE tasks SET updated_at = '2024-01-01T00:00:00Z' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "title": "new", "updated_at": "2024-01-01T00:00:00Z"}]}
                """
            ],
            removed: ["coordination/tasks/t-1.json"],
            removedCopies: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "a copy inside of a hand-over is no place for a task; a file of its own wins over it",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            sql: "UPDATE tasks SET title = 'b' WHERE task_id = 't-1'",
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            created: ["coordination/tasks/t-1.json"]
        ),
        Case(
            testDescription: "a hand-over goes with its copy of a task, and the task goes on in a file of its own",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}}
                """
            ],
            sql: "DELETE FROM task_handoffs WHERE handoff_key = 'h-1'",
            after: ["coordination/masters/m/handoffs/h-1.json": nil],
            created: ["coordination/tasks/t-1.json"],
            removed: ["coordination/masters/m/handoffs/h-1.json"]
        ),
        Case(
            testDescription: "a task around other tasks loses its id only",
            files: [
                "coordination/archive/tasks/q.json": """
                {"id": "wrap", "title": "w", "tasks": [{"id": "t-1", "title": "a"}]}
                """
            ],
            sql: "DELETE FROM tasks WHERE task_id = 'wrap'",
            after: [
                "coordination/archive/tasks/q.json": """
                {"title": "w", "tasks": [{"id": "t-1", "title": "a"}]}
                """
            ]
        ),
        Case(
            testDescription: "exact repeats of a run follow it",
            files: [
                "coordination/worker-pool.json": #"{"active_workers": [{"worker_id": "w", "status": "running"}]}"#,
                "coordination/worker-pool-backup.json": #"{"active_workers": [{"status":"running","worker_id":"w"}]}"#,
            ],
            sql: "UPDATE agent_runs SET run_status = 'failed', status_raw = 'failed'",
            after: [
                "coordination/worker-pool.json": #"{"active_workers": [{"worker_id": "w", "status": "failed"}]}"#,
                "coordination/worker-pool-backup.json": #"{"active_workers": [{"status":"failed","worker_id":"w"}]}"#,
            ]
        ),
        Case(
            testDescription:
                "a relation goes as the element that implies it, of a changed task and of an unchanged one",
            files: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "dependencies": ["t-2", "t-3"]}, {"id": "t-2", "context": {"dependencies": ["t-3"]}}]}
                """
            ],
            sql:
                "DELETE FROM task_lineage WHERE child_task_id_raw = 't-3'; UPDATE tasks SET title = 'x' WHERE task_id = 't-1'",
            after: [
                "coordination/task-queue.json": """
                {"tasks": [{"id": "t-1", "dependencies": ["t-2"], "title": "x"}, {"id": "t-2", "context": {"dependencies": []}}]}
                """
            ]
        ),
        Case(
            testDescription: "relations of a deleted task stay in files of their own",
            files: [
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "dependencies": ["t-2"]}, {"id": "t-2"}]}"#
            ],
            sql:
                "DELETE FROM tasks WHERE task_id = 't-1'; UPDATE task_lineage SET lineage_id = '11111111-1111-4111-8111-111111111111'",
            after: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-2"}]}"#],
            created: ["coordination/lineage/tasks/11111111-1111-4111-8111-111111111111.json"]
        ),
        Case(
            testDescription: "an id that was deleted and made anew is written where it was",
            files: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "title": "a"}, {"id": "t-2"}]}"#],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'; INSERT INTO tasks (task_id, title) VALUES ('t-1', 'b')",
            after: ["coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "title": "b"}, {"id": "t-2"}]}"#]
        ),
        Case(
            testDescription: "a deleted value of a numbered stream leaves its number free",
            files: ["coordination/notes.jsonl": "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"],
            sql: "DELETE FROM documents WHERE id = 'notes#1'",
            after: ["coordination/notes.jsonl": "{\"a\":1}\nnull\n{\"a\":3}\n"]
        ),
        Case(
            testDescription: "an agent that is gone and still named comes back, which is said",
            files: [
                "coordination/agent-registry.json": #"{"agents": [{"agent_id": "ann"}, {"agent_id": "bob"}]}"#,
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "assigned_to": "ann"}]}"#,
            ],
            sql: "DELETE FROM agents WHERE agent_id = 'ann'",
            after: [
                "coordination/agent-registry.json": #"{"agents": [{"agent_id": "bob"}]}"#,
                "coordination/task-queue.json": #"{"tasks": [{"id": "t-1", "assigned_to": "ann"}]}"#,
            ],
            resurfacing: ["ann"]
        ),
        Case(
            testDescription: "columns that share a field are told apart by the next name",
            files: [
                "coordination/catalog/asset-catalog.json": #"{"assets": [{"asset_id": "a", "category": "schema"}]}"#
            ],
            sql: "UPDATE assets SET asset_type = 'dataset'",
            after: [
                "coordination/catalog/asset-catalog.json":
                    #"{"assets": [{"asset_id": "a", "category": "schema", "asset_type": "dataset"}]}"#
            ]
        ),
        Case(
            testDescription: "a changed hand-over, and in it the copy of a task that is gone",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}, "status": "pending"}
                """
            ],
            sql: """
                DELETE FROM tasks WHERE task_id = 't-1';
                UPDATE task_handoffs SET handoff_status = 'accepted', status_raw = 'accepted'
                """,
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "status": "accepted"}
                """
            ]
        ),
        Case(
            testDescription: "a copy of a task that is gone, in a hand-over that did not change",
            files: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "task_data": {"id": "t-1", "title": "a"}, "status": "pending"}
                """
            ],
            sql: "DELETE FROM tasks WHERE task_id = 't-1'",
            after: [
                "coordination/masters/m/handoffs/h-1.json": """
                {"handoff_id": "h-1", "status": "pending"}
                """
            ]
        ),
        Case(
            testDescription: "of two runs that say exactly the same one is listed: repeats are one row",
            sql: """
                INSERT INTO agent_runs (run_id, agent_id_raw, worker_type) VALUES
                    ('11111111-1111-4111-8111-111111111111', 'w', 'x'), ('22222222-2222-4222-8222-222222222222', 'w', 'x')
                """,
            created: [
                "coordination/worker-specs/active/11111111-1111-4111-8111-111111111111.json",
                "coordination/worker-specs/active/22222222-2222-4222-8222-222222222222.json",
            ],
            notExported: ["22222222-2222-4222-8222-222222222222"]
        ),
        Case(
            testDescription: "a changed run that says what another one says is listed too",
            files: [
                "coordination/worker-pool.json": """
                {"active_workers": [{"worker_id": "w", "status": "running"}, {"worker_id": "w", "status": "failed"}]}
                """
            ],
            sql:
                "UPDATE agent_runs SET run_status = 'failed', status_raw = 'failed', run_id = '11111111-1111-4111-8111-111111111111' WHERE run_status = 'running'",
            after: [
                "coordination/worker-pool.json": """
                {"active_workers": [{"worker_id": "w", "status": "failed"}, {"worker_id": "w", "status": "failed"}]}
                """
            ],
            notExported: ["11111111-1111-4111-8111-111111111111"]
        ),
        Case(
            testDescription: "what no file can say is listed by its column, and the rest is written",
            files: ["coordination/users.json": #"{"users": [{"id": "u", "username": "a"}]}"#],
            sql: "UPDATE users SET username = 'b', created_at = 'infinity'",
            after: ["coordination/users.json": #"{"users": [{"id": "u", "username": "b"}]}"#],
            notExported: ["u created_at"]
        ),
    ]
}
