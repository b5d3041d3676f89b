import Domain
import Postgres
import Testing

@testable import SyncMiddleware

@Suite("Statements of changes")
struct RowStatementTests {
    @Test("touch the row of the key at the version expected, with columns in the table's order")
    func statements() throws {
        let set = RowChange.Operation.replace(["title": "b", "description": "a"], expected: 4)
        let task = try RowStatement(RowChange(kind: "tasks", id: "t", set), of: .tasks)
        let document = DocumentQueries.columns(of: .tasks, alias: "t")
        #expect(
            task.text == """
                UPDATE public."tasks" AS t SET "title" = $1, "description" = $2 WHERE "task_id" = $3 AND version = $4
                RETURNING \(document)
                """
        )
        #expect(task.parameters == ["b", "a", "t", 4])
        let note = try RowStatement(
            RowChange(kind: "documents", id: "note\u{1f}a\u{1f}b", .delete(expected: nil)),
            of: .documents
        )
        #expect(note.text == "DELETE FROM public.\"documents\" WHERE \"kind\" = $1 AND \"id\" = $2")
        #expect(note.parameters == ["note", "a\u{1f}b"])
        let made = try RowStatement(RowChange(kind: "tasks", id: "t", .create(["title": "x"])), of: .tasks)
        #expect(
            made.text == """
                INSERT INTO public."tasks" ("task_id", "title") VALUES ($1, $2) ON CONFLICT ("task_id") DO NOTHING
                """
        )
    }

    @Test("of the same columns of different rows can be one, with the type of each value")
    func shared() throws {
        func statement(_ id: String, _ values: [String: PostgresValue], expected: Int) throws -> RowStatement {
            try RowStatement(RowChange(kind: "tasks", id: id, .replace(values, expected: expected)), of: .tasks)
        }
        let first = try statement("a", ["title": "x", "token_budget": 5], expected: 1)
        let second = try statement("b", ["title": .null, "token_budget": 6], expected: 2)
        #expect(first.canShare(with: second))
        #expect(try !first.canShare(with: statement("c", ["title": "x"], expected: 1)))
        let deletion = try RowStatement(RowChange(kind: "tasks", id: "c", .delete(expected: 1)), of: .tasks)
        #expect(!deletion.canShare(with: deletion))
        let shared = RowStatement.shared([first, second])
        #expect(
            shared.sql == """
                UPDATE public."tasks" AS t SET "title" = v.c0, "token_budget" = v.c1
                FROM (VALUES (0, $1::text, $2::text, $3::bigint, $4::bigint), \
                (1, $5::text, $6::text, $7::bigint, $8::bigint)) AS v (n, k0, c0, c1, expected)
                WHERE t."task_id" = v.k0 AND t.version = v.expected
                RETURNING v.n, \(DocumentQueries.columns(of: .tasks, alias: "t"))
                """
        )
        #expect(shared.parameters == ["a", "x", 5, 1, "b", .null, 6, 2])
    }

    /// A change that no statement is made of.
    struct Refused: Sendable, CustomTestStringConvertible {
        let table: CatalogTable
        let id: String
        let operation: RowChange.Operation
        var testDescription: String { "\(table.name) \(id.debugDescription)" }
    }

    static let refused = [
        Refused(table: .tasks, id: "t", operation: .replace([:], expected: 1)),
        Refused(table: .tasks, id: "t", operation: .replace(["version": 1], expected: 1)),
        Refused(table: .tasks, id: "t", operation: .replace(["task_id": "u"], expected: 1)),
        Refused(table: .tasks, id: "t\0", operation: .delete(expected: nil)),
        Refused(table: .documents, id: "7", operation: .delete(expected: nil)),
        Refused(table: .agentRuns, id: "7", operation: .delete(expected: nil)),
        Refused(table: .agentRuns, id: "00000000-0000-0000-0000-00000000000A", operation: .create([:])),
    ]

    @Test("are not made of other columns, nor of keys that no row can have", arguments: refused)
    func refusals(_ refused: Refused) {
        let change = RowChange(kind: refused.table.name, id: refused.id, refused.operation)
        #expect(throws: SyncError.self) { try RowStatement(change, of: refused.table) }
    }
}
