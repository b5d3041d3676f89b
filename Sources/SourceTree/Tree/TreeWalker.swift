import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Walks a tree and gives every entry of it once: files, directories, links, pipes, sockets, devices, and what is
/// unreadable, with the reason.
///
/// A directory comes before what it holds; the names in one directory come in bytewise order. Links are never
/// followed, so the walk ends whatever they point to. What vanishes while it is walked is left out. Depth is limited
/// by neither the stack nor the number of open files: at most `openDirectories` are open at once. Memory is the names
/// of the directories on the way to the current entry.
/// Not safe for use from several threads at once.
public final class TreeWalker {
    /// How many entries went away between being listed and being looked at.
    public private(set) var vanishedCount = 0

    private let root: Descriptor
    private let excluded: Set<FileIdentity>
    private let openLimit: Int
    private var frames: [Frame] = []
    private var path: [UInt8] = []
    private var isStarted = false

    /// A directory on the way to the current entry.
    private struct Frame {
        /// nil while closed to save descriptors.
        var directory: Descriptor?
        let identity: FileIdentity
        let names: DirectoryNames
        var position = 0
        /// Length of the path of the directory itself.
        let pathLength: Int
    }

    /// A walk of `root` that leaves out the directories `excluding` (paths as the caller spells them, links followed).
    ///
    /// Excluded directories are recognised by identity, not by name; those that do not exist are ignored.
    /// `openDirectories` is at least 2, default 32. Throws when the root cannot be opened.
    public init(
        root: SourceRoot,
        excluding: [String] = [],
        openDirectories: Int = 32
    ) throws(SourceTreeError) {
        do {
            self.root = try Descriptor.directory(at: root.path)
        } catch {
            throw SourceTreeError.reading(Array(root.path.utf8), error.errno)
        }
        var excluded: Set<FileIdentity> = []
        for path in excluding {
            if let identity = try Self.identity(of: path) { excluded.insert(identity) }
        }
        self.excluded = excluded
        openLimit = max(2, openDirectories)
    }

    /// The next entry; nil behind the last.
    ///
    /// Throws only for want of descriptors or memory and when the root itself cannot be read; what is wrong with
    /// single entries is in `TreeEntry.error` instead.
    public func next() throws(SourceTreeError) -> TreeEntry? {
        if !isStarted {
            isStarted = true
            try enterRoot()
        }
        while !frames.isEmpty {
            guard let name = takeName() else {
                frames.removeLast()
                continue
            }
            path.removeLast(path.count - frames[frames.count - 1].pathLength)
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += name
            if let entry = try look(at: name) { return entry }
        }
        return nil
    }

    private static func identity(of path: String) throws(SourceTreeError) -> FileIdentity? {
        do {
            return try Descriptor.directory(at: path).status().identity
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw SourceTreeError.reading(Array(path.utf8), error.errno)
        }
    }
}

@available(*, unavailable)
extension TreeWalker: Sendable {}

// MARK: - Entries

extension TreeWalker {
    /// What looking at a name led to.
    private enum Sight {
        case entry(TreeEntry)
        case nothing
        /// The name meant something else a moment later: look again.
        case changed
    }

    private func takeName() -> ArraySlice<UInt8>? {
        let top = frames.count - 1
        guard frames[top].position < frames[top].names.count else { return nil }
        defer { frames[top].position += 1 }
        return frames[top].names[frames[top].position]
    }

    private func look(at name: ArraySlice<UInt8>) throws(SourceTreeError) -> TreeEntry? {
        let directory: Descriptor
        do {
            directory = try currentDirectory()
        } catch {
            return try unreadable(error)
        }
        // A name that changes its type between two calls is seen again; it cannot do so for ever.
        for _ in 0..<10 {
            switch try lookOnce(at: name, in: directory) {
            case .entry(let entry): return entry
            case .nothing: return nil
            case .changed: continue
            }
        }
        return TreeEntry(path: path, type: .unreadable, error: "It changed its type again and again")
    }

    private func lookOnce(at name: ArraySlice<UInt8>, in directory: Descriptor) throws(SourceTreeError) -> Sight {
        let status: FileStatus
        do {
            status = try directory.status(of: name)
        } catch {
            return try unreadable(error).map { .entry($0) } ?? .nothing
        }
        switch status.type {
        case .dir:
            if excluded.contains(status.identity) { return .nothing }
            return try enter(name, in: directory, status: status)
        case .link: return try link(name, in: directory, status: status)
        case .file: return .entry(file(name, in: directory, status: status))
        case .fifo, .socket, .device, .unreadable: return .entry(TreeEntry(path: path, status: status))
        }
    }

