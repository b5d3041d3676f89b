import Diagnostics
import Foundation
import SourceTree

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files of a copy: where each key goes, and how it is written.
///
/// A file is made once; what SCAN tells twice is written once. All names are ASCII. Files and directories get the time
/// 0, because a Redis keeps none and two copies of the same keys must be the same tree.
struct SnapshotFiles: Sendable {
    /// The folders below `redis/`.
    enum Folder: String, Sendable, CaseIterable {
        case strings
        case hashes
        case sets
        case sortedSets = "sorted-sets"
        case lists
        /// When keys end.
        case expiry
        /// Names that are too long for a file, by their hash.
        case names
        /// Keys of types that cannot be imported.
        case notImportable = "not-importable"
    }

    private let root: String
    /// Whether `A` and `a` are one name here.
    private let foldsCase: Bool

    /// Makes the folder `redis` in an empty directory.
    init(path: String) throws {
        root = "\(path)/redis"
        try Self.makeDirectory(root)
        let probe = "\(path)/redis/Case"
        try Self.makeDirectory(probe)
        foldsCase = Self.exists("\(path)/redis/case")
        rmdir(probe)
    }

    // MARK: Places

    /// Where the value of a key goes; a name too long for a file is noted.
    func path(_ folder: Folder, _ key: [UInt8]) throws -> String {
        try Self.makeDirectory("\(root)/\(folder.rawValue)")
        return "\(root)/\(folder.rawValue)/\(try name(key))"
    }

    /// Where a field of a hash goes.
    func path(ofField field: [UInt8], in hash: String) throws -> String {
        "\(hash)/\(try name(field))"
    }

    private func name(_ bytes: [UInt8]) throws -> String {
        let name = FileNameEncoding.encode(bytes, encodesCapitals: foldsCase)
        if FileNameEncoding.isHash(name) {
            try Self.makeDirectory("\(root)/\(Folder.names.rawValue)")
            try write(bytes, to: "\(root)/\(Folder.names.rawValue)/\(name.dropFirst(2))")
        }
        return name
    }

    // MARK: Writing

    /// Makes a directory unless it is there.
    static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw failure(errno, path)
    }

    /// Whether something is there.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Writes a file unless it is there.
    func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = try SnapshotFile(path) else { return }
        try file.append(bytes)
        try file.finish()
    }

    /// Removes what was written of a key, so that it can be read anew.
    func remove(_ path: String) throws {
        guard Self.exists(path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    /// Gives all directories the time 0, when nothing is written any more.
    func settle() throws {
        try Self.clearTime(root)
        for folder in Folder.allCases {
            let path = "\(root)/\(folder.rawValue)"
            guard Self.exists(path) else { continue }
            if folder == .hashes {
                for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                    try Self.clearTime("\(path)/\(name)")
                }
            }
            try Self.clearTime(path)
        }
    }

    private static func clearTime(_ path: String) throws {
        let times = [timespec(), timespec()]
        guard utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0 else { throw failure(errno, path) }
    }

    static func failure(_ number: Int32, _ path: String) -> RedisSourceError {
        if number == ENOSPC || number == EDQUOT {
            return RedisSourceError(
                .diskFull,
                "the disk is full: no room for a copy of the Redis at \(path)",
                hint: "The copy lies below CORTEX_HOME and needs as much room as the data."
            )
        }
        return RedisSourceError(.cannotWrite, "\(path) cannot be written: \(String(cString: strerror(number)))")
    }
}

/// A file of a copy that is being written.
final class SnapshotFile {
    private let path: String
    private var descriptor: Int32

    /// Makes the file; nil when it is there already.
    init?(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor < 0 else { return }
        if errno == EEXIST { return nil }
        throw SnapshotFiles.failure(errno, path)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func append(_ bytes: [UInt8]) throws {
        var position = 0
        while position < bytes.count {
            let count = bytes[position...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SnapshotFiles.failure(errno, path) }
            position += count
        }
    }

    /// Sets the time and closes the file.
    func finish() throws {
        let times = [timespec(), timespec()]
        guard fchmod(descriptor, 0o600) == 0, futimens(descriptor, times) == 0, close(descriptor) == 0 else {
            let number = errno
            descriptor = -1
            throw SnapshotFiles.failure(number, path)
        }
        descriptor = -1
    }
}
