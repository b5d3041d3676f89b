/// A kind of row that the published view shows, named as its table.
public enum ViewKind: String, Sendable, CaseIterable, Codable {
    /// Agents: `agent:{id}`, `agents:…`.
    case agents
    /// Tasks: `task:{id}`, `tasks:…`.
    case tasks
    /// Assets: `catalog:assets`, `catalog:checksums`, `catalog:metadata`, `catalog:index:…`.
    case assets
    /// Lineage of assets: `catalog:lineage:…`.
    case lineage = "asset_lineage"

    /// The private hash that remembers what of each row is published.
    var book: String { "cortex:view:\(rawValue)" }

    /// What messages call one row.
    var noun: String {
        switch self {
        case .agents: "agent"
        case .tasks: "task"
        case .assets: "asset"
        case .lineage: "asset_lineage"
        }
    }

    /// The channels that hear of changes.
    var channels: [String] {
        switch self {
        case .agents, .tasks: [ViewKeys.updates, ViewKeys.invalidations]
        case .assets: [ViewKeys.updates, ViewKeys.invalidations, "catalog:updates"]
        case .lineage: [ViewKeys.updates, ViewKeys.invalidations, "catalog:lineage:updates"]
        }
    }
}
