import Domain
import LosslessJSON
import SourceTree

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

    private init(_ record: IndexedRecord, mtime: Int64) {
        id = record.id
        fileID = record.fileID
        path = record.path
        member = record.member
        self.mtime = mtime
        pointer = record.pointer
        ordinal = record.ordinal
        span = record.span
        kind = record.kind
        naturalID = record.naturalID
        resolution = record.resolution
        rank = record.rank
        newestTime = record.newestTime
        sha256 = record.sha256
        disposition = record.disposition
        rows = record.rows
    }

    /// The record in a file of this time; a container's members have times of their own.
    func written(at mtime: Int64) -> IndexedRecord {
        member != nil || mtime == self.mtime ? self : IndexedRecord(self, mtime: mtime)
    }

    /// What it competes for with others; nil for a record that counts beside all others.
    var contest: [UInt8]? {
        let name: [UInt8]
        switch resolution {
        case .each: return nil
        case .eachDistinct: name = Array((naturalID ?? "").utf8) + [0] + (sha256 ?? [])
        case .byNaturalID: name = Array((naturalID ?? "").utf8)
        }
        return Array(kind.utf8) + [0] + Array("\(resolution)".utf8) + [0] + name
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
