import Diagnostics
import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files of a tree and the members of its compressed files, one after the other, each with its bytes.
///
/// Unlike a migration this takes what it finds at the moment: a draft needs no instant at which all was so.
struct TreeContents: Sendable {
    let root: SourceRoot
    let excluded: [String]

    /// A file or member.
    struct File {
        let place: FilePlace
        /// Reads it from its first byte.
        let open: () throws -> RecordExtractor.ByteReader
    }

    /// Gives every file; returns what could not be read, each with the reason.
    func forEachFile(_ body: (File) throws -> Void) throws -> [String] {
        var problems: [String] = []
        let walker = try TreeWalker(root: root, excluding: excluded)
        while let entry = try walker.next() {
            try Task.checkCancellation()
            guard entry.type == .file else { continue }
            do {
                try give(entry, body)
            } catch let error as SystemError {
                problems.append("\(entry.pathText): cannot be read: \(error.text)")
            } catch let damaged as Damaged {
                problems.append("\(entry.pathText): its members cannot all be read: \(damaged.message)")
            }
        }
        return problems
    }

    private func give(_ entry: TreeEntry, _ body: (File) throws -> Void) throws {
        let path = root.mappingPath(of: entry.path)
        guard let container = Container(path: entry.path) else {
            return try body(File(place: FilePlace(path), open: { try reader(of: entry.path) }))
        }
        // A member that is not held is read from its container again; those are few.
        var large: [(index: Int, path: [UInt8])] = []
        do {
            try container.forEachMember(size: entry.size, source: try reader(of: entry.path)) { index, member, bytes in
                guard let held = try Self.hold(bytes) else { return large.append((index, member.path)) }
                let place = FilePlace(path, member: member.path)
                try body(File(place: place, open: { RecordExtractor.reader(of: held) }))
            }
            for member in large {
                let place = FilePlace(path, member: member.path)
                try body(
                    File(place: place) {
                        try container.reader(
                            ofMember: member.index,
                            size: entry.size,
                            source: try reader(of: entry.path)
                        )
                    }
                )
            }
        } catch let error as any CortexError where error.code == .compressionInvalid {
            // What comes before the damage was given, as a migration reads it too.
            throw Damaged(message: error.message)
        }
    }

    /// A container that cannot be read to its end.
    private struct Damaged: Error {
        let message: String
    }

    /// Members up to this size are held in memory; bytes.
    private static let heldBytes = 4 << 20

    /// All bytes of a member; nil when there are more than are held.
    private static func hold(_ reader: RecordExtractor.ByteReader) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try reader($0) }
            if count == 0 { return bytes }
            guard bytes.count + count <= heldBytes else { return nil }
            bytes += buffer[..<count]
        }
    }

    private func reader(of path: [UInt8]) throws -> RecordExtractor.ByteReader {
        let (parent, name) = TreePath.split(path)
        let directory = try Descriptor.directory(at: root.path).directory(below: Array(parent))
        let file = try directory.open(name, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        return { try file.read(into: $0) }
    }
}
