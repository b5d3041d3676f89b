import Domain
import Postgres
import SyncMiddleware

/// A statement for documents of a kind that match filters, put together of static texts and bound parameters.
struct DocumentStatement {
    private let kind: CatalogKind
    private var conditions: [String] = []
    private(set) var parameters: [PostgresValue] = []

    /// Throws `catalog.invalid` for a filter or a cursor that the kind does not have.
    init(_ query: ListQuery, clearance: Sensitivity) throws(CatalogError) {
        kind = query.kind
        let filters = CatalogFilter.all(of: kind)
        if let unknown = query.filters.keys.sorted().first(where: { name in !filters.contains { $0.name == name } }) {
            throw .invalid("/\(unknown)", "\(kind.rawValue) have no such filter")
        }
        for filter in filters {
            guard let value = query.filters[filter.name] else { continue }
            guard !value.utf8.contains(0) else { throw .invalid("/\(filter.name)", "must not hold U+0000") }
            try add(filter, value)
        }
        if kind == .assets, clearance != .secret {
            let words = Sensitivity.allCases.filter { $0 <= clearance }.map(\.rawValue)
            conditions.append("coalesce(t.sensitivity, 'internal') = ANY (\(bind(.textArray(words)))::text[])")
        }
    }

    /// The statement for a page of `limit` documents behind a key.
    func page(after key: DocumentKey?, limit: Int) -> (text: String, parameters: [PostgresValue]) {
        var page = self
        let table = kind.table
        if let key { page.addCursor(key) }
        let order = table.key.map { "t.\($0)" }.joined(separator: ", ")
        let count = page.bind(.integer(Int64(limit)))
        let text = """
            SELECT \(Self.columns(table, alias: "t")) FROM public.\(table.name) t
            \(page.whereClause) ORDER BY \(order) LIMIT \(count)::bigint
            """
        return (text, page.parameters)
    }

    /// The statement for how many match.
    var count: String { "SELECT count(*) AS total FROM public.\(kind.table.name) t \(whereClause)" }

    /// Key, version, sensitivity and body of a row.
    static func columns(_ table: CatalogTable, alias: String) -> String {
        "\(DocumentQueries.key(of: table, alias: alias)) AS key, \(alias).version AS version, "
            + "\(DocumentQueries.sensitivity(of: table, alias: alias)) AS sensitivity, "
            + "\(DocumentQueries.body(of: table, alias: alias)) AS body"
    }

    private var whereClause: String {
        conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    }

    private mutating func bind(_ value: PostgresValue) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    private mutating func addCursor(_ key: DocumentKey) {
        let table = kind.table
        let isUUID = table.hasDerivedKey
        let places = key.parts.map { bind(.text($0)) + (isUUID ? "::uuid" : "") }.joined(separator: ", ")
        let columns = table.key.map { "t.\($0)" }.joined(separator: ", ")
        conditions.append("(\(columns)) > (\(places))")
    }

    private mutating func add(_ filter: CatalogFilter, _ value: String) throws(CatalogError) {
        let fields = DocumentField.all(of: kind.table)
        switch filter.match {
        case .equals(let names):
            let field = fields.first { $0.name == names[0] }
            if let words = field?.words, !words.contains(value) {
                throw .invalid("/\(filter.name)", "must be one of \(words.joined(separator: ", "))")
            }
            if field?.type == .boolean {
                guard value == "true" || value == "false" else {
                    throw .invalid("/\(filter.name)", "must be true or false")
                }
                return conditions.append("t.\(names[0]) = \(bind(.boolean(value == "true")))::boolean")
            }
            let place = bind(.text(value))
            if names.count == 2 {
                // A reference, or the name as written where it refers to nothing.
                let (reference, raw) = (names[0], names[1])
                conditions.append(
                    """
                    (t.\(reference) = \(place)::text OR (t.\(reference) IS NULL
                        AND left(t.\(raw), 128) = left(\(place)::text, 128) AND t.\(raw) = \(place)::text))
                    """
                )
            } else if kind == .assets, field?.words == nil {
                conditions.append(
                    "(left(t.\(names[0]), 128) = left(\(place)::text, 128) AND t.\(names[0]) = \(place)::text)"
                )
            } else {
                conditions.append("t.\(names[0]) = \(place)::text")
            }
        case .contains(let name):
            let place = bind(.text(value))
            conditions.append(
                "(public.short_texts(t.\(name)) @> ARRAY[left(\(place)::text, 128)] AND \(place)::text = ANY (t.\(name)))"
            )
        case .text(let names):
            let escaped = value.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
            let place = bind(.text("%\(escaped)%"))
            let parts = names.map { name in
                kind.table.key.contains(name)
                    ? "t.\(name) ILIKE \(place)::text" : "left(t.\(name), 4096) ILIKE \(place)::text"
            }
            conditions.append("(\(parts.joined(separator: " OR ")))")
        }
    }
}
