/// A mapping that was drafted for a tree: its text, and why it is as it is.
public struct MappingDraft: Sendable {
    /// Records of one kind that one rule takes from one place.
    public struct Rule: Sendable, Equatable {
        /// The rule's name.
        public let name: String
        /// The patterns of its files.
        public let globs: [String]
        /// The kind of the records.
        public let kind: String
        /// Where they are in a file.
        public let pointer: String
        /// What they are found by: the first source of the id.
        public let id: String
        /// `live`, `backup` or `archive`.
        public let rank: String
        /// `json` or `stream`.
        public let format: String
        /// Files that the rule takes.
        public let files: Int
        /// Records of the kind in them.
        public let records: Int
        /// Why it was drafted so, for people.
        public let why: String
    }

    /// A file that is named as JSON and that no rule takes.
    public struct Unmapped: Sendable, Equatable {
        /// The path, with `!/member` for members of compressed files.
        public let path: [UInt8]
        /// Why no rule could be drafted for it.
        public let reason: String
    }

    /// The mapping file, comments included; a comment alone where there are no rules.
    public let yaml: String
    /// What the rules take, in their order.
    public let rules: [Rule]
    /// Files named as JSON that no rule takes, by path.
    public let unmapped: [Unmapped]
    /// Files that could not be read, each with the reason.
    public let problems: [String]
}
