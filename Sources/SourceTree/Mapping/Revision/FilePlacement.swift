import Crypto
public import Domain

/// Where the file of a new row can be, the best place first: a place counts if the mapping reads such a row from it.
public struct FilePlacement: Sendable {
    let table: CatalogTable
    let key: String
    let values: [MappedValue]

    /// The places of a row: its key as the change feed writes it, its values in the order of the table's `mappedColumns`.
    public init(table: CatalogTable, key: String, values: [MappedValue]) {
        self.table = table
        self.key = key
        self.values = values
    }

    /// Paths relative to the project root.
    public var paths: [String] {
        let name = Self.fileName(key) + ".json"
        switch table {
        case .tasks: return ["coordination/tasks/\(name)"]
        case .agents: return ["coordination/agents/\(name)", "agents/\(role)/\(Self.fileName(key))/status.json"]
        case .agentRuns: return ["coordination/worker-specs/active/\(name)"]
        case .taskHandoffs: return handoffs(name)
        case .assets: return ["coordination/catalog/assets/\(name)"]
        case .assetLineage: return ["coordination/catalog/lineage/\(Self.fileName(key)).jsonl"]
        case .taskLineage: return ["coordination/lineage/tasks/\(name)"]
        case .users: return ["coordination/users/\(name)"]
        case .governancePolicies: return ["coordination/policies/\(name)"]
        case .policyViolations: return ["coordination/governance/violations/\(name)"]
        case .tokenBudgetHistory: return ["coordination/scheduler-data/\(name)"]
        case .documents: return documents
        default: return []
        }
    }

    /// The directory of an agent's kind.
    private var role: String {
        switch text("agent_type") {
        case "master": "masters"
        case "observer": "observers"
        default: "workers"
        }
    }

    /// The name says whether a hand-over was processed, where that is known.
    private func handoffs(_ name: String) -> [String] {
        let folder = "coordination/masters/\(Self.fileName(text("to_raw") ?? "coordinator"))/handoffs/\(name)"
        switch value("processed") {
        case .boolean(true)?: return [folder + ".processed"]
        case .boolean(false)?: return [folder]
        default: return ["coordination/handoffs/\(name)"]
        }
    }

    /// The id of a document is its path without the folder's name and `.json`.
    private var documents: [String] {
        guard let id = text("id") else { return [] }
        return ["coordination/\(id).json", "\(id).json"]
    }

    private func value(_ column: String) -> MappedValue? {
        table.mappedColumns.firstIndex { $0.name == column }.map { values[$0] }
    }

    private func text(_ column: String) -> String? {
        value(column)?.asText
    }

    /// A key as a file name: letters, digits, `-`, `_` and inner dots as they are, other bytes as `%XX`; a long one cut,
    /// with its hash.
    static func fileName(_ key: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var name: [UInt8] = []
        for byte in key.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): name.append(byte)
            case UInt8(ascii: ".") where !name.isEmpty: name.append(byte)
            default: name += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        if name.isEmpty { name = [UInt8(ascii: "%")] }
        guard name.count > longest else { return String(decoding: name, as: UTF8.self) }
        let hash = SHA256.hash(data: Array(key.utf8)).prefix(8).flatMap { [hex[Int($0 >> 4)], hex[Int($0 & 15)]] }
        return String(decoding: name.prefix(longest - 17) + [UInt8(ascii: "-")] + hash, as: UTF8.self)
    }

    /// Leaves room for extensions within the 255 bytes of a file name.
    private static let longest = 200
}
