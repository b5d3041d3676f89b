import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// New content of a file, on the disk beside it and not yet in its place.
public final class AtomicFileReplacement {
    private let temporary: AtomicFileTemporary
    private let name: [UInt8]
    private let path: [UInt8]

    init(temporary: AtomicFileTemporary, name: [UInt8], path: [UInt8]) {
        self.temporary = temporary
        self.name = name
        self.path = path
    }

    /// Checks what stands at the path, renames the new content over it and synchronises the directory.
    ///
    /// Between the check and the rename lie a few microseconds in which another program's replacing rename is lost
    /// unless `expectation` is `absent`, which the operating system checks itself. Throws as `AtomicFile.write`.
    @discardableResult
    public func commit(
        replacing expectation: AtomicFile.Expectation = .anything
    ) throws(SourceTreeError) -> FileFingerprint {
        do {
            try check(expectation)
            if expectation == .absent {
                try temporary.link(as: name)
            } else {
                try temporary.rename(to: name)
            }
            try temporary.directory.synchronize()
            return try temporary.file.status().fingerprint
        } catch let error as SystemError {
            if error.errno == EEXIST { throw notAsExpected("The file has appeared meanwhile") }
            throw SourceTreeError.writing(path, error.errno)
        } catch let error as SourceTreeError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown here")
        }
    }

    /// The facts of the new content; a rename changes only the time of the last change of attributes.
    public func fingerprint() throws(SourceTreeError) -> FileFingerprint {
        do {
            return try temporary.file.status().fingerprint
        } catch {
            throw SourceTreeError.writing(path, error.errno)
        }
    }

    func discard() {
        temporary.discard()
    }

    private func check(_ expectation: AtomicFile.Expectation) throws {
        let status = try currentStatus()
        if let status, status.type != .file {
            throw SourceTreeError(.notRegular, path: TreePath.text(path), "The entry is no regular file")
        }
        switch expectation {
        case .anything: break
        case .absent:
            if status != nil { throw notAsExpected("The file has appeared meanwhile") }
        case .fingerprint(let fingerprint):
            guard let status else { throw notAsExpected("The file is gone") }
            guard status.fingerprint == fingerprint else { throw notAsExpected("The file was changed meanwhile") }
        }
    }

    private func currentStatus() throws(SystemError) -> FileStatus? {
        do {
            return try temporary.directory.status(of: name)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    private func notAsExpected(_ summary: String) -> SourceTreeError {
        SourceTreeError(.notAsExpected, path: TreePath.text(path), summary)
    }
}

@available(*, unavailable)
extension AtomicFileReplacement: Sendable {}
