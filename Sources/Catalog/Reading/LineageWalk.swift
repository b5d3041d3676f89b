import Domain

/// What a walk from an asset met in one direction: the material of `AssetLineage`.
struct LineageWalk {
    /// The direction: upstream or downstream.
    let direction: LineageDirection
    /// Every asset but the root, with its smallest depth.
    var nodes: [ExactText: AssetLineage.Node] = [:]
    /// The relations that were followed.
    var edges: Set<AssetLineage.Edge> = []

    /// The trees that hang on the root.
    func branches(of root: String) -> [AssetLineage.Branch] {
        // Of the neighbours one level nearer the one with the first id is the parent.
        let root = ExactText(root)
        var parents: [ExactText: ExactText] = [:]
        for edge in edges {
            let (near, far) =
                direction == .upstream
                ? (ExactText(edge.downstream), ExactText(edge.upstream))
                : (ExactText(edge.upstream), ExactText(edge.downstream))
            guard let node = nodes[far], depth(of: near, root: root) == node.depth - 1 else { continue }
            parents[far] = parents[far].map { min($0, near) } ?? near
        }
        let children = Dictionary(grouping: parents.keys) { parents[$0] ?? root }
        return branches(below: root, children)
    }

    private func depth(of id: ExactText, root: ExactText) -> Int? { id == root ? 0 : nodes[id]?.depth }

    private func branches(below id: ExactText, _ children: [ExactText: [ExactText]]) -> [AssetLineage.Branch] {
        children[id, default: []].sorted().compactMap { child in
            nodes[child].map { AssetLineage.Branch(node: $0, branches: branches(below: child, children)) }
        }
    }
}

extension AssetLineage {
    init(root: Node, upstream: LineageWalk, downstream: LineageWalk, isTruncated: Bool) {
        self.root = root
        self.upstream = upstream.branches(of: root.id)
        self.downstream = downstream.branches(of: root.id)
        let others = upstream.nodes.merging(downstream.nodes) { $0.depth <= $1.depth ? $0 : $1 }.values
        nodes =
            [root]
            + others.filter { ExactText($0.id) != ExactText(root.id) }.sorted {
                ($0.depth, ExactText($0.id)) < ($1.depth, ExactText($1.id))
            }
        edges = upstream.edges.union(downstream.edges).sorted { $0.order.lexicographicallyPrecedes($1.order) }
        self.isTruncated = isTruncated
    }

    /// Throws `catalog.invalid` for a depth that no walk goes to.
    static func check(depth: Int) throws(CatalogError) {
        guard (1...maximumDepth).contains(depth) else { throw .invalid("/depth", "must be 1 to \(maximumDepth)") }
    }
}
