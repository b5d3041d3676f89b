import Domain

/// A row of PostgreSQL as far as the published view shows it.
struct ViewRow: Sendable, Equatable {
    /// What is there of a row, by kind; nil of a row that may not be shown.
    enum Content: Sendable, Equatable {
        case agent(type: String?)
        case task(status: String?, agent: String?)
        case asset(indexes: [ViewIndex: String], modified: String?, checksum: String?)
        /// An edge, and those of its ends that are names of no asset.
        case lineage(upstream: String?, downstream: String?, dangling: [String])
    }

    let id: String
    let version: Int
    /// Whether readers of the view may see it: its sensitivity, or that of both its ends, is public or internal.
    let isVisible: Bool
    let content: Content
    /// The document; empty for lineage, of which only the edges are shown.
    let body: [UInt8]

    /// All that it makes true, in an order in which it can be taken back: members before the values they use.
    var facts: [ViewFact] {
        switch content {
        case .agent(let type):
            guard isVisible else { return [] }
            return [ViewFact(.document, ViewKeys.agent + id, value: body), ViewFact(.member, ViewKeys.allAgents, id)]
                + Self.listed(type.map { "agents:type:\($0)" }, id)
        case .task(let status, let agent):
            guard isVisible else { return [] }
            return [ViewFact(.document, ViewKeys.task + id, value: body), ViewFact(.member, ViewKeys.allTasks, id)]
                + Self.listed(status.map { "tasks:status:\($0)" }, id)
                + Self.listed(agent.map { "tasks:agent:\($0)" }, id)
        case .asset(let indexes, let modified, let checksum):
            return isVisible ? asset(indexes, modified, checksum) : []
        case .lineage(let upstream, let downstream, let dangling):
            let names = Set(dangling.map(ExactText.init)).sorted().map {
                ViewFact(.member, ViewKeys.dangling($0.text), id)
            }
            guard isVisible, let upstream, let downstream else { return names }
            return [ViewFact(.edge, upstream, downstream)] + names
        }
    }

    private func asset(_ indexes: [ViewIndex: String], _ modified: String?, _ checksum: String?) -> [ViewFact] {
        var facts = [ViewFact(.field, ViewKeys.assets, id, value: body)]
        if let checksum { facts.append(ViewFact(.field, ViewKeys.checksums, id, value: checksum)) }
        if let modified { facts.append(ViewFact(.score, ViewKeys.byModified, id, value: modified)) }
        for index in ViewIndex.allCases {
            guard let value = indexes[index] else { continue }
            facts.append(ViewFact(.member, index.prefix + value, id))
            facts.append(ViewFact(.inUse, index.values, value, value: index.prefix + value))
        }
        return facts
    }

    private static func listed(_ key: String?, _ id: String) -> [ViewFact] {
        key.map { [ViewFact(.member, $0, id)] } ?? []
    }
}
