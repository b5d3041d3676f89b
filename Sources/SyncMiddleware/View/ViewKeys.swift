/// The names of the published view and of what belongs to it.
enum ViewKeys {
    /// The private hash with the view's mark, fencing number and position; where it is missing, the view is not ours.
    static let state = "cortex:view"
    /// The private hash of edges: which lineage rows say each of them.
    static let edges = "cortex:view:edges"
    /// The channel that hears of every published change.
    static let updates = "cortex:sync:update"
    /// The same for caches of other programs.
    static let invalidations = "cortex:sync:invalidate"

    static let assets = "catalog:assets"
    static let checksums = "catalog:checksums"
    static let metadata = "catalog:metadata"
    static let byModified = "catalog:index:by_modified"
    static let allTasks = "tasks:all"
    static let allAgents = "agents:all"
    static let upstream = "catalog:lineage:upstream:"
    static let downstream = "catalog:lineage:downstream:"
    static let task = "task:"
    static let agent = "agent:"

    /// The private set of lineage rows of which an end is only a name: that of no asset when the row was written.
    static func dangling(_ name: String) -> String { "cortex:view:dangling:\(name)" }

    /// What SCAN looks for to find every published key, and `isPublished` then tells from others.
    static let patterns = ["catalog:*", "task*", "agent*"]

    /// Whether a key belongs to a family of the view.
    static func isPublished(_ key: [UInt8]) -> Bool {
        let names = [assets, checksums, metadata]
        let prefixes = ["catalog:index:", "catalog:lineage:", task, agent, "tasks:", "agents:"]
        return names.contains { key.elementsEqual($0.utf8) } || prefixes.contains { key.starts(with: $0.utf8) }
    }
}

/// A column of assets that has a set of its values and a set of assets for each.
enum ViewIndex: String, Sendable, CaseIterable {
    case type, owner, namespace, sensitivity

    /// The set of the values in use.
    var values: String { self == .sensitivity ? "catalog:index:sensitivities" : "catalog:index:\(rawValue)s" }
    /// What the names of the sets of assets begin with.
    var prefix: String { "catalog:index:by_\(rawValue):" }
    /// The column.
    var column: String { self == .type ? "asset_type" : rawValue }
}
