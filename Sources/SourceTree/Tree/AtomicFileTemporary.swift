#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A new file under a name of its own in the directory that its final name will be in.
///
/// The name starts with `.cortex-` and ends with `.tmp`, so that walks and people can tell what a crash left behind.
final class AtomicFileTemporary {
    let directory: Descriptor
    let file: Descriptor
    private let name: [UInt8]
    /// Whether the name is still there to be removed.
    private var isNamed = true

    init(in directory: Descriptor) throws(SystemError) {
        self.directory = directory
        while true {
            let name = Array(".cortex-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp".utf8)
            do {
                file = try directory.open(name, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
                self.name = name
                return
            } catch {
                if error.errno != EEXIST { throw error }
            }
        }
    }

    deinit {
        discard()
    }

    /// Removes the file unless it has got its final name.
    func discard() {
        guard isNamed else { return }
        isNamed = false
        do {
            try directory.withName(name) { unlinkat(directory.number, $0, 0) }
        } catch {
            // Cleaning up after an error that the caller reports; what stays behind is recognisable by its name.
        }
    }

    /// Sets the permission bits: those given, else those of the file at `name` with its owner, else 0644.
    func apply(mode: UInt32?, orThatOf name: [UInt8]) throws(SystemError) {
        var existing: FileStatus?
        do {
            existing = try directory.status(of: name)
        } catch {
            if error.errno != ENOENT { throw error }
        }
        if let existing {
            // Only root may give files away; others keep the permissions and become the owner.
            _ = fchown(file.number, existing.owner, existing.group)
        }
        try apply(mode: mode ?? (existing.map { $0.mode & 0o7777 } ?? 0o644))
    }

    func apply(mode: UInt32) throws(SystemError) {
        _ = try Descriptor.retry { fchmod(file.number, mode_t(mode & 0o7777)) }
    }

    /// Sets the time of the last change; the time of the last access becomes the same.
    func apply(mtimeNanoseconds: Int64) throws(SystemError) {
        let time = FileStatus.timespec(nanoseconds: mtimeNanoseconds)
        _ = try Descriptor.retry { futimens(file.number, [time, time]) }
    }

    /// Gives the file its final name, in place of what has it.
    func rename(to newName: some Collection<UInt8>) throws(SystemError) {
        let newName = newName.map { CChar(bitPattern: $0) } + [0]
        try directory.withName(name) { renameat(directory.number, $0, directory.number, newName) }
        isNamed = false
    }

    /// Gives the file its final name, which must not exist.
    func link(as newName: some Collection<UInt8>) throws(SystemError) {
        let newName = newName.map { CChar(bitPattern: $0) } + [0]
        try directory.withName(name) { linkat(directory.number, $0, directory.number, newName, 0) }
        discard()
    }
}
