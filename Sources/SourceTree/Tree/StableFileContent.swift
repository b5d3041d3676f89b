/// What reading a file to its end proved about it.
public struct StableFileDigest: Sendable, Hashable {
    /// SHA-256 of the bytes, 32 bytes.
    public var sha256: [UInt8]
    /// The facts, the same before and after reading.
    public var fingerprint: FileFingerprint
    /// Permission bits.
    public var mode: UInt32

    /// A digest of these facts.
    public init(sha256: [UInt8], fingerprint: FileFingerprint, mode: UInt32) {
        self.sha256 = sha256
        self.fingerprint = fingerprint
        self.mode = mode
    }

    /// How many bytes there are.
    public var size: Int64 { fingerprint.size }
}

/// A file's digest, and its bytes where they were asked for and few enough.
public struct StableFileContent: Sendable, Hashable {
    /// What is known about the file.
    public var digest: StableFileDigest
    /// The bytes; nil for a file above the limit, which is read a second time through `StableFile.open(expecting:)`.
    public var bytes: [UInt8]?

    /// Content of these parts.
    public init(digest: StableFileDigest, bytes: [UInt8]?) {
        self.digest = digest
        self.bytes = bytes
    }
}
