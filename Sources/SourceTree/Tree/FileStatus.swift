import Domain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The result of `fstat` and `fstatat` in types that are the same on all systems.
struct FileStatus: Sendable, Equatable {
    let mode: UInt32
    let size: Int64
    let mtimeNanoseconds: Int64
    let ctimeNanoseconds: Int64
    let inode: UInt64
    let device: UInt64
    let owner: UInt32
    let group: UInt32

    init(_ status: stat) {
        mode = UInt32(status.st_mode)
        size = Int64(status.st_size)
        #if canImport(Darwin)
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        mtimeNanoseconds = Self.nanoseconds(modified)
        ctimeNanoseconds = Self.nanoseconds(changed)
        inode = UInt64(status.st_ino)
        device = UInt64(truncatingIfNeeded: status.st_dev)
        owner = UInt32(status.st_uid)
        group = UInt32(status.st_gid)
    }

    /// Saturates instead of trapping: some file systems hold times that nanoseconds in 64 bits cannot.
    static func nanoseconds(_ time: timespec) -> Int64 {
        let (whole, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, sumOverflow) = whole.addingReportingOverflow(Int64(time.tv_nsec))
        return overflow || sumOverflow ? (time.tv_sec < 0 ? .min : .max) : sum
    }

    /// The parts that `utimensat` takes, with nanoseconds in 0..<10^9 also before 1970.
    static func timespec(nanoseconds: Int64) -> Self.Time {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isBefore = remainder < 0
        var time = Self.Time()
        time.tv_sec = numericCast(isBefore ? quotient - 1 : quotient)
        time.tv_nsec = numericCast(isBefore ? remainder + 1_000_000_000 : remainder)
        return time
    }

    #if canImport(Glibc)
    typealias Time = Glibc.timespec
    #elseif canImport(Musl)
    typealias Time = Musl.timespec
    #else
    typealias Time = Darwin.timespec
    #endif

    var type: EntryType {
        switch mode & UInt32(S_IFMT) {
        case UInt32(S_IFREG): .file
        case UInt32(S_IFDIR): .dir
        case UInt32(S_IFLNK): .link
        case UInt32(S_IFIFO): .fifo
        case UInt32(S_IFSOCK): .socket
        default: .device
        }
    }

    var identity: FileIdentity { FileIdentity(device: device, inode: inode) }

    var fingerprint: FileFingerprint {
        FileFingerprint(
            size: size,
            mtimeNanoseconds: mtimeNanoseconds,
            ctimeNanoseconds: ctimeNanoseconds,
            inode: inode
        )
    }
}

/// Which file it is, whatever its names.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
}
