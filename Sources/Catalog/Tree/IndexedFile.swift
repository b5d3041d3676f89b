import SourceTree

/// A file of the tree as it was read: what it says, and by what a change of it shows.
struct IndexedFile: Sendable {
    /// The path relative to the source.
    let path: [UInt8]
    /// What changes when the content does.
    let fingerprint: FileFingerprint
    /// The SHA-256 of the bytes.
    let sha256: [UInt8]
    /// Whether it was written so shortly before it was read that another write may not show.
    let isFresh: Bool
    /// The records in it, those of a container's members included.
    let records: [IndexedRecord]

    /// Whether a file with this fingerprint is sure to have these bytes.
    func isCurrent(_ other: FileFingerprint) -> Bool { !isFresh && fingerprint == other }

    /// The same bytes, found with other facts; the records are the same ones where they say the same.
    func found(as fingerprint: FileFingerprint, isFresh: Bool) -> IndexedFile {
        IndexedFile(
            path: path,
            fingerprint: fingerprint,
            sha256: sha256,
            isFresh: isFresh,
            records: records.map { $0.written(at: fingerprint.mtimeNanoseconds) }
        )
    }
}
