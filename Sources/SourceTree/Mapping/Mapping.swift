import Crypto
import Domain

/// How files become records and records become rows: the compiled form of a mapping file.
///
/// The language is described in `docs/mapping.md`. A mapping is immutable and holds no state of a run.
public struct Mapping: Sendable {
    /// The file's name as given, for messages.
    public let file: String
    /// The mapping's own name.
    public let name: String
    /// SHA-256 of the file's bytes: two runs with equal digests map alike.
    public let sha256: [UInt8]
    /// The rules in the order in which they are tried.
    public let rules: [MappingRule]
    /// Spellings that mean one agent.
    public let aliases: [AgentAlias]

    /// Reads and checks a mapping; throws every issue that was found.
    public init(yaml: [UInt8], file: String) throws(MappingError) {
        var decoder = MappingDecoder(file: file)
        let parts = try decoder.decode(yaml)
        self.file = file
        name = parts.name
        sha256 = Array(SHA256.hash(data: yaml))
        rules = parts.rules
        aliases = parts.aliases
    }

    /// The mapping that ships with Cortex, made for the coordination trees of the original project.
    public static func shipped() throws(MappingError) -> Mapping {
        try Mapping(yaml: shippedYAML, file: "cortex.yaml")
    }

    /// The text of the shipped mapping, to copy and change.
    public static var shippedYAML: [UInt8] { PackageResources.cortex_yaml }

    /// The JSON Schema of mapping files.
    public static var publishedSchema: [UInt8] { PackageResources.mapping_schema_json }

    /// The first rule that takes a path, nil when none does.
    public func rule(for path: MappingPath) -> MappingRule? {
        // By index: an iterator would copy every rule on the way.
        rules.indices.first { rules[$0].takes(path) }.map { rules[$0] }
    }

    /// The rule of this name.
    public func rule(named name: String) -> MappingRule? {
        rules.first { $0.name == name }
    }

    /// Every kind that records can get, sorted; without `unknown`.
    public var kinds: [String] {
        Set(rules.flatMap(\.kinds)).sorted()
    }
}

/// A spelling that plainly means an agent that has another id; linked, never merged.
public struct AgentAlias: Sendable, Hashable {
    /// The spelling, such as `development`.
    public let alias: String
    /// The agent's id, such as `development-master`.
    public let agentID: String
}

/// Which files a rule takes and what is read from them.
public struct MappingRule: Sendable {
    /// The unique name.
    public let name: String
    /// The patterns; one match suffices.
    public let files: [MappingGlob]
    /// How the file is read.
    public let format: Format
    /// The kind of a stretch that is no valid JSON: that of the rule's first records.
    public let kind: String
    /// The line in the mapping file.
    public let line: Int?
    let selections: [RecordSelection]

    /// How a file is read.
    public enum Format: String, Sendable, CaseIterable {
        /// One JSON document: from the first mistake on, the rest of the file is one quarantined stretch.
        case json
        /// Any number of values: reading goes on behind a mistake.
        case stream
        /// Not read as JSON; the bytes are kept.
        case file
        /// Not read as JSON; the text says what of the source cannot be imported, and becomes a finding.
        case note
    }

    /// Whether the file is read as JSON.
    var readsRecords: Bool { format == .json || format == .stream }

    /// Whether a pattern matches.
    public func takes(_ path: MappingPath) -> Bool {
        files.contains { $0.matches(path.bytes) }
    }

    /// Every kind of record that the rule makes.
    public var kinds: Set<String> { Set(selections.map(\.shape.kind)) }
}

/// How the rows of one kind are found among its records.
public enum RecordResolution: String, Sendable, CaseIterable {
    /// One row per natural id; the best record wins.
    case byNaturalID = "id"
    /// Every record is a row of its own, repeats too.
    case each
    /// Every different record is a row of its own; exact repeats are superseded.
    case eachDistinct = "distinct"
}

/// Where records lie in a value, which of the values there are meant, and what each becomes.
final class RecordSelection: Sendable {
    /// The pattern, such as `/tasks/*`; empty for the whole value.
    let pointer: String
    let tokens: [String]
    let conditions: [RecordCondition]
    let shape: RecordShape
    let rank: Int
    let checksFileName: Bool
    let line: Int?

    init(
        pointer: String,
        tokens: [String],
        conditions: [RecordCondition],
        shape: RecordShape,
        rank: Int,
        checksFileName: Bool,
        line: Int?
    ) {
        self.pointer = pointer
        self.tokens = tokens
        self.conditions = conditions
        self.shape = shape
        self.rank = rank
        self.checksFileName = checksFileName
        self.line = line
    }

    /// Whether a concrete pointer matches the pattern.
    func matches(_ concrete: [String]) -> Bool {
        concrete.count == tokens.count && zip(tokens, concrete).allSatisfy { $0 == "*" || $0 == $1 }
    }
}

/// What must hold for a value to be a record of a selection.
enum RecordCondition: Sendable, Hashable {
    /// The member exists (its value may be null).
    case exists(MappingPointer)
    /// The member does not exist.
    case missing(MappingPointer)
    /// The member is a string, number or word spelled so.
    case equals(MappingPointer, String)
    /// The value is an object, array, string, number, boolean or null.
    case isKind(String)
}
