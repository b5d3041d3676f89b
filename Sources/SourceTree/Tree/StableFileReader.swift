public import Compression
import Crypto

/// A second pass over a file that was hashed before; says at its end whether the bytes were the same.
///
/// Not safe for use from several threads at once.
public final class StableFileReader {
    /// The digest that the bytes must have.
    public let digest: StableFileDigest

    private let file: Descriptor
    private let path: [UInt8]
    private var hash = SHA256()
    private var total: Int64 = 0

    init(file: Descriptor, path: [UInt8], digest: StableFileDigest) {
        self.file = file
        self.path = path
        self.digest = digest
    }

    /// Reads the next bytes into the buffer and returns their number; 0 only at the end.
    ///
    /// Throws `changedSinceHashed` as soon as there are more bytes than were hashed.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SourceTreeError) -> Int {
        let count: Int
        do {
            count = try file.read(into: buffer)
        } catch {
            throw SourceTreeError.reading(path, error.errno)
        }
        total += Int64(count)
        guard total <= digest.size else { throw Self.changed(path) }
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// This reader as a closure; the closure keeps it alive.
    public var byteReader: ByteReader { { try self.read(into: $0) } }

    /// Reads what the caller left and throws `changedSinceHashed` unless all bytes were those that were hashed.
    public func finish() throws(SourceTreeError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while try read(into: buffer) > 0 {}
        guard total == digest.size, hash.finalize().elementsEqual(digest.sha256) else { throw Self.changed(path) }
    }

    static func changed(_ path: [UInt8]) -> SourceTreeError {
        SourceTreeError(
            .changedSinceHashed,
            path: TreePath.text(path),
            "The file has other bytes than when it was hashed"
        )
    }
}

@available(*, unavailable)
extension StableFileReader: Sendable {}
