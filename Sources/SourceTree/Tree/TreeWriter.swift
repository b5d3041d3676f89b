public import Compression
import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Recreates the entries of a tree below a new directory: files, directories, links and pipes with modes and times.
///
/// Paths cannot lead out of the directory: parts are opened one by one without following links. Files appear under
/// their name only when complete. Directories that are missing on the way to an entry are made.
/// The result is complete, and on the disk, once `finish()` has returned.
/// Not safe for use from several threads at once.
public final class TreeWriter {
    private let root: Descriptor
    private var report = TreeWriterReport()
    private var directories: [DirectoryFacts] = []
    private var directoryIndex: [[UInt8]: Int] = [:]
    /// The directory that the last entry was made in: entries mostly come one directory at a time.
    private var lastParent: (path: [UInt8], directory: Descriptor)?

    /// What a directory gets at the end; nil where nothing was asked for.
    private struct DirectoryFacts {
        let path: [UInt8]
        var mode: UInt32?
        var mtimeNanoseconds: Int64?
    }

    /// Writes below the directory named `path`, which must be empty or absent (its parent must exist then).
    ///
    /// Throws `notAsExpected` when it holds something, `cannotWrite` when it cannot be made or is no directory.
    public init(creating path: String) throws(SourceTreeError) {
        let isEmpty: Bool
        do throws(SystemError) {
            if mkdir(path, 0o755) != 0, errno != EEXIST { throw SystemError(errno: errno) }
            root = try Descriptor.directory(at: path)
            isEmpty = try DirectoryNames(of: root).count == 0
        } catch {
            throw SourceTreeError.writing(Array(path.utf8), error.errno)
        }
        guard isEmpty else {
            throw SourceTreeError(.notAsExpected, path: path, "The directory to write to is not empty")
        }
    }

    /// Recreates an entry; `contents` gives a file's bytes and is not called for other types.
    ///
    /// Returns false, and lists the entry in the report, when it cannot be recreated: sockets, devices, and what was
    /// unreadable. Throws `unsafePath`, `notAsExpected` (something of that name is there), `diskFull`, `cannotWrite`;
    /// errors of `contents` pass through.
    @discardableResult
    public func add(_ entry: TreeEntry, contents: ByteReader) throws -> Bool {
        switch entry.type {
        case .file:
            try addFile(
                entry.path,
                mode: entry.permissions,
                mtimeNanoseconds: entry.mtimeNanoseconds,
                contents: contents
            )
        case .dir:
            try addDirectory(entry.path, mode: entry.permissions, mtimeNanoseconds: entry.mtimeNanoseconds)
        case .link:
            try addLink(entry.path, target: entry.linkTarget ?? [], mtimeNanoseconds: entry.mtimeNanoseconds)
        case .fifo:
            try addPipe(entry.path, mode: entry.permissions, mtimeNanoseconds: entry.mtimeNanoseconds)
        case .socket, .device, .unreadable:
            report.notRecreated.append(TreeWriterReport.Omission(path: entry.path, type: entry.type))
            return false
        }
        return true
    }

    /// Makes a file from what `contents` gives.
    public func addFile(
        _ path: [UInt8],
        mode: UInt32 = 0o644,
        mtimeNanoseconds: Int64? = nil,
        contents: ByteReader
    ) throws {
        let sink = try startFile(path)
        defer { sink.discard() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try contents(buffer)
            if count == 0 { break }
            try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        try finishFile(sink, mode: mode, mtimeNanoseconds: mtimeNanoseconds)
    }

    /// Makes a file from what `body` writes to the sink; nothing appears when it throws.
    @discardableResult
    public func withFile<R>(
        _ path: [UInt8],
        mode: UInt32 = 0o644,
        mtimeNanoseconds: Int64? = nil,
        _ body: (TreeFileSink) async throws -> R
    ) async throws -> R {
        let sink = try startFile(path)
        defer { sink.discard() }
        let result = try await body(sink)
        try finishFile(sink, mode: mode, mtimeNanoseconds: mtimeNanoseconds)
        return result
    }

    /// Makes a directory, or notes the facts of one that was made on the way to an entry in it.
    ///
    /// Mode and time are set by `finish()`, after everything in it was written.
    public func addDirectory(
        _ path: [UInt8],
        mode: UInt32 = 0o755,
        mtimeNanoseconds: Int64? = nil
    ) throws(SourceTreeError) {
        try requireSafe(path)
        do {
            _ = try directory(path)
        } catch {
            throw writing(path, error)
        }
        guard let index = directoryIndex[path] else { preconditionFailure("a directory of ours has no facts") }
        directories[index].mode = mode
        directories[index].mtimeNanoseconds = mtimeNanoseconds
    }

    /// Makes a symbolic link with this target, whatever that is; links are never followed here.
    public func addLink(_ path: [UInt8], target: [UInt8], mtimeNanoseconds: Int64? = nil) throws(SourceTreeError) {
        let target = target.map { CChar(bitPattern: $0) } + [0]
        try make(path, mtimeNanoseconds: mtimeNanoseconds) { directory, name in
            symlinkat(target, directory, name)
        }
        report.links += 1
    }

    /// Makes a named pipe.
    public func addPipe(
        _ path: [UInt8],
        mode: UInt32 = 0o644,
        mtimeNanoseconds: Int64? = nil
    ) throws(SourceTreeError) {
        try make(path, mtimeNanoseconds: mtimeNanoseconds) { directory, name in
            let result = mkfifoat(directory, name, 0o600)
            return result == 0 ? fchmodat(directory, name, mode_t(mode & 0o7777), 0) : result
        }
        report.pipes += 1
    }

    /// Sets modes and times of the directories, brings everything to the disk and says what was made.
    public func finish() throws(SourceTreeError) -> TreeWriterReport {
        lastParent = nil
        // What is below a directory was made after it, so backwards each is reached before its way is closed.
        for facts in directories.reversed() { try apply(facts) }
        #if os(Linux)
        // Waits for all writes, once, where a wait for each of many files would take far longer.
        sync()
        #endif
        return report
    }
}

@available(*, unavailable)
extension TreeWriter: Sendable {}

// MARK: - Files

extension TreeWriter {
    private func startFile(_ path: [UInt8]) throws(SourceTreeError) -> TreeFileSink {
        try requireSafe(path)
        do {
            let (parent, name) = TreePath.split(path)
            let directory = try directory(Array(parent))
            try requireAbsent(name, in: directory)
            return TreeFileSink(path: path, name: Array(name), temporary: try AtomicFileTemporary(in: directory))
        } catch {
            throw writing(path, error)
        }
    }

