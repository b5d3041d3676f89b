import Domain

/// Which way a walk through lineage goes.
public enum LineageDirection: String, Sendable, CaseIterable {
    /// To what the asset is made from.
    case upstream
    /// To what is made from it.
    case downstream
    /// Both.
    case both
}

/// The neighbourhood of an asset: a graph, and the tree that old clients know.
public struct AssetLineage: Sendable, Equatable {
    /// How many levels a walk goes at most.
    public static let maximumDepth = 100

    /// An asset that the walk met, or an id that no asset has.
    public struct Node: Sendable, Equatable {
        /// The id.
        public let id: String
        /// How many levels away, 0 for the asset asked for.
        public let depth: Int
        /// The asset's document; nil for an id that no asset has.
        public let document: StoredDocument?
    }

    /// A relation: data flows from upstream to downstream.
    public struct Edge: Sendable, Hashable {
        /// The id of what is used.
        public let upstream: String
        /// The id of what is made.
        public let downstream: String
        /// The word for the relation; nil where none is given.
        public let type: String?
        /// As reported, as exact decimal text; nil where none is given.
        public let confidence: String?

        /// The order of edges: that of the bytes, nothing before everything else.
        var order: [ExactText] { [upstream, downstream, type ?? "", confidence ?? ""].map(ExactText.init) }

        /// Whether all four are the same, byte by byte.
        public static func == (first: Edge, second: Edge) -> Bool {
            ExactText(first.upstream) == ExactText(second.upstream)
                && ExactText(first.downstream) == ExactText(second.downstream)
                && first.type.map(ExactText.init) == second.type.map(ExactText.init)
                && first.confidence.map(ExactText.init) == second.confidence.map(ExactText.init)
        }

        /// Of the two ids; other edges between them are few.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(ExactText(upstream))
            hasher.combine(ExactText(downstream))
        }
    }

    /// A tree of assets: each in it once, at its smallest depth, under the neighbour with the first id that leads to it.
    public struct Branch: Sendable, Equatable {
        /// The asset.
        public let node: Node
        /// Where the walk goes on.
        public let branches: [Branch]
    }

    /// The asset asked for.
    public let root: Node
    /// What it is made from.
    public let upstream: [Branch]
    /// What is made from it.
    public let downstream: [Branch]
    /// Every asset in either tree, the root first, then by depth and id.
    public let nodes: [Node]
    /// Every relation that was walked.
    public let edges: [Edge]
    /// Whether there is more than `maximumEdges` relations allow to show.
    public let isTruncated: Bool

    /// How many relations a walk follows in each direction at most.
    public static let maximumEdges = 5_000
}
