public import Domain

/// What a `TreeWriter` made, and what it could not.
public struct TreeWriterReport: Sendable, Hashable {
    /// An entry that was not recreated.
    public struct Omission: Sendable, Hashable {
        /// The path in the tree.
        public var path: [UInt8]
        /// What stood there.
        public var type: EntryType
    }

    /// Regular files made.
    public var files = 0
    /// Directories made, those on the way to entries included.
    public var directories = 0
    /// Symbolic links made.
    public var links = 0
    /// Named pipes made.
    public var pipes = 0
    /// Bytes in the files.
    public var bytes: Int64 = 0
    /// Sockets, devices and unreadable entries, in the order they came.
    public var notRecreated: [Omission] = []

    /// Nothing made.
    public init() {}
}