    private func finishFile(_ sink: TreeFileSink, mode: UInt32, mtimeNanoseconds: Int64?) throws(SourceTreeError) {
        do {
            try sink.temporary.apply(mode: mode)
            if let mtimeNanoseconds { try sink.temporary.apply(mtimeNanoseconds: mtimeNanoseconds) }
            #if !os(Linux)
            // Elsewhere `sync()` does not wait, see `finish()`.
            try sink.temporary.file.synchronize()
            #endif
            try requireAbsent(sink.name, in: sink.temporary.directory)
            try sink.temporary.rename(to: sink.name)
        } catch {
            throw writing(sink.path, error)
        }
        report.files += 1
        report.bytes += sink.count
    }

    private func requireAbsent(_ name: some Collection<UInt8>, in directory: Descriptor) throws(SystemError) {
        do {
            _ = try directory.status(of: name)
        } catch {
            if error.errno == ENOENT { return }
            throw error
        }
        throw SystemError(errno: EEXIST)
    }
}

// MARK: - Directories and special entries

extension TreeWriter {
    private func make(
        _ path: [UInt8],
        mtimeNanoseconds: Int64?,
        _ call: (Int32, UnsafePointer<CChar>) -> Int32
    ) throws(SourceTreeError) {
        try requireSafe(path)
        do {
            let (parent, name) = TreePath.split(path)
            let directory = try directory(Array(parent))
            try directory.withName(name) { call(directory.number, $0) }
            guard let mtimeNanoseconds else { return }
            let time = FileStatus.timespec(nanoseconds: mtimeNanoseconds)
            try directory.withName(name) { utimensat(directory.number, $0, [time, time], AT_SYMLINK_NOFOLLOW) }
        } catch {
            throw writing(path, error)
        }
    }

    /// The directory at a path, made with everything above it where it is missing.
    private func directory(_ path: [UInt8]) throws(SystemError) -> Descriptor {
        if path.isEmpty { return root }
        if let lastParent, lastParent.path == path { return lastParent.directory }
        var current = root
        var end = 0
        for part in TreePath.components(path) {
            end += part.count + (end == 0 ? 0 : 1)
            current = try subdirectory(part, of: current, path: Array(path[..<end]))
        }
        lastParent = (path, current)
        return current
    }

    private func subdirectory(
        _ name: ArraySlice<UInt8>,
        of parent: Descriptor,
        path: [UInt8]
    ) throws(SystemError) -> Descriptor {
        if directoryIndex[path] == nil {
            try parent.withName(name) { mkdirat(parent.number, $0, 0o755) }
            directoryIndex[path] = directories.count
            directories.append(DirectoryFacts(path: path))
            report.directories += 1
        }
        return try parent.directory(name)
    }

    private func apply(_ facts: DirectoryFacts) throws(SourceTreeError) {
        guard facts.mode != nil || facts.mtimeNanoseconds != nil else { return }
        do {
            let directory = try root.directory(below: facts.path)
            if let mode = facts.mode { _ = try Descriptor.retry { fchmod(directory.number, mode_t(mode & 0o7777)) } }
            if let mtimeNanoseconds = facts.mtimeNanoseconds {
                let time = FileStatus.timespec(nanoseconds: mtimeNanoseconds)
                _ = try Descriptor.retry { futimens(directory.number, [time, time]) }
            }
        } catch {
            throw writing(facts.path, error)
        }
    }

    private func requireSafe(_ path: [UInt8]) throws(SourceTreeError) {
        guard TreePath.isSafe(path) else {
            throw SourceTreeError(.unsafePath, path: TreePath.text(path), "The path would leave the new tree")
        }
    }

    private func writing(_ path: [UInt8], _ error: SystemError) -> SourceTreeError {
        guard error.errno == EEXIST else { return SourceTreeError.writing(path, error.errno) }
        return SourceTreeError(.notAsExpected, path: TreePath.text(path), "Something of that name is there already")
    }
}
