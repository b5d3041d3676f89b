import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A directory that was checked to be usable as a source, and how paths in it relate to what mappings say.
public struct SourceRoot: Sendable, Hashable {
    /// What the directory is.
    public enum Layout: String, Sendable, Hashable, Codable {
        /// A project root, with `coordination/` in it.
        case project
        /// The coordination folder itself, by its name or by what it holds.
        case coordination
        /// Any other tree.
        case unknown

        /// What to put before an entry's path to match a mapping's globs.
        public var pathPrefix: String { self == .coordination ? "coordination/" : "" }
    }

    /// The absolute path, links resolved.
    public let path: String
    /// What imports and reports call the source: the path, unless it is only a copy of something else.
    public let label: String
    /// What the directory is.
    public let layout: Layout

    /// What to put before an entry's path to match a mapping's globs: `coordination/` for a coordination folder, else empty.
    public var pathPrefix: String { layout.pathPrefix }

    /// Checks a `--source` given as a path, absolute or relative to the working directory.
    ///
    /// A link as the source itself is followed. `label` is its name where the path says nothing to people, by default the
    /// path. Throws `source.missing`, `source.not_directory`,
    /// `source.not_permitted` (it cannot be listed or entered), `source.empty`, or `source.unreadable`.
    public init(validating path: String, label: String? = nil) throws(SourceTreeError) {
        let isEmpty: Bool
        let resolved: String
        do {
            let directory = try Descriptor.directory(at: path)
            let names = try DirectoryNames(of: directory)
            isEmpty = names.count == 0
            // Listing needs the read bit only; nothing in it can be opened without the search bit.
            if !isEmpty { _ = try directory.status(of: names[0]) }
            resolved = try Self.resolve(path)
            layout = Self.layout(of: directory, name: resolved)
        } catch {
            throw Self.error(error, path: path)
        }
        guard !isEmpty else { throw SourceTreeError(.rootEmpty, path: path, "The source holds nothing") }
        self.path = resolved
        self.label = label ?? resolved
    }

    /// The path that a mapping's globs are matched against.
    public func mappingPath(of path: [UInt8]) -> [UInt8] {
        Array(pathPrefix.utf8) + path
    }

    private static func error(_ error: SystemError, path: String) -> SourceTreeError {
        switch error.errno {
        case ENOENT: SourceTreeError(.rootMissing, path: path, "The source does not exist")
        case ENOTDIR: SourceTreeError(.rootNotDirectory, path: path, "The source is not a directory")
        case EACCES, EPERM:
            SourceTreeError(.rootNotPermitted, path: path, "The source may not be read", errno: error.errno)
        default: SourceTreeError(.unreadable, path: path, "The source cannot be read", errno: error.errno)
        }
    }

    private static func resolve(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError(errno: errno) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

// MARK: - Layout

extension SourceRoot {
    /// The name of a coordination folder.
    public static let folderName = "coordination"
    /// Names that a coordination folder holds directly and nothing else is likely to.
    public static let marks = ["task-queue.json", "worker-pool.json", "worker-specs", "repository-inventory.json"]

    private static func layout(of directory: Descriptor, name path: String) -> Layout {
        let holdsFolder = type(of: folderName, in: directory) == .dir
        let holdsMark = marks.contains { type(of: $0, in: directory) != nil }
        return layout(path: path, holdsFolder: holdsFolder, holdsMark: holdsMark)
    }

    /// What a directory of this path is that holds a folder named `coordination`, and one of the marks.
    public static func layout(path: String, holdsFolder: Bool, holdsMark: Bool) -> Layout {
        let isNamedFolder = path.split(separator: "/").last.map(String.init) == folderName
        if holdsFolder, !(isNamedFolder && holdsMark) { return .project }
        return isNamedFolder || holdsMark ? .coordination : .unknown
    }

    private static func type(of name: String, in directory: Descriptor) -> EntryType? {
        do {
            return try directory.status(of: name.utf8).type
        } catch {
            // Only a hint is asked for: what cannot be looked at gives none, and the walk will report it.
            return nil
        }
    }
}
