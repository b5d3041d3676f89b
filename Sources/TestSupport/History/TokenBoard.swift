import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The newest acknowledged version of each key, shared by processes through a file: what a client would carry from
/// one instance to another as its version tokens.
///
/// Each writer has a page of its own, so that nobody overwrites what another put up, and survives a `kill -9`.
public final class TokenBoard: Sendable {
    struct Failed: Error {
        let path: String
        let errno: Int32
    }

    private static let cell = MemoryLayout<Int>.size

    private let path: String
    private let descriptor: Int32
    private let keys: Int
    private let pages: Int
    private let page: Int
    private let turn = Mutex(())

    /// Opens the board for so many keys and writers; this one is the writer with the number of the page.
    public init(path: String, keys: Int, pages: Int, page: Int) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(keys * pages * Self.cell)) == 0 else {
            throw Failed(path: path, errno: errno)
        }
        self.path = path
        self.keys = keys
        self.pages = pages
        self.page = page
    }

    deinit {
        close(descriptor)
    }

    /// The newest version of the key that anybody put up; 0 when nobody did.
    public func newest(_ key: Int) throws -> Int {
        try (0..<pages).map { try value(key, page: $0) }.max() ?? 0
    }

    /// Puts up an acknowledged version; an older one than before changes nothing.
    public func put(_ key: Int, _ version: Int) throws {
        try turn.withLock { _ in
            guard try value(key, page: page) < version else { return }
            var version = version
            guard pwrite(descriptor, &version, Self.cell, offset(key, page)) == Self.cell else {
                throw Failed(path: path, errno: errno)
            }
        }
    }

    private func value(_ key: Int, page: Int) throws -> Int {
        var value = 0
        guard pread(descriptor, &value, Self.cell, offset(key, page)) == Self.cell else {
            throw Failed(path: path, errno: errno)
        }
        return value
    }

    private func offset(_ key: Int, _ page: Int) -> off_t {
        off_t((page * keys + key) * Self.cell)
    }
}
