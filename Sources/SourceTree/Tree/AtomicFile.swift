#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Replaces a file of a tree as a whole: readers see the old bytes or the new ones, also after a crash.
///
/// The new bytes are written to a file beside it, synchronised, renamed over it, and the directory is synchronised.
/// No part of the path may be a link. Permissions stay as they were, and the owner where this user may set it.
public struct AtomicFile: Sendable {
    /// What must stand at the path for it to be replaced.
    public enum Expectation: Sendable, Hashable {
        /// Anything, or nothing.
        case anything
        /// Nothing: fails when the file exists by then.
        case absent
        /// The file with this fingerprint: fails when it was changed, replaced or removed.
        case fingerprint(FileFingerprint)
    }

    /// The directory that the path is below.
    public let root: String
    /// The path of the file below the root.
    public let path: [UInt8]

    /// The file at `path` (as `TreeEntry` has it) below the directory named `root`.
    public init(root: String, path: [UInt8]) {
        self.root = root
        self.path = path
    }

    /// Writes the bytes and returns the new file's fingerprint.
    ///
    /// `mode` is that of the replaced file, or 0644 for a new one, unless given. Throws `notAsExpected` when something
    /// else stands there than expected, `notRegular` when it is no regular file, `unsafePath`, `diskFull` or
    /// `cannotWrite`; in all cases the old file is untouched and nothing is left beside it.
    @discardableResult
    public func write(
        _ bytes: [UInt8],
        replacing expectation: Expectation = .anything,
        mode: UInt32? = nil
    ) throws(SourceTreeError) -> FileFingerprint {
        let replacement = try prepare(bytes, mode: mode)
        do {
            let fingerprint = try replacement.commit(replacing: expectation)
            replacement.discard()
            return fingerprint
        } catch {
            replacement.discard()
            throw error
        }
    }

    /// Writes and synchronises the bytes beside the file, runs `body`, and removes them again unless it committed.
    ///
    /// For callers that have to do something of their own, such as taking a lock, just before the rename.
    @discardableResult
    public func withReplacement<R>(
        _ bytes: [UInt8],
        mode: UInt32? = nil,
        _ body: (AtomicFileReplacement) async throws -> R
    ) async throws -> R {
        let replacement = try prepare(bytes, mode: mode)
        defer { replacement.discard() }
        return try await body(replacement)
    }

    private func prepare(_ bytes: [UInt8], mode: UInt32?) throws(SourceTreeError) -> AtomicFileReplacement {
        guard TreePath.isSafe(path) else {
            throw SourceTreeError(.unsafePath, path: TreePath.text(path), "The path leaves its tree")
        }
        let (parent, name) = TreePath.split(path)
        do throws(SystemError) {
            let directory = try Descriptor.directory(at: root).directory(below: Array(parent))
            let temporary = try AtomicFileTemporary(in: directory)
            do throws(SystemError) {
                try temporary.file.write(bytes)
                try temporary.apply(mode: mode, orThatOf: Array(name))
                try temporary.file.synchronize()
            } catch {
                temporary.discard()
                throw error
            }
            return AtomicFileReplacement(temporary: temporary, name: Array(name), path: path)
        } catch {
            throw SourceTreeError.writing(path, error.errno)
        }
    }
}
