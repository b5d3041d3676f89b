/// What an export wrote, and what it could not write.
public struct ExportFacts: Sendable, Encodable {
    /// Regular files.
    public internal(set) var files = 0
    /// All entries, directories and links included.
    public internal(set) var entries = 0
    /// Bytes of the files.
    public internal(set) var bytes: Int64 = 0
    /// Entries that could not be made.
    public internal(set) var omitted: [Omission] = []
    /// Files that were changed at some places, in the order of their paths.
    public internal(set) var patched: [String] = []
    /// Files that were not in the imported tree, in the order of their paths.
    public internal(set) var created: [String] = []
    /// Files of the imported tree that are no more, in the order of their paths.
    public internal(set) var removed: [String] = []
    /// Records that went although their row was not deleted: they would win over the row that a program wrote.
    public internal(set) var removedCopies: [Copy] = []
    /// Rows, or columns of rows, that no file of this tree can say.
    public internal(set) var notExported: [NotExported] = []
    /// What a new import of the tree brings back although it was deleted.
    public internal(set) var resurfacing: [NotExported] = []

    /// An entry that was not made.
    public struct Omission: Sendable, Encodable {
        /// Its path as text.
        public let path: String
        /// Why.
        public let reason: String
    }

    /// A record among others of its id.
    public struct Copy: Sendable, Encodable {
        /// Its file.
        public let path: String
        /// Where in the file.
        public let jsonPointer: String
        /// The table of the row.
        public let table: String
        /// The key of the row.
        public let key: String

        private enum CodingKeys: String, CodingKey {
            case path, table, key
            case jsonPointer = "json_pointer"
        }
    }

    /// A row that the tree does not show as the database has it.
    public struct NotExported: Sendable, Encodable, Hashable {
        /// The file that it came from or would be in; nil where there is none.
        public let path: String?
        /// The table.
        public let table: String
        /// The key; columns of a composite key joined with a slash.
        public let key: String
        /// The column, where the rest of the row was written.
        public let column: String?
        /// Why.
        public let reason: String
    }

    private enum CodingKeys: String, CodingKey {
        case files, entries, bytes, omitted, patched, created, removed, resurfacing
        case removedCopies = "removed_copies"
        case notExported = "not_exported"
    }
}
