public import Domain

/// A field of a document: a column of its table.
public struct DocumentField: Sendable, Hashable {
    /// Who says what is in it.
    public enum Origin: Sendable, Hashable {
        /// Whoever writes the document.
        case written
        /// The id: written when the document is made, and then never.
        case id
        /// It follows from this field: a word or time as a tree spells it.
        ///
        /// It is null, or that word, once the other field is written here.
        case follows(String)
        /// It is the value of this field where that names a document that exists, else null; writing it writes both.
        case resolves(String, in: CatalogTable)
    }

    /// The name, in documents and of the column.
    public let name: String
    /// What it holds.
    public let type: ColumnType
    /// The words that it takes; nil for any.
    public let words: [String]?
    /// Who says what is in it.
    public let origin: Origin

    /// The fields of a table's documents in their order, `version` aside.
    public static func all(of table: CatalogTable) -> [DocumentField] { fields[table.name] ?? [] }

    /// The same by their names.
    static func byName(of table: CatalogTable) -> [String: DocumentField] { names[table.name] ?? [:] }

    private static let names = fields.mapValues { fields in
        Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
    }

    private static let fields = Dictionary(
        uniqueKeysWithValues: CatalogTable.all.map { table in
            (table.name, table.columns.filter { $0.name != "password_hash" }.map { field($0, of: table) })
        }
    )

    private static func field(_ column: CatalogColumn, of table: CatalogTable) -> DocumentField {
        let origin: Origin
        if table.key.contains(column.name) {
            origin = .id
        } else if let reference = column.reference, let target = CatalogTable.named(reference.table) {
            origin = .resolves(reference.rawColumn, in: target)
        } else if column.name.hasSuffix("_at_raw") {
            origin = .follows(String(column.name.dropLast(4)))
        } else if let word = wordFields[table.name]?[column.name] {
            origin = .follows(word)
        } else {
            origin = .written
        }
        return DocumentField(
            name: column.name,
            type: column.type,
            words: vocabularies[table.name]?[column.name],
            origin: origin
        )
    }

    /// Words as written, and the words of ours that they mean.
    private static let wordFields: [String: [String: String]] = [
        "agents": ["status_raw": "agent_status"],
        "agent_runs": ["status_raw": "run_status"],
        "tasks": ["status_raw": "task_status", "priority_raw": "task_priority"],
        "task_handoffs": ["status_raw": "handoff_status", "priority_raw": "handoff_priority"],
        "assets": ["sensitivity_raw": "sensitivity"],
        "governance_policies": ["severity_raw": "severity"],
        "policy_violations": ["severity_raw": "severity", "status_raw": "violation_status"],
    ]

    /// The words that the schema takes; a test holds them against its constraints.
    private static let vocabularies: [String: [String: [String]]] = [
        "agents": [
            "agent_type": ["master", "worker", "observer", "external"],
            "agent_status": ["active", "idle", "suspended", "terminated"],
            "origin": ["defined", "inferred"],
        ],
        "agent_runs": ["run_status": ["pending", "running", "completed", "failed", "cancelled", "stuck"]],
        "tasks": [
            "task_status": ["pending", "in_progress", "completed", "failed", "cancelled", "blocked"],
            "task_priority": priorities,
        ],
        "task_handoffs": [
            "handoff_status": ["pending", "accepted", "completed", "rejected", "cancelled"],
            "handoff_priority": priorities,
        ],
        "assets": ["sensitivity": Sensitivity.allCases.map(\.rawValue)],
        "governance_policies": ["severity": severities],
        "policy_violations": [
            "severity": severities, "violation_status": ["open", "acknowledged", "resolved"],
        ],
    ]

    private static let priorities = ["low", "medium", "high", "critical"]
    private static let severities = ["debug", "info", "low", "medium", "high", "critical"]
}
