import Domain

/// The rows of agents that exist only as names.
///
/// Most records of a file name the same few: rows that were made are kept, as many as there is room for.
final class InferredAgents {
    /// The names of the agents whose rows are kept, each at a place that its hash says; empty where there is none.
    private var names: [[UInt8]]
    private var rows: [MappedValues]

    init(capacity: Int = 64) {
        names = Array(repeating: [], count: capacity)
        rows = Array(repeating: Self.template.values, count: capacity)
    }

    /// What every such row says, and where the name goes.
    private static let template: (values: MappedValues, name: Int) = {
        let columns = CatalogTable.agents.mappedColumns.map(\.name)
        let values = columns.map { column -> MappedValue in
            switch column {
            case "agent_type": .text("external")
            case "origin": .text("inferred")
            default: .null
            }
        }
        guard let name = columns.firstIndex(of: "agent_id") else { preconditionFailure("agents have no agent_id") }
        return (MappedValues(values), name)
    }()

    /// The values of the row of an agent, whose name is not empty.
    func values(named name: UnsafeBufferPointer<UInt8>) -> MappedValues {
        let place = Int(truncatingIfNeeded: NameHash.words(name)) & (rows.count - 1)
        if !names[place].withUnsafeBufferPointer({ ByteMarks.areEqual($0, name) }) {
            names[place] = Array(name)
            rows[place] = Self.template.values
            rows[place].setText(Self.template.name, to: name)
        }
        return rows[place]
    }
}

// It belongs to the thread that makes the records of a file.
@available(*, unavailable)
extension InferredAgents: Sendable {}
