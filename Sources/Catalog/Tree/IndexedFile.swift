import Domain
import LosslessJSON
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
    /// The bytes of such a file, if it is not large: a write that follows begins with what was read.
    let freshBytes: [UInt8]?
    /// The records in it, those of a container's members included.
    let records: [IndexedRecord]
}

/// A record of the tree: where it is, what decides between it and others of its id, and the rows that it becomes.
final class IndexedRecord: Sendable {
    let id: DeterministicID
    let fileID: DeterministicID
    let path: [UInt8]
    let member: [UInt8]?
    let mtime: Int64
    let pointer: String
    let ordinal: Int
    let span: ByteSpan
    let kind: String
    let naturalID: String?
    let resolution: RecordResolution
    let rank: Int
    let newestTime: Int64?
    let sha256: [UInt8]?
    let disposition: ExtractedRecord.Disposition
    let rows: [MappedRow]

    init(_ record: ExtractedRecord, fileID: DeterministicID, path: [UInt8], member: [UInt8]?, mtime: Int64) {
        id = record.recordID
        self.fileID = fileID
        self.path = path
        self.member = member
        self.mtime = mtime
        pointer = record.pointer
        ordinal = record.ordinal
        span = record.span
        kind = record.kind
        naturalID = record.naturalID
        resolution = record.resolution
        rank = record.sourceRank
        newestTime = record.newestTime
        sha256 = record.sha256
        disposition = record.disposition
        rows = record.rows
    }

    /// Those that compete with each other are of one contender.
    var contender: Contender {
        let name: String =
            switch resolution {
            case .each: id.description
            case .eachDistinct: (naturalID ?? "") + "\n" + (sha256.map { "\($0)" } ?? "")
            case .byNaturalID: naturalID ?? ""
            }
        return Contender(kind: kind, resolution: resolution, name: name)
    }

    /// What records compete for.
    struct Contender: Hashable {
        let kind: String
        let resolution: RecordResolution
        let name: String
    }

    /// Whether it counts before another one: rank of the source, its own newest time, file time, path, place.
    func isBetter(than other: IndexedRecord) -> Bool {
        if rank != other.rank { return rank < other.rank }
        let (mine, its) = (newestTime ?? .min, other.newestTime ?? .min)
        if mine != its { return mine > its }
        if mtime != other.mtime { return mtime > other.mtime }
        if path != other.path { return path.lexicographicallyPrecedes(other.path) }
        if member != other.member {
            guard let member else { return true }
            return other.member.map { member.lexicographicallyPrecedes($0) } ?? false
        }
        return (ordinal, span.start, id.high, id.low) < (other.ordinal, other.span.start, other.id.high, other.id.low)
    }
}
