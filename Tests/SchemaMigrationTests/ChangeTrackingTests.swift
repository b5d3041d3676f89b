import Postgres
import Testing

@testable import SchemaMigration

@Suite("Change tracking of the public tables")
struct ChangeTrackingTests {
    // MARK: Versions

    @Test("counts each change of a row, keeps a version that is set higher, and RETURNING shows it")
    func versions() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO agents (agent_id) VALUES ('a'), ('b')")
            let update = "UPDATE agents SET role = 'x' WHERE agent_id = 'a' RETURNING version"
            #expect(try await session.value(update) == "2")
            #expect(try await session.value(update) == "3")
            #expect(
                try await session.value("UPDATE agents SET version = 2 WHERE agent_id = 'a' RETURNING version") == "4"
            )
            #expect(
                try await session.value("UPDATE agents SET version = 9 WHERE agent_id = 'a' RETURNING version") == "9"
            )
            #expect(try await session.value("SELECT version FROM agents WHERE agent_id = 'b'") == "1")
        }
    }

    @Test("lets a row that is deleted and made again go on from the version of its deletion")
    func recreation() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO tasks (task_id, title) VALUES ('t', 'one')")
            try await session.query("UPDATE tasks SET title = 'two'")
            try await session.query("DELETE FROM tasks")
            #expect(try await session.lines("SELECT kind, key, version FROM cortex.deleted_rows") == ["tasks|t|3"])
            try await session.query("INSERT INTO tasks (task_id, title) VALUES ('t', 'three')")
            #expect(try await session.lines("SELECT version FROM tasks") == ["4"])
            #expect(try await session.lines("SELECT key FROM cortex.deleted_rows") == [])
            #expect(
                try await session.feed() == [
                    "tasks|t|1|insert", "tasks|t|2|update", "tasks|t|3|delete", "tasks|t|4|insert",
                ]
            )
            #expect(try await session.audit() == ["task.created", "task.updated", "task.deleted", "task.created"])
        }
    }

    // MARK: Feed

    @Test("writes one feed row per changed row, in the transaction that changes it")
    func feed() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO assets (asset_id) VALUES ('a'), ('b'), ('c')")
            try await session.query("UPDATE assets SET owner = 'me' WHERE asset_id <> 'c'")
            try await session.query("UPDATE assets SET owner = 'me' WHERE asset_id = 'nobody'")
            try await session.query("DELETE FROM assets WHERE asset_id = 'b'")
            #expect(
                try await session.feed() == [
                    "assets|a|1|insert", "assets|b|1|insert", "assets|c|1|insert", "assets|a|2|update",
                    "assets|b|2|update",
                    "assets|b|3|delete",
                ]
            )
            #expect(try await session.refusal(of: "INSERT INTO assets (asset_id) VALUES ('d')") == nil)
            #expect(try await session.feed().count == 6)
        }
    }

    @Test("joins a key of several columns with U+001F")
    func compositeKey() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO documents (kind, id) VALUES ('note', '7')")
            #expect(try await session.feed() == ["documents|note\u{1F}7|1|insert"])
        }
    }

    @Test("feeds both keys when an update changes the key")
    func changedKey() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO tasks (task_id) VALUES ('a'), ('c')")
            try await session.query("UPDATE tasks SET task_id = 'b' WHERE task_id = 'a'")
            #expect(Array(try await session.feed().dropFirst(2)) == ["tasks|a|2|delete", "tasks|b|2|update"])
            #expect(try await session.lines("SELECT key, version FROM cortex.deleted_rows") == ["a|2"])
            try await session.query("INSERT INTO tasks (task_id) VALUES ('a')")
            #expect(try await session.lines("SELECT version FROM tasks WHERE task_id = 'a'") == ["3"])
        }
    }

    @Test("feeds TRUNCATE, leaves the cache epoch to the relay, and remembers the versions of the rows")
    func truncate() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO documents (kind, id, version) VALUES ('note', '7', 5)")
            let epoch = try await session.query("SELECT epoch FROM cortex.cache_state").rows[0][0].integer ?? 0
            try await session.query("TRUNCATE documents")
            #expect(try await session.value("SELECT epoch FROM cortex.cache_state") == "\(epoch)")
            #expect(try await session.feed().last == "documents||0|truncate")
            #expect(try await session.audit().last == "document.truncated")
            try await session.query("INSERT INTO documents (kind, id) VALUES ('note', '7')")
            #expect(try await session.lines("SELECT version FROM documents") == ["7"])
        }
    }

    // MARK: Audit

    @Test("writes one audit row per changed row that is committed, and none for what is rolled back")
    func audit() async throws {
        try await withShippedSchema { session in
            try await session.query(
                "INSERT INTO tasks (task_id, task_status) VALUES ('a', 'pending'), ('b', 'completed')"
            )
            try await session.query("UPDATE tasks SET task_status = 'completed'")
            try await session.query("UPDATE tasks SET title = 'x' WHERE task_id = 'nobody'")
            try await session.query("DELETE FROM tasks WHERE task_id = 'b'")
            let expected = ["task.created", "task.completed", "task.completed", "task.updated", "task.deleted"]
            #expect(try await session.audit().sorted() == expected.sorted())
            let script = "INSERT INTO tasks (task_id) VALUES ('c'); UPDATE tasks SET title = 'y'; DELETE FROM tasks"
            #expect(try await session.refusal(of: script) == nil)
            #expect(try await session.audit().count == 5)
            #expect(
                try await session.lines(
                    "SELECT details ->> 'key', details ->> 'operation', task_id_raw, task_id FROM audit_logs ORDER BY id"
                ).contains("b|delete|b|-")
            )
        }
    }

    @Test("is told who changes by the role and the principal of the session")
    func principal() async throws {
        try await withShippedSchema { session in
            try await session.run(script: "SET cortex.principal = 'key-1'; SET SESSION AUTHORIZATION cortex_api")
            try await session.query("INSERT INTO agents (agent_id) VALUES ('a')")
            #expect(
                try await session.lines("SELECT details ->> 'role', details ->> 'principal', agent_id FROM audit_logs")
                    == ["cortex_api|key-1|a"]
            )
        }
    }

    @Test("leaves out what cortex_loader writes, but counts its versions")
    func loader() async throws {
        try await withShippedSchema { session in
            try await session.run(script: "SET ROLE cortex_loader")
            try await session.query("INSERT INTO documents (kind, id) VALUES ('note', '1'), ('note', '2')")
            try await session.query("UPDATE documents SET title = 'x' WHERE id = '1'")
            try await session.query("DELETE FROM documents WHERE id = '2'")
            try await session.run(script: "RESET ROLE")
            #expect(try await session.feed() == [])
            #expect(try await session.audit() == [])
            #expect(try await session.lines("SELECT id, version FROM documents") == ["1|2"])
        }
    }

    @Test(
        "keeps audit rows as they are, for the superuser, too",
        arguments: [
            "UPDATE audit_logs SET summary = 'nothing happened'", "UPDATE audit_logs SET occurred_at = now()",
            "DELETE FROM audit_logs", "TRUNCATE audit_logs",
        ]
    )
    func appendOnly(_ sql: String) async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO agents (agent_id) VALUES ('a')")
            #expect(try await session.refusal(of: sql) == "42501")
            #expect(try await session.audit() == ["agent.created"])
        }
    }

    @Test("removes expired audit rows of low severity only, and keeps their ids")
    func retention() async throws {
        try await withShippedSchema { session in
            try await session.query(
                """
                INSERT INTO audit_logs (event_type, severity, recorded_at)
                SELECT severity || ' ' || days, severity, now() - days * interval '1 day'
                FROM unnest(ARRAY['debug', 'info', 'medium', 'critical']) AS severity, unnest(ARRAY[1, 100]) AS days
                """
            )
            #expect(try await session.value("SELECT archive_old_audit_logs()") == "2")
            #expect(
                try await session.audit().sorted() == [
                    "critical 1", "critical 100", "debug 1", "info 1", "medium 1", "medium 100",
                ]
            )
            #expect(try await session.value("SELECT count(*) FROM cortex.audit_pruned") == "2")
            #expect(try await session.value("SELECT archive_old_audit_logs()") == "0")
        }
    }

    // MARK: References and mode

    @Test("takes references to a deleted row away and keeps the name as written")
    func references() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO agents (agent_id) VALUES ('a')")
            try await session.query("INSERT INTO tasks (task_id, assigned_to_raw, assigned_to) VALUES ('t', 'a', 'a')")
            try await session.query("DELETE FROM agents")
            #expect(try await session.lines("SELECT assigned_to_raw, assigned_to, version FROM tasks") == ["a|-|2"])
            #expect(try await session.feed().last == "tasks|t|2|update")
            let dangling = "INSERT INTO tasks (task_id, assigned_to) VALUES ('u', 'nobody')"
            #expect(try await session.refusal(of: dangling) == "23503")
        }
    }

    @Test("refuses an epoch or a count of drains that falls")
    func risingCacheState() async throws {
        try await withShippedSchema { session in
            try await session.query("UPDATE cortex.cache_state SET epoch = epoch + 1, drains = drains + 1")
            for column in ["epoch", "drains"] {
                let fall = "UPDATE cortex.cache_state SET \(column) = \(column) - 1"
                #expect(try await session.refusal(of: fall) == "23514")
            }
        }
    }

    @Test("allows a new mode under a new epoch only, and audits it")
    func mode() async throws {
        try await withShippedSchema { session in
            #expect(try await session.refusal(of: "UPDATE cortex.system_mode SET mode = 'frozen'") == "23514")
            #expect(try await session.refusal(of: "UPDATE cortex.system_mode SET epoch = epoch - 1") == "23514")
            #expect(try await session.refusal(of: "INSERT INTO cortex.system_mode DEFAULT VALUES") == "23505")
            try await session.query("UPDATE cortex.system_mode SET mode = 'frozen', epoch = epoch + 1")
            #expect(try await session.audit() == ["migration.mode_changed"])
        }
    }

    @Test("lists what was deleted since an epoch and has not come back")
    func deletedSince() async throws {
        try await withShippedSchema { session in
            try await session.query("INSERT INTO tasks (task_id) VALUES ('a'), ('b'), ('c')")
            try await session.query("DELETE FROM tasks WHERE task_id = 'a'")
            try await session.query("UPDATE cortex.system_mode SET mode = 'postgres', epoch = 7")
            try await session.query("DELETE FROM tasks")
            try await session.query("INSERT INTO tasks (task_id) VALUES ('c')")
            #expect(
                try await session.lines("SELECT kind, key, version, epoch FROM deleted_since(7)") == ["tasks|b|2|7"]
            )
            #expect(try await session.lines("SELECT key FROM deleted_since(1)") == ["a", "b"])
        }
    }
}

extension PostgresSession {
    /// The change feed, in order.
    fileprivate func feed() async throws -> [String] {
        try await lines("SELECT kind, key, version, op FROM cortex.change_feed ORDER BY id")
    }

    /// The event types of the audit rows, in order.
    fileprivate func audit() async throws -> [String] {
        try await lines("SELECT event_type FROM public.audit_logs ORDER BY id")
    }
}
