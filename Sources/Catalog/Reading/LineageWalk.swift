/// What a walk from an asset met in one direction: the material of `AssetLineage`.
struct LineageWalk {
    /// The direction: upstream or downstream.
    let direction: LineageDirection
    /// Every asset but the root, with its smallest depth.
    var nodes: [String: AssetLineage.Node] = [:]
    /// The relations that were followed.
    var edges: Set<AssetLineage.Edge> = []

    /// The trees that hang on the root.
    func branches(of root: String) -> [AssetLineage.Branch] {
        // Of the neighbours one level nearer the one with the first id is the parent.
        var parents: [String: String] = [:]
        for edge in edges {
            let (near, far) =
                direction == .upstream ? (edge.downstream, edge.upstream) : (edge.upstream, edge.downstream)
            guard let node = nodes[far], depth(of: near, root: root) == node.depth - 1 else { continue }
            parents[far] = parents[far].map { min($0, near) } ?? near
        }
        let children = Dictionary(grouping: parents.keys) { parents[$0] ?? root }
        return branches(below: root, children)
    }

    private func depth(of id: String, root: String) -> Int? { id == root ? 0 : nodes[id]?.depth }

    private func branches(below id: String, _ children: [String: [String]]) -> [AssetLineage.Branch] {
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
        nodes = [root] + others.filter { $0.id != root.id }.sorted { ($0.depth, $0.id) < ($1.depth, $1.id) }
        edges = upstream.edges.union(downstream.edges).sorted {
            ($0.upstream, $0.downstream, $0.type ?? "", $0.confidence ?? "")
                < ($1.upstream, $1.downstream, $1.type ?? "", $1.confidence ?? "")
        }
        self.isTruncated = isTruncated
    }

    /// Throws `catalog.invalid` for a depth that no walk goes to.
    static func check(depth: Int) throws(CatalogError) {
        guard (1...maximumDepth).contains(depth) else { throw .invalid("/depth", "must be 1 to \(maximumDepth)") }
    }
}
