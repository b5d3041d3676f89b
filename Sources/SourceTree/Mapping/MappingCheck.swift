import Domain

/// Which rule takes which file, and what is left over: the data of `cortex mapping check`.
public struct MappingCheck: Sendable {
    /// A file and what happens to it.
    public struct Assignment: Sendable, Equatable {
        /// The path, with `!/member` for members of containers.
        public let path: [UInt8]
        /// The rule; nil where none takes the file.
        public let rule: String?
        /// Whether the name promises JSON.
        public let isNamedJSON: Bool
        /// Later rules that would take it too.
        public let alsoTakenBy: [String]
    }

    /// Every file in the order given.
    public private(set) var assignments: [Assignment] = []
    /// The number of files that each rule takes, in the order of the rules.
    public private(set) var counts: [(rule: String, files: Int)]
    private let mapping: Mapping

    /// A check of a mapping, before any file.
    public init(mapping: Mapping) {
        self.mapping = mapping
        counts = mapping.rules.map { ($0.name, 0) }
    }

    /// Takes a file, or a member of a container, into account.
    public mutating func add(path: [UInt8], member: [UInt8]? = nil) {
        let place = MappingPath(path, member: member)
        let taking = mapping.rules.indices.filter { mapping.rules[$0].takes(place) }
        if let first = taking.first { counts[first].files += 1 }
        assignments.append(
            Assignment(
                path: place.bytes,
                rule: taking.first.map { mapping.rules[$0].name },
                isNamedJSON: place.isNamedJSON,
                alsoTakenBy: taking.dropFirst().map { mapping.rules[$0].name }
            )
        )
    }

    /// Files named as JSON that no rule takes.
    public var unmapped: [[UInt8]] {
        assignments.filter { $0.rule == nil && $0.isNamedJSON }.map(\.path)
    }

    /// Rules that took no file.
    public var unusedRules: [String] {
        counts.filter { $0.files == 0 }.map(\.rule)
    }
}
