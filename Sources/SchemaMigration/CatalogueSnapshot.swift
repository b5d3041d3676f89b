import Postgres

/// What a database's catalogue says about our schemas: for each object its definition in words.
struct CatalogueSnapshot: Sendable, Equatable {
    /// The schemas whose objects are compared.
    ///
    /// Extensions and staging have schemas of their own.
    static let schemaNames = ["cortex", "public", "source"]

    /// Definitions by object, such as `column public.tasks.title`.
    var definitions: [String: String]

    /// Reads the live catalogue, inside of a transaction: sets `search_path` and other settings of it.
    static func live(_ session: PostgresSession) async throws(PostgresError) -> CatalogueSnapshot {
        try await session.run(script: settings)
        return CatalogueSnapshot(try await session.run(script: query).last)
    }

    /// Reads what was recorded when the migrations were applied.
    static func recorded(_ session: PostgresSession) async throws(PostgresError) -> CatalogueSnapshot {
        CatalogueSnapshot(try await session.query("SELECT object, definition FROM cortex.schema_catalogue"))
    }

    init(_ definitions: [String: String]) {
        self.definitions = definitions
    }

    private init(_ result: PostgresResult?) {
        definitions = [:]
        for row in result?.rows ?? [] {
            definitions[row[0].string ?? ""] = row[1].string
        }
    }

    /// What differs from this snapshot in another one, sorted by object.
    ///
    /// Roles and extensions that only the other one has are no difference: they are shared with others.
    func differences(in other: CatalogueSnapshot) -> [SchemaDrift] {
        Set(definitions.keys).union(other.definitions.keys).sorted().compactMap { object in
            let expected = definitions[object]
            let actual = other.definitions[object]
            guard expected != actual, expected != nil || !Self.isShared(object) else { return nil }
            return SchemaDrift(object: object, expected: expected, actual: actual)
        }
    }

    /// What is to be written to turn this snapshot into another one.
    struct Changes: Sendable {
        /// Objects that are new or different, sorted.
        let objects: [String]
        /// Their definitions, in the same order.
        let definitions: [String]
        /// Objects that are gone.
        let removed: [String]
    }

    /// What is to be written to turn this snapshot into another one.
    func changes(to other: CatalogueSnapshot) -> Changes {
        let changed = other.definitions.filter { definitions[$0.key] != $0.value }.sorted { $0.key < $1.key }
        return Changes(
            objects: changed.map(\.key),
            definitions: changed.map(\.value),
            removed: definitions.keys.filter { other.definitions[$0] == nil }.sorted()
        )
    }

    private static func isShared(_ object: String) -> Bool {
        object.hasPrefix("role ") || object.hasPrefix("extension ")
    }
}
