#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension AtomicFile {
    /// Removes the file if it has this fingerprint, and synchronises the directory.
    ///
    /// Between the check and the removal lie a few microseconds in which another program's change is lost. Throws
    /// `notAsExpected` when something else stands there or nothing does, else as `write` does.
    public func remove(expecting fingerprint: FileFingerprint) throws(SourceTreeError) {
        guard TreePath.isSafe(path) else {
            throw SourceTreeError(.unsafePath, path: TreePath.text(path), "The path leaves its tree")
        }
        let (parent, name) = TreePath.split(path)
        do throws(SystemError) {
            let directory = try Descriptor.directory(at: root).directory(below: Array(parent))
            guard try directory.status(of: name).fingerprint == fingerprint else {
                throw SystemError(errno: ESTALE)
            }
            try directory.withName(name) { unlinkat(directory.number, $0, 0) }
            try directory.synchronize()
        } catch {
            guard error.errno == ESTALE || error.errno == ENOENT else {
                throw SourceTreeError.writing(path, error.errno)
            }
            throw SourceTreeError(.notAsExpected, path: TreePath.text(path), "The file was changed meanwhile")
        }
    }
}
