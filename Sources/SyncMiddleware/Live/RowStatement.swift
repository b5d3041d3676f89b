import Diagnostics
import Domain
import Postgres

/// The statement of a change: it touches one row, or none where the row is not as expected.
///
/// A replacement gives the document that it makes, as `DocumentSource.document` reads it. The others cannot: a new row
/// whose id was deleted before gets its version, and a deleted one its mark, only when the statement's triggers run.
struct RowStatement {
    private enum Form {
        case insert
        case update(expected: Int)
        case delete(expected: Int?)
    }

    private let table: CatalogTable
    private let form: Form
    private let key: [KeyPart]
    /// What is set besides the key, in the table's order.
    private let columns: [KeyPart]

    /// Throws `usage` for a column that a change may not set, and for a key that no row of the table can have.
    init(_ change: RowChange, of table: CatalogTable) throws(SyncError) {
        self.table = table
        key = try Self.key(change, of: table)
        switch change.operation {
        case .create(let values):
            form = .insert
            columns = try Self.columns(values, of: table)
        case .replace(let values, let expected):
            form = .update(expected: expected)
            columns = try Self.columns(values, of: table)
            guard !columns.isEmpty else { throw SyncError(.usage, "a change has to set a column") }
        case .delete(let expected):
            form = .delete(expected: expected)
            columns = []
        }
    }

    /// The text, made anew each time: a statement that is shared needs none of its own.
    var text: String {
        let name = Self.name(table)
        switch form {
        case .insert:
            let parts = key + columns
            let names = parts.map { PostgresIdentifier.quoted($0.column) }.joined(separator: ", ")
            let places = parts.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
            let target = table.key.map(PostgresIdentifier.quoted).joined(separator: ", ")
            return "INSERT INTO \(name) (\(names)) VALUES (\(places)) ON CONFLICT (\(target)) DO NOTHING"
        case .update:
            let sets = columns.enumerated().map { "\(PostgresIdentifier.quoted($1.column)) = $\($0 + 1)" }
            let version = columns.count + key.count + 1
            return """
                UPDATE \(name) AS t SET \(sets.joined(separator: ", ")) \
                WHERE \(Self.condition(key, after: columns.count)) AND version = $\(version)
                RETURNING \(DocumentQueries.writtenColumns(of: table))
                """
        case .delete(let expected):
            let version = expected == nil ? "" : " AND version = $\(key.count + 1)"
            return "DELETE FROM \(name) WHERE \(Self.condition(key, after: 0))\(version)"
        }
    }

    /// The parameters of `text`.
    var parameters: [PostgresValue] {
        switch form {
        case .insert: (key + columns).map(\.value)
        case .update(let expected): (columns + key).map(\.value) + [.integer(Int64(expected))]
        case .delete(let expected): key.map(\.value) + (expected.map { [.integer(Int64($0))] } ?? [])
        }
    }

    private static func name(_ table: CatalogTable) -> String {
        "public.\(PostgresIdentifier.quoted(table.name))"
    }

    /// One UPDATE for replacements of the same columns of different rows; the row of each begins with its number, `n`.
    ///
    /// The triggers of the statement, which cost more than the change of a row, then run once for all of them.
    static func shared(_ statements: [RowStatement]) -> PostgresStatement {
        let first = statements[0]
        let table = first.table
        var parameters: [PostgresValue] = []
        let types = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.type.rawValue) })
        func place(_ part: KeyPart) -> String {
            parameters.append(part.value)
            return "$\(parameters.count)::\(types[part.column] ?? "text")"
        }
        let rows = statements.enumerated().map { number, statement in
            guard case .update(let expected) = statement.form else {
                preconditionFailure("only replacements share a statement")
            }
            let places = (statement.key + statement.columns).map(place)
            parameters.append(.integer(Int64(expected)))
            return "(\(number), \(places.joined(separator: ", ")), $\(parameters.count)::bigint)"
        }
        let keys = first.key.indices.map { "k\($0)" }
        let sets = first.columns.enumerated().map { "\(PostgresIdentifier.quoted($1.column)) = v.c\($0)" }
        let names = ["n"] + keys + first.columns.indices.map { "c\($0)" } + ["expected"]
        let conditions = zip(first.key, keys).map { "t.\(PostgresIdentifier.quoted($0.column)) = v.\($1)" }
        return PostgresStatement(
            """
            UPDATE \(name(table)) AS t SET \(sets.joined(separator: ", "))
            FROM (VALUES \(rows.joined(separator: ", "))) AS v (\(names.joined(separator: ", ")))
            WHERE \(conditions.joined(separator: " AND ")) AND t.version = v.expected
            RETURNING v.n, \(DocumentQueries.writtenColumns(of: table))
            """,
            parameters
        )
    }

    /// Whether this and another statement of the same table can share one: replacements of the same columns.
    func canShare(with other: RowStatement) -> Bool {
        guard case .update = form, case .update = other.form else { return false }
        return columns.map(\.column) == other.columns.map(\.column)
    }

    private typealias KeyPart = (column: String, value: PostgresValue)

    private static func key(_ change: RowChange, of table: CatalogTable) throws(SyncError) -> [KeyPart] {
        let parts = change.id.split(
            separator: "\u{1f}",
            maxSplits: table.key.count - 1,
            omittingEmptySubsequences: false
        )
        let isUUID = table.columns.first { $0.name == table.key[0] }?.type == .uuid
        guard parts.count == table.key.count, !change.id.utf8.contains(0),
            !isUUID || change.id.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil
        else { throw SyncError(.usage, "no row of \(table.name) can have this key") }
        return zip(table.key, parts).map { ($0, .text(String($1))) }
    }

    private static func condition(_ key: [KeyPart], after count: Int) -> String {
        key.enumerated().map { "\(PostgresIdentifier.quoted($0.element.column)) = $\($0.offset + 1 + count)" }
            .joined(separator: " AND ")
    }

    /// In the table's order, so that the same columns make the same statement.
    private static func columns(
        _ values: [String: PostgresValue],
        of table: CatalogTable
    ) throws(SyncError) -> [KeyPart] {
        let allowed = table.columns.map(\.name).filter { !table.key.contains($0) }
        if let other = values.keys.sorted().first(where: { !allowed.contains($0) }) {
            throw SyncError(.usage, "a change of \(table.name) cannot set \"\(other)\"")
        }
        return allowed.compactMap { name in values[name].map { (name, $0) } }
    }
}
