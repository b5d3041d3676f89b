import Postgres

/// Runs the statements of one step inside of an open transaction, and says where one failed.
struct StepRunner: Sendable {
    let session: PostgresSession
    let step: SchemaStep
    let purpose: StatementPlace.Purpose
    let checkpoint: StepTransaction.Checkpoint?

    /// Runs one of the step's texts, always with the same settings whatever the role and the database have.
    ///
    /// The role `cortex` would else find the schema `cortex` before `public`.
    func run(_ part: StepPart) async throws {
        try await run(
            """
            SELECT set_config('search_path', 'public, pg_temp', true), set_config('client_min_messages', 'warning', true),
                set_config('standard_conforming_strings', 'on', true), set_config('check_function_bodies', 'on', true)
            """
        )
        let script = try step.script(part)
        for statement in script.statements {
            let place = place(statement, part)
            let results = try await perform(place) { () async throws(PostgresError) in
                try await session.run(script: statement.text)
            }
            if part == .verify, !results.allSatisfy(\.holds) { throw SchemaError.doesNotHold(place) }
        }
        if part != .verify { try await run("RESET ROLE") }
    }

    /// Runs the verification and rolls back what it did.
    func verify() async throws {
        try await run("SAVEPOINT verification")
        try await run(.verify)
        try await run("ROLLBACK TO SAVEPOINT verification")
        try await run("RELEASE SAVEPOINT verification")
    }

    /// Runs a statement of ours.
    func run(_ sql: String, _ parameters: [PostgresValue] = []) async throws {
        _ = try await perform(place(.init(text: sql, line: 1, opening: []), nil)) { () async throws(PostgresError) in
            try await session.query(sql, parameters)
        }
    }

    /// Everything is done and the transaction is about to be committed.
    func finish() async throws {
        try await checkpoint?(place(.init(text: "COMMIT", line: 1, opening: []), nil))
    }

    // MARK: The catalogue

    /// The catalogue as it is now.
    func snapshot() async throws -> CatalogueSnapshot {
        try await perform(place(.init(text: "", line: 1, opening: []), nil)) { () async throws(PostgresError) in
            try await CatalogueSnapshot.live(session)
        }
    }

    /// Writes changes of the catalogue to what is recorded.
    func record(_ changes: CatalogueSnapshot.Changes) async throws {
        try await run(
            """
            INSERT INTO cortex.schema_catalogue (object, definition)
            SELECT object, definition FROM unnest($1::text[], $2::text[]) AS changed (object, definition)
            ON CONFLICT (object) DO UPDATE SET definition = excluded.definition
            """,
            [.textArray(changes.objects), .textArray(changes.definitions)]
        )
        try await run(
            "DELETE FROM cortex.schema_catalogue WHERE object = ANY ($1::text[])",
            [.textArray(changes.removed)]
        )
    }

    // MARK: Private parts

    private func place(_ statement: SQLScript.Statement, _ part: StepPart?) -> StatementPlace {
        StatementPlace(
            purpose: purpose,
            migration: step.label,
            part: part,
            file: part.map { step.fileName($0) } ?? "",
            statement: statement
        )
    }

    private func perform<R>(_ place: StatementPlace, _ body: () async throws(PostgresError) -> R) async throws -> R {
        try await checkpoint?(place)
        do throws(PostgresError) {
            return try await body()
        } catch {
            throw SchemaError.failed(place, error)
        }
    }
}

extension PostgresResult {
    /// Whether no row has a boolean other than true.
    fileprivate var holds: Bool {
        rows.allSatisfy { row in
            (0..<row.count).allSatisfy { row[$0].type != Self.booleanType || row[$0].boolean == true }
        }
    }

    private static var booleanType: UInt32 { 16 }
}