    private func file(_ name: ArraySlice<UInt8>, in directory: Descriptor, status: FileStatus) -> TreeEntry {
        var entry = TreeEntry(path: path, status: status)
        // Worth a call only where somebody may not read it; reading reports what this does not foresee.
        guard status.mode & 0o444 != 0o444 else { return entry }
        do {
            try directory.withName(name) { faccessat(directory.number, $0, R_OK, AT_EACCESS) }
        } catch {
            entry.type = .unreadable
            entry.error = error.text
        }
        return entry
    }

    private func link(
        _ name: ArraySlice<UInt8>,
        in directory: Descriptor,
        status: FileStatus
    ) throws(SourceTreeError) -> Sight {
        var target = [UInt8](repeating: 0, count: 4097)
        let length: Int32
        do {
            length = try directory.withName(name) { name in
                target.withUnsafeMutableBytes { buffer in
                    guard let base = buffer.baseAddress else { return -1 }
                    let characters = base.assumingMemoryBound(to: CChar.self)
                    return Int32(readlinkat(directory.number, name, characters, buffer.count))
                }
            }
        } catch {
            if error.errno == EINVAL { return .changed }
            return try unreadable(error, status: status).map { .entry($0) } ?? .nothing
        }
        return .entry(TreeEntry(path: path, status: status, linkTarget: Array(target[..<Int(length)])))
    }

    /// The entry for a failed call; nil where the failure only means that the entry is gone.
    private func unreadable(_ error: SystemError, status: FileStatus? = nil) throws(SourceTreeError) -> TreeEntry? {
        switch error.errno {
        case ENOENT:
            vanishedCount += 1
            return nil
        case EMFILE, ENFILE, ENOMEM:
            throw SourceTreeError.reading(path, error.errno)
        default:
            var entry = status.map { TreeEntry(path: path, status: $0) } ?? TreeEntry(path: path, type: .unreadable)
            entry.type = .unreadable
            entry.error = error.text
            return entry
        }
    }
}

// MARK: - Directories

extension TreeWalker {
    private func enterRoot() throws(SourceTreeError) {
        do {
            let names = try DirectoryNames(of: root)
            frames = [Frame(directory: root, identity: try root.status().identity, names: names, pathLength: 0)]
        } catch {
            throw SourceTreeError.reading([], error.errno)
        }
    }

    private func enter(
        _ name: ArraySlice<UInt8>,
        in parent: Descriptor,
        status: FileStatus
    ) throws(SourceTreeError) -> Sight {
        do {
            let directory = try parent.directory(name)
            let opened = try directory.status()
            // Another directory than the one that was looked at might be an excluded one.
            guard opened.identity == status.identity else { return .changed }
            let names = try DirectoryNames(of: directory)
            frames.append(
                Frame(directory: directory, identity: opened.identity, names: names, pathLength: path.count)
            )
            closeDistantFrame()
            return .entry(TreeEntry(path: path, status: status))
        } catch {
            if error.errno == ENOTDIR || error.errno == ELOOP { return .changed }
            return try unreadable(error, status: status).map { .entry($0) } ?? .nothing
        }
    }

    /// Closes the directory that has just become too far above the current one.
    private func closeDistantFrame() {
        let distant = frames.count - 1 - openLimit
        if distant > 0 { frames[distant].directory = nil }
    }

    /// The directory of the top frame, opened again where it was closed.
    private func currentDirectory() throws(SystemError) -> Descriptor {
        let top = frames.count - 1
        if let directory = frames[top].directory { return directory }
        return try reopen(top)
    }

    /// Opens a closed frame's directory again, part by part from the nearest open one above, and checks that it is
    /// the same.
    ///
    /// The frames just above it, which are needed next, stay open too: otherwise each step up a deep tree would
    /// walk down to it again from the root.
    private func reopen(_ index: Int) throws(SystemError) -> Descriptor {
        var nearest = index
        while nearest > 0, frames[nearest].directory == nil { nearest -= 1 }
        var directory = frames[nearest].directory ?? root
        for level in (nearest + 1)...index {
            let part = path[frames[level - 1].pathLength..<frames[level].pathLength]
            directory = try directory.directory(part.drop { $0 == UInt8(ascii: "/") })
            guard try directory.status().identity == frames[level].identity else { throw SystemError(errno: ESTALE) }
            if level > index - openLimit { frames[level].directory = directory }
        }
        return directory
    }
}
