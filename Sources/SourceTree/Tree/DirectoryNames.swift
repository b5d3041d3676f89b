#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The names in one directory in bytewise order, in one block of memory (a million names cost about 45 MB, not 100).
struct DirectoryNames {
    // Each name behind its length in two bytes.
    private var bytes: [UInt8] = []
    private var starts: [Int] = []

    /// Reads the names of an open directory, `.` and `..` left out.
    init(of directory: Descriptor) throws(SystemError) {
        // A directory stream takes its descriptor over, so it gets a copy; both share one position.
        let number = try Descriptor.retry { fcntl(directory.number, F_DUPFD_CLOEXEC, 0) }
        guard let stream = fdopendir(number) else {
            let error = SystemError(errno: errno)
            close(number)
            throw error
        }
        rewinddir(stream)
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError(errno: errno) }
                break
            }
            append(entry)
        }
        sort()
    }

    var count: Int { starts.count }

    subscript(index: Int) -> ArraySlice<UInt8> {
        let start = starts[index]
        let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        return bytes[(start + 2)..<(start + 2 + length)]
    }

    private mutating func append(_ entry: UnsafeMutablePointer<dirent>) {
        // Through the pointer: copying the struct out would read behind a short record.
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else {
            preconditionFailure("d_name has no offset")
        }
        let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
        let length = strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
        let slice = UnsafeBufferPointer(start: name, count: length)
        guard !TreePath.isDot(slice) else { return }
        starts.append(bytes.count)
        // The longest name that any system allows is under 2 KiB.
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes.append(contentsOf: slice)
    }

    private mutating func sort() {
        bytes.withUnsafeBufferPointer { bytes in
            starts.sort { Self.isLess(bytes, $0, $1) }
        }
    }

    private static func isLess(_ bytes: UnsafeBufferPointer<UInt8>, _ left: Int, _ right: Int) -> Bool {
        let leftCount = Int(bytes[left]) << 8 | Int(bytes[left + 1])
        let rightCount = Int(bytes[right]) << 8 | Int(bytes[right + 1])
        guard let base = bytes.baseAddress else { return false }
        let order = memcmp(base + left + 2, base + right + 2, min(leftCount, rightCount))
        return order == 0 ? leftCount < rightCount : order < 0
    }
}
