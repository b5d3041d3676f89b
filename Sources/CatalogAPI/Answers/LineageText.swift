import Catalog

/// The lineage of an asset in the forms that clients ask for.
struct LineageText {
    /// The forms.
    enum Format: String, CaseIterable {
        /// What old clients know: each neighbour with its own neighbours inside.
        case tree
        case graph
        case mermaid
        case openlineage
    }

    static let maximumDepth = 100

    private let lineage: AssetLineage

    init(_ lineage: AssetLineage) {
        self.lineage = lineage
    }

    /// `{"asset_id","upstream":[{…asset,"upstream":[…]}],"downstream":[…]}`.
    var tree: OrderedJSON {
        .object([
            (name: "asset_id", value: .string(lineage.root.id)),
            (name: "upstream", value: .array(lineage.upstream.map { branch($0, "upstream") })),
            (name: "downstream", value: .array(lineage.downstream.map { branch($0, "downstream") })),
            (name: "is_truncated", value: .boolean(lineage.isTruncated)),
        ])
    }

    private func branch(_ branch: AssetLineage.Branch, _ name: String) -> OrderedJSON {
        let below = OrderedJSON.object([
            (name: name, value: .array(branch.branches.map { self.branch($0, name) }))
        ])
        // A document is an object with a version, so what follows its last member can be put behind it.
        return .raw(Array(document(branch.node).dropLast()) + Array(",".utf8) + below.bytes.dropFirst())
    }

    private func document(_ node: AssetLineage.Node) -> [UInt8] {
        node.document?.body
            ?? OrderedJSON.object([
                (name: "asset_id", value: .string(node.id)), (name: "is_known", value: .boolean(false)),
            ])
            .bytes
    }

    /// `{"asset_id","nodes":[…],"edges":[{"upstream","downstream","type","confidence"}]}`.
    var graph: OrderedJSON {
        .object([
            (name: "asset_id", value: .string(lineage.root.id)),
            (
                name: "nodes",
                value: .array(
                    lineage.nodes.map { node in
                        .object([
                            (name: "id", value: .string(node.id)), (name: "depth", value: .integer(node.depth)),
                            (name: "asset", value: node.document.map { .raw($0.body) } ?? .null),
                        ])
                    }
                )
            ),
            (
                name: "edges",
                value: .array(
                    lineage.edges.map { edge in
                        .object([
                            (name: "upstream", value: .string(edge.upstream)),
                            (name: "downstream", value: .string(edge.downstream)),
                            (name: "type", value: .optional(edge.type)),
                            (name: "confidence", value: edge.confidence.map { .raw(Array($0.utf8)) } ?? .null),
                        ])
                    }
                )
            ),
            (name: "is_truncated", value: .boolean(lineage.isTruncated)),
        ])
    }

    /// A flow chart for Mermaid; ids are labels, whatever characters they hold.
    var mermaid: String {
        let numbers = Dictionary(uniqueKeysWithValues: lineage.nodes.enumerated().map { ($1.id, $0) })
        let nodes = lineage.nodes.enumerated().map { "    n\($0)[\"\(Self.label($1.id))\"]" }
        let edges = lineage.edges.compactMap { edge -> String? in
            guard let from = numbers[edge.upstream], let to = numbers[edge.downstream] else { return nil }
            let type = edge.type.map { "|\"\(Self.label($0))\"|" } ?? ""
            return "    n\(from) -->\(type) n\(to)"
        }
        return (["flowchart LR"] + nodes + edges).joined(separator: "\n") + "\n"
    }

    private static func label(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "#", "<", ">", "&": "#\(scalar.value);"
            case _ where scalar.value < 0x20: " "
            default: String(scalar)
            }
        }.joined()
    }

    /// OpenLineage job events, one for each asset that something flows into.
    func openLineage(at time: String) -> OrderedJSON {
        let targets = lineage.nodes.filter { node in lineage.edges.contains { $0.downstream == node.id } }
        return .array(
            targets.map { node in
                let inputs = lineage.edges.filter { $0.downstream == node.id }.map(\.upstream)
                return .object([
                    (name: "eventTime", value: .string(time)), (name: "producer", value: "urn:cortex"),
                    (
                        name: "schemaURL",
                        value: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
                    ),
                    (name: "job", value: ["namespace": "cortex", "name": .string("lineage of \(node.id)")]),
                    (name: "inputs", value: .array(inputs.map(Self.dataset))),
                    (name: "outputs", value: .array([Self.dataset(node.id)])),
                ])
            }
        )
    }

    private static func dataset(_ id: String) -> OrderedJSON { ["namespace": "cortex", "name": .string(id)] }
}
