import Compression
import Crypto
public import Domain
import LosslessJSON

/// A file whose members are files of the tree too: `.tar.gz`, `.tgz`, or `.gz` with its one member.
///
/// Members are read as streams within `ExpansionLimit.standard`; what is damaged or expands beyond that throws an
/// error with the code `compression.invalid` and the place.
public struct Container: Sendable {
    /// A member that is a regular file.
    public struct Member: Sendable {
        /// The name as stored; for a plain `.gz` the container's name without its suffix.
        public let path: [UInt8]
        /// Modification time in nanoseconds since 1970; nil where the format has none.
        public let mtimeNanoseconds: Int64?
        /// Permission bits; nil where the format has none.
        public let mode: UInt32?
    }

    private enum Format {
        case gzip
        case tarGzip
    }

    private let path: [UInt8]
    private let format: Format

    /// The container at this path; nil when the name is not one of a container.
    public init?(path: [UInt8]) {
        func hasSuffix(_ suffix: String) -> Bool {
            path.count > suffix.utf8.count && path.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
        if hasSuffix(".tar.gz") || hasSuffix(".tgz") {
            format = .tarGzip
        } else if hasSuffix(".gz") {
            format = .gzip
        } else {
            return nil
        }
        self.path = path
    }

    /// Gives each member that is a regular file, with its number and its bytes, which need not be read to the end.
    ///
    /// `size` is the container's own size, where it is known.
    public func forEachMember(
        size: Int64?,
        source: @escaping RecordExtractor.ByteReader,
        _ body: (Int, Member, @escaping RecordExtractor.ByteReader) throws -> Void
    ) throws {
        let gzip = GzipReader(compressedSize: size.map { Int($0) }, source: source)
        switch format {
        case .gzip:
            let name = path.split(separator: UInt8(ascii: "/")).last.map { Array($0.dropLast(3)) } ?? []
            try body(0, Member(path: name, mtimeNanoseconds: nil, mode: nil), gzip.byteReader)
        case .tarGzip:
            let tar = TarReader(source: gzip.byteReader)
            var index = 0
            while let member = try tar.next() {
                defer { index += 1 }
                guard member.kind == .file else { continue }
                let facts = Member(path: member.path, mtimeNanoseconds: member.mtimeNanoseconds, mode: member.mode)
                try body(index, facts, tar.memberReader)
            }
        }
    }

    /// The bytes of one member, by the number that `forEachMember` gave it.
    public func reader(
        ofMember wanted: Int,
        size: Int64?,
        source: @escaping RecordExtractor.ByteReader
    ) throws -> RecordExtractor.ByteReader {
        let gzip = GzipReader(compressedSize: size.map { Int($0) }, source: source)
        guard format == .tarGzip else { return gzip.byteReader }
        let tar = TarReader(source: gzip.byteReader)
        for _ in 0...wanted { _ = try tar.next() }
        return tar.memberReader
    }

    /// The quarantined record that stands for a container whose members cannot all be read.
    public static func quarantined(fileID: DeterministicID, size: Int, reason: String) -> ExtractedRecord {
        ExtractedRecord(
            recordID: DeterministicID(namespace: .record, parts: [fileID.bytes, Array("container".utf8)]),
            pointer: "",
            ordinal: 0,
            span: ByteSpan(start: 0, end: size),
            kind: "container",
            naturalID: nil,
            text: nil,
            value: nil,
            docReason: "compressed data",
            resolution: .each,
            sourceRank: 0,
            newestTime: nil,
            disposition: .quarantined(reason),
            isRepaired: false,
            rows: [],
            findings: []
        )
    }
}
