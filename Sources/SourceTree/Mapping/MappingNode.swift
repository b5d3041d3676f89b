import Yams

/// A node of a mapping file with its place in words.
struct MappingNode {
    let node: Node
    let place: String

    var line: Int? { node.mark?.line }

    /// The members of a mapping in order, keys as text.
    var members: [(key: String, value: MappingNode)]? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.map { key, value in
            let name = key.scalar?.string ?? ""
            return (name, MappingNode(node: value, place: place.isEmpty ? name : "\(place)/\(name)"))
        }
    }

    var elements: [MappingNode]? {
        guard case .sequence(let sequence) = node else { return nil }
        return sequence.enumerated().map { MappingNode(node: $1, place: "\(place)/\($0)") }
    }

    var text: String? { node.scalar?.string }

    /// What it is, for messages.
    var kind: String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar: "a scalar"
        case .alias: "an alias"
        }
    }
}

/// The members of one mapping, each taken once; what is left over is an unknown key.
struct MappingMembers {
    let owner: MappingNode
    private var members: [String: MappingNode] = [:]
    private let order: [String]
    private var taken: Set<String> = []

    init?(_ node: MappingNode) {
        guard let list = node.members else { return nil }
        owner = node
        order = list.map(\.key)
        for member in list { members[member.key] = member.value }
    }

    /// The member of this name; an explicit null counts as absent.
    mutating func take(_ name: String) -> MappingNode? {
        taken.insert(name)
        guard let member = members[name] else { return nil }
        if case .scalar(let scalar) = member.node, scalar.style == .plain, ["", "~", "null"].contains(scalar.string) {
            return nil
        }
        return member
    }

    /// Every member that was not taken.
    var unknown: [MappingNode] { order.filter { !taken.contains($0) }.compactMap { members[$0] } }

    /// The names that could have been meant.
    var known: [String] { taken.sorted() }
}
