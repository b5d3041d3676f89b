import Domain

/// What a value of a request or answer is: the part of JSON Schema that our routes need.
indirect enum JSONSchema: Sendable {
    /// Anything.
    case any
    case boolean
    case integer(minimum: Int? = nil, maximum: Int? = nil)
    case number
    case string(format: String? = nil, values: [String] = [])
    case array(JSONSchema)
    /// An object; `isOpen` says whether it may have other members.
    case object([(name: String, schema: JSONSchema)], required: [String] = [], isOpen: Bool = true)
    /// An object with any names and values of one kind.
    case map(JSONSchema)
    case nullable(JSONSchema)
    /// One of the named schemas of the document.
    case named(String)

    /// The schema as OpenAPI 3.1 has it.
    var json: OrderedJSON {
        switch self {
        case .any: [:]
        case .boolean: ["type": "boolean"]
        case .integer(let minimum, let maximum):
            .object(
                [(name: "type", value: "integer")]
                    + [("minimum", minimum), ("maximum", maximum)].compactMap { name, value in
                        value.map { (name: name, value: .integer($0)) }
                    }
            )
        case .number: ["type": "number"]
        case .string(let format, let values):
            .object(
                [(name: "type", value: "string")] + (format.map { [(name: "format", value: .string($0))] } ?? [])
                    + (values.isEmpty ? [] : [(name: "enum", value: .array(values.map(OrderedJSON.string)))])
            )
        case .array(let element): ["type": "array", "items": element.json]
        case .object(let members, let required, let isOpen): Self.object(members, required, isOpen)
        case .map(let value): ["type": "object", "additionalProperties": value.json]
        case .nullable(let schema): ["anyOf": [schema.json, ["type": "null"]]]
        case .named(let name): ["$ref": .string("#/components/schemas/\(name)")]
        }
    }

    private static func object(
        _ members: [(name: String, schema: JSONSchema)],
        _ required: [String],
        _ isOpen: Bool
    ) -> OrderedJSON {
        var parts: [(name: String, value: OrderedJSON)] = [(name: "type", value: "object")]
        if !members.isEmpty {
            parts.append((name: "properties", value: .object(members.map { (name: $0.name, value: $0.schema.json) })))
        }
        if !required.isEmpty { parts.append((name: "required", value: .array(required.map(OrderedJSON.string)))) }
        if !isOpen { parts.append((name: "additionalProperties", value: .boolean(false))) }
        return .object(parts)
    }
}

extension JSONSchema {
    /// The document of a table's row: `version`, and a member for each column.
    static func document(of table: CatalogTable) -> JSONSchema {
        let columns = table.columns.filter { $0.name != "password_hash" }
        return .object(
            [(name: "version", schema: .integer(minimum: 0))]
                + columns.map { (name: $0.name, schema: .nullable(schema(of: $0.type))) },
            required: ["version"] + table.key
        )
    }

    /// What a client may send of a row: the columns besides the derived ones.
    static func input(of table: CatalogTable, required: [String]) -> JSONSchema {
        let columns = table.columns.filter { $0.name != "password_hash" }
        return .object(
            [(name: "version", schema: .integer(minimum: 0))]
                + columns.map { column in
                    let schema = schema(of: column.type)
                    return (name: column.name, schema: table.key.contains(column.name) ? schema : .nullable(schema))
                },
            required: required,
            isOpen: false
        )
    }

    private static func schema(of type: ColumnType) -> JSONSchema {
        switch type {
        case .text: .string()
        case .integer: .integer()
        case .numeric: .number
        case .boolean: .boolean
        case .instant: .string(format: "date-time")
        case .json: .any
        case .textArray: .array(.nullable(.string()))
        case .uuid: .string(format: "uuid")
        }
    }
}
