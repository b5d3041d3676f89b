import Postgres
import TestSupport

@testable import SchemaMigration

/// Runs the body with a client of a fresh, empty database.
func withEmptyDatabase<R>(_ body: (PostgresClient) async throws -> R) async throws -> R {
    try await TestDatabase.withDatabase { url in
        try await PostgresClient.withClient(PostgresConfiguration(url: url), body)
    }
}

/// Runs the body with a session of a fresh, empty database.
func withEmptySession<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
    try await withEmptyDatabase { client in try await client.withSession(body) }
}

extension PostgresSession {
    /// The live catalogue.
    func snapshot() async throws -> CatalogueSnapshot {
        try await withTransaction(.readOnly) { try await CatalogueSnapshot.live(self) }
    }

    /// The numbers in the ledger, none without a ledger.
    func ledger() async throws -> [Int] {
        try await Ledger.read(self)?.rows.map(\.number) ?? []
    }

    /// The first cell of the first row as text.
    func value(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String? {
        try await query(sql, parameters).first?[0].string
    }

    /// All rows, the cells of each joined with `|`, NULL as `-`.
    func lines(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [String] {
        try await query(sql, parameters).rows.map { row in
            (0..<row.count).map { row[$0].string ?? "-" }.joined(separator: "|")
        }
    }

    /// The SQLSTATE with which the server refuses a script; nil when it takes it.
    ///
    /// What it did is rolled back.
    func refusal(of script: String) async throws -> String? {
        struct Taken: Error {}
        do {
            try await withTransaction {
                try await run(script: script)
                try await run(script: "SET CONSTRAINTS ALL IMMEDIATE")
                throw Taken()
            }
        } catch let error as PostgresError {
            return error.sqlState
        } catch is Taken {
            return nil
        }
        return nil
    }
}
