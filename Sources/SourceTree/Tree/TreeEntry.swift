public import Domain

/// One entry of a tree as `lstat` described it, or the reason why it could not.
public struct TreeEntry: Sendable, Hashable {
    /// Path relative to the root: any byte but NUL, parts separated by `/`, no slash at either end.
    public var path: [UInt8]
    /// What it is; `unreadable` when its facts or, for a directory, its list could not be read.
    public var type: EntryType
    /// Bytes; 0 where the facts could not be read.
    public var size: Int64
    /// Last change of the content, nanoseconds since 1970.
    public var mtimeNanoseconds: Int64
    /// Last change of content or attributes, nanoseconds since 1970.
    public var ctimeNanoseconds: Int64
    /// The number on its file system.
    public var inode: UInt64
    /// The file system.
    public var device: UInt64
    /// Type and permission bits as `st_mode` has them.
    public var mode: UInt32
    /// Where a link points to, as stored; nil for everything else.
    public var linkTarget: [UInt8]?
    /// Why it is unreadable; nil otherwise.
    public var error: String?

    /// An entry with these facts.
    public init(
        path: [UInt8],
        type: EntryType,
        size: Int64 = 0,
        mtimeNanoseconds: Int64 = 0,
        ctimeNanoseconds: Int64 = 0,
        inode: UInt64 = 0,
        device: UInt64 = 0,
        mode: UInt32 = 0,
        linkTarget: [UInt8]? = nil,
        error: String? = nil
    ) {
        self.path = path
        self.type = type
        self.size = size
        self.mtimeNanoseconds = mtimeNanoseconds
        self.ctimeNanoseconds = ctimeNanoseconds
        self.inode = inode
        self.device = device
        self.mode = mode
        self.linkTarget = linkTarget
        self.error = error
    }

    /// The path for people, see `TreePath.text`.
    public var pathText: String { TreePath.text(path) }

    /// Permission bits, set-id and sticky bits included.
    public var permissions: UInt32 { mode & 0o7777 }

    /// What changes when the content does.
    public var fingerprint: FileFingerprint {
        FileFingerprint(
            size: size,
            mtimeNanoseconds: mtimeNanoseconds,
            ctimeNanoseconds: ctimeNanoseconds,
            inode: inode
        )
    }
}

extension TreeEntry {
    init(path: [UInt8], status: FileStatus, linkTarget: [UInt8]? = nil) {
        self.init(
            path: path,
            type: status.type,
            size: status.size,
            mtimeNanoseconds: status.mtimeNanoseconds,
            ctimeNanoseconds: status.ctimeNanoseconds,
            inode: status.inode,
            device: status.device,
            mode: status.mode,
            linkTarget: linkTarget
        )
    }
}
