/// What changes whenever a file's content does: size, times and inode as one `fstat` gave them.
///
/// Equal fingerprints mean "not changed" except within one tick of the kernel's clock (a few milliseconds) and
/// behind a program that sets the clock back; `StableFile` covers the first.
public struct FileFingerprint: Sendable, Hashable, Codable {
    /// Bytes.
    public var size: Int64
    /// Last change of the content, nanoseconds since 1970; programs can set it.
    public var mtimeNanoseconds: Int64
    /// Last change of content or attributes, nanoseconds since 1970; programs cannot set it.
    public var ctimeNanoseconds: Int64
    /// The file's number on its file system; another one after a replacing rename.
    public var inode: UInt64

    /// A fingerprint of these facts.
    public init(size: Int64, mtimeNanoseconds: Int64, ctimeNanoseconds: Int64, inode: UInt64) {
        self.size = size
        self.mtimeNanoseconds = mtimeNanoseconds
        self.ctimeNanoseconds = ctimeNanoseconds
        self.inode = inode
    }
}
