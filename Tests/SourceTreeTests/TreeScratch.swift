import Testing

@testable import SourceTree

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A directory on the disk that a test fills as it likes; removed when the test ends.
struct TreeScratch {
    /// The absolute path.
    let path: String

    /// Runs the test in a fresh directory.
    static func use<R>(_ body: (TreeScratch) throws -> R) throws -> R {
        let scratch = TreeScratch(path: try make())
        defer { scratch.remove() }
        return try body(scratch)
    }

    /// Runs the test in a fresh directory.
    static func use<R>(_ body: (TreeScratch) async throws -> R) async throws -> R {
        let scratch = TreeScratch(path: try make())
        defer { scratch.remove() }
        return try await body(scratch)
    }

    private static func make() throws -> String {
        var template = Array("/tmp/cortex-tree-XXXXXX".utf8CString)
        return try #require(
            template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            }
        )
    }

    private func remove() {
        // Names and depth that other interfaces stumble over; the shell's rm knows them all.
        system("rm -rf '\(path)'")
    }

    func absolute(_ name: [UInt8]) -> [CChar] {
        (Array(path.utf8) + [UInt8(ascii: "/")] + name).map { CChar(bitPattern: $0) } + [0]
    }

    func directory(_ name: String, mode: UInt32 = 0o755) throws {
        try #require(mkdir(absolute(Array(name.utf8)), mode_t(mode)) == 0)
    }

    func file(_ name: String, _ content: String = "") throws {
        try file(Array(name.utf8), Array(content.utf8))
    }

    func file(_ name: [UInt8], _ content: [UInt8], mode: UInt32 = 0o644) throws {
        let number = open(absolute(name), O_WRONLY | O_CREAT | O_TRUNC, mode_t(mode))
        try #require(number >= 0)
        let file = Descriptor(owning: number)
        // The mode that was asked for, whatever the umask.
        try #require(fchmod(number, mode_t(mode)) == 0)
        try file.write(content)
    }

    func append(_ content: String, to name: String) throws {
        let number = open(absolute(Array(name.utf8)), O_WRONLY | O_APPEND)
        try #require(number >= 0)
        try Descriptor(owning: number).write(Array(content.utf8))
    }

    func link(_ name: String, to target: String) throws {
        try #require(symlink(target, absolute(Array(name.utf8))) == 0)
    }

    func pipe(_ name: String) throws {
        try #require(mkfifo(absolute(Array(name.utf8)), 0o644) == 0)
    }

    func delete(_ name: String) throws {
        try #require(unlink(absolute(Array(name.utf8))) == 0)
    }

    func rename(_ name: String, to newName: String) throws {
        try #require(systemRename(absolute(Array(name.utf8)), absolute(Array(newName.utf8))) == 0)
    }

    func setMode(_ mode: UInt32, of name: String) throws {
        try #require(chmod(absolute(Array(name.utf8)), mode_t(mode)) == 0)
    }

    func setTime(_ nanoseconds: Int64, of name: String) throws {
        let time = FileStatus.timespec(nanoseconds: nanoseconds)
        try #require(utimensat(AT_FDCWD, absolute(Array(name.utf8)), [time, time], AT_SYMLINK_NOFOLLOW) == 0)
    }

    func content(of name: String) throws -> String {
        let file = try Descriptor(path: "\(path)/\(name)", flags: O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    func status(of name: String) throws -> FileStatus {
        try Descriptor.directory(at: path).directory(below: Array(TreePath.split(Array(name.utf8)).parent))
            .status(of: TreePath.split(Array(name.utf8)).name)
    }

    /// The names in the directory.
    func names() throws -> [String] {
        let names = try DirectoryNames(of: Descriptor.directory(at: path))
        return (0..<names.count).map { String(decoding: names[$0], as: UTF8.self) }
    }

    /// All entries of a walk of the directory.
    func walk(excluding: [String] = [], openDirectories: Int = 32) throws -> [TreeEntry] {
        let walker = try TreeWalker(
            root: SourceRoot(validating: path),
            excluding: excluding,
            openDirectories: openDirectories
        )
        var entries: [TreeEntry] = []
        while let entry = try walker.next() { entries.append(entry) }
        return entries
    }
}

private func systemRename(_ old: [CChar], _ new: [CChar]) -> Int32 {
    rename(old, new)
}

/// Runs the body with the file permissions of an ordinary user, also when the tests run as root.
///
/// The user id for file access belongs to the thread, so the body must not suspend.
func asOrdinaryUser<R>(_ body: () throws -> R) throws -> R {
    guard geteuid() == 0 else { return try body() }
    #if os(Linux)
    typealias SetUser = @convention(c) (UInt32) -> Int32
    let symbol = try #require(dlsym(nil, "setfsuid"))
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    _ = setUser(65_534)
    defer { _ = setUser(0) }
    return try body()
    #else
    throw OrdinaryUserError.runNotAsRoot
    #endif
}

/// Why the permissions of an ordinary user could not be had.
enum OrdinaryUserError: Error {
    /// This system cannot change the user of one thread: run the tests as somebody else than root.
    case runNotAsRoot
}
