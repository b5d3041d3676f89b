import Crypto
import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads a file of a tree so that what is returned stood in it at one instant, although others write to it.
///
/// Open without following links and without blocking, `fstat`, read and hash, `fstat` again. Different facts mean
/// that somebody wrote: read again, after ten tries the file is hot. A file that was written just before reading
/// began could be written once more in the same tick of the kernel's clock without showing it, so it counts only
/// when reading it again a little later gives the same bytes. A write that is under way has its time already and
/// would not show either: looking for the first hole makes Linux's file systems wait for its end.
public struct StableFile: Sendable {
    /// How files are read.
    public struct Configuration: Sendable, Hashable {
        /// How often a changing file is read before it is hot; default 10.
        public var attempts: Int
        /// How many bytes are read at once; default 256 KiB.
        public var chunkBytes: Int
        /// The pause before the second try, default 5 ms.
        ///
        /// Each further try doubles it, up to eight times this.
        public var pause: Duration

        /// The defaults are those of the documentation.
        public init(attempts: Int = 10, chunkBytes: Int = 256 << 10, pause: Duration = .milliseconds(5)) {
            self.attempts = max(1, attempts)
            self.chunkBytes = max(1, chunkBytes)
            self.pause = pause
        }
    }

    /// The root of the tree.
    public let root: String
    /// The path inside it.
    public let path: [UInt8]
    /// How it is read.
    public let configuration: Configuration

    let surroundings: StableFileSurroundings

    /// The file at `path` (as `TreeEntry` has it) below `root`.
    public init(root: SourceRoot, path: [UInt8], configuration: Configuration = Configuration()) {
        self.init(root: root.path, path: path, configuration: configuration)
    }

    /// The file at `path` below the directory named `root`.
    public init(root: String, path: [UInt8], configuration: Configuration = Configuration()) {
        self.init(root: root, path: path, configuration: configuration, surroundings: .live)
    }

    init(root: String, path: [UInt8], configuration: Configuration, surroundings: StableFileSurroundings) {
        self.root = root
        self.path = path
        self.configuration = configuration
        self.surroundings = surroundings
    }

    /// Reads and hashes the file; its bytes are returned too when there are at most `limit` of them (default 4 MiB).
    ///
    /// Throws `SourceTreeError` with reason `vanished`, `notPermitted`, `notRegular` (a link, pipe, socket or device
    /// stands there now), `hot`, or `unreadable`.
    public func read(limit: Int = 4 << 20) throws(SourceTreeError) -> StableFileContent {
        var doubtful: StableFileContent?
        for attempt in 1...configuration.attempts {
            if attempt > 1 { surroundings.pause(pause(before: attempt)) }
            switch try readOnce(attempt: attempt, limit: limit) {
            case .changed:
                doubtful = nil
            case .stable(let content):
                return content
            case .tooFresh(let content):
                if content == doubtful { return content }
                doubtful = content
            }
        }
        throw SourceTreeError(
            .hot,
            path: TreePath.text(path),
            "The file changed during each of \(configuration.attempts) tries to read it"
        )
    }

    /// Reads and hashes the file without keeping its bytes; for files that are too large to hold.
    public func hash() throws(SourceTreeError) -> StableFileDigest {
        try read(limit: -1).digest
    }

    /// The file's facts, without reading it; throws `SourceTreeError` as `read` does, never `hot`.
    public func fingerprint() throws(SourceTreeError) -> FileFingerprint {
        do {
            let status = try openFile().status()
            guard status.type == .file else {
                throw SourceTreeError(.notRegular, path: TreePath.text(path), "The entry is no regular file")
            }
            return status.fingerprint
        } catch let error as SystemError {
            throw SourceTreeError.reading(path, error.errno)
        } catch let error as SourceTreeError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown here")
        }
    }

    /// Opens the file for a second pass over the bytes that `digest` was made of.
    ///
    /// Throws at once when the file's facts differ from the digest's (`changedSinceHashed`), and as `read` does.
    /// At the end the reader's `finish()`, or opening the file once more, tells whether the bytes were the same to the last.
    public func open(expecting digest: StableFileDigest) throws(SourceTreeError) -> StableFileReader {
        do {
            let file = try openFile()
            guard try file.status().fingerprint == digest.fingerprint else {
                throw StableFileReader.changed(path)
            }
            return StableFileReader(file: file, path: path, digest: digest)
        } catch let error as SystemError {
            throw SourceTreeError.reading(path, error.errno)
        } catch let error as SourceTreeError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown here")
        }
    }

    private func pause(before attempt: Int) -> Duration {
        configuration.pause * (1 << min(attempt - 2, 3))
    }
}

// MARK: - One try

extension StableFile {
    /// 20 ms: two ticks of the slowest kernel clock in use.
    private static let freshNanoseconds: Int64 = 20_000_000

    private enum Outcome {
        case stable(StableFileContent)
        /// Read without a visible change, but written just before reading began.
        case tooFresh(StableFileContent)
        case changed
    }

    private func readOnce(attempt: Int, limit: Int) throws(SourceTreeError) -> Outcome {
        do {
            let file = try openFile()
            surroundings.observe(.opened(attempt: attempt))
            file.waitForWrite()
            let now = surroundings.fileClock()
            let before = try file.status()
            guard before.type == .file else {
                throw SourceTreeError(.notRegular, path: TreePath.text(path), "The entry is no regular file")
            }
            guard let pass = try readAll(file, size: Int(before.size), limit: limit, attempt: attempt) else {
                return .changed
            }
            surroundings.observe(.read(attempt: attempt))
            guard try file.status().fingerprint == before.fingerprint else { return .changed }
            let digest = StableFileDigest(
                sha256: pass.sha256,
                fingerprint: before.fingerprint,
                mode: before.mode & 0o7777
            )
            let content = StableFileContent(digest: digest, bytes: pass.bytes)
            let isFresh = before.ctimeNanoseconds > now - Self.freshNanoseconds
            return isFresh ? .tooFresh(content) : .stable(content)
        } catch let error as SystemError {
            throw SourceTreeError.reading(path, error.errno)
        } catch let error as SourceTreeError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown here")
        }
    }

    /// Opens the file part by part; nothing on the way nor the file itself may be a link, and a pipe does not block.
    private func openFile() throws -> Descriptor {
        guard TreePath.isSafe(path) else {
            throw SourceTreeError(.unsafePath, path: TreePath.text(path), "The path leaves its tree")
        }
        let (parent, name) = TreePath.split(path)
        let directory = try Descriptor.directory(at: root).directory(below: Array(parent))
        return try directory.open(name, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// Reads to the end; nil when there is more or less than `size`, so that a file that grows faster than it is read
    /// ends the try.
    private func readAll(
        _ file: Descriptor,
        size: Int,
        limit: Int,
        attempt: Int
    ) throws(SystemError) -> (sha256: [UInt8], bytes: [UInt8]?)? {
        var hash = SHA256()
        var bytes: [UInt8]? = size <= limit ? [] : nil
        bytes?.reserveCapacity(size)
        // One byte more than the file has, so that growth shows in the first read of a small file.
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(configuration.chunkBytes, size + 1),
            alignment: 16
        )
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { break }
            total += count
            guard total <= size else { return nil }
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bufferPointer: chunk)
            bytes?.append(contentsOf: chunk)
            surroundings.observe(.chunk(attempt: attempt, total: total))
        }
        return total == size ? (Array(hash.finalize()), bytes) : nil
    }
}
