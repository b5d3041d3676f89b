/// One member of a tar archive as its header describes it; names are bytes as stored, whatever they hold.
public struct TarMember: Sendable, Hashable {
    /// What a member is.
    public enum Kind: Sendable, Hashable {
        /// A regular file, with `size` bytes of content.
        case file
        /// A directory.
        case directory
        /// A symbolic link to `linkTarget`.
        case symbolicLink
        /// A hard link to the member named `linkTarget`.
        case hardLink
        /// A named pipe.
        case fifo
        /// A character or block device.
        case device
        /// A type byte that the format leaves to vendors.
        case other(UInt8)
    }

    /// The name, never empty, possibly absolute or with `..`: see `isPlainRelativePath`.
    public var path: [UInt8]
    /// What it is.
    public var kind: Kind
    /// Bytes of content; 0 for everything but files and vendor types.
    public var size: Int
    /// Permission bits.
    public var mode: UInt32
    /// Modification time since 1970; seconds only in plain headers, to the nanosecond in pax ones.
    public var mtimeNanoseconds: Int64
    /// The target of a link, empty otherwise.
    public var linkTarget: [UInt8]
    /// Where the member's own header starts in the archive.
    public var headerOffset: Int
    /// Where its content starts in the archive.
    public var dataOffset: Int

    /// Whether the name stays inside the directory it is unpacked to: relative, no `..`, no empty part, no NUL.
    ///
    /// A leading `./` and one trailing `/` are harmless and allowed.
    public var isPlainRelativePath: Bool {
        var parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        return !parts.isEmpty && !path.contains(0)
            && parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) }
    }
}
