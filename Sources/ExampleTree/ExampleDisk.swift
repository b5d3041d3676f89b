#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes the files of an example tree and counts them; modification times are fixed too.
final class ExampleDisk {
    /// What reading a file as JSON gives.
    enum Content {
        case value, values, whitespace, empty, invalid, notJSON
    }

    private(set) var files = ExampleExpectation.Files()
    private(set) var bytes: Int64 = 0
    var directories: Int { made.count }

    private let root: String
    private var made: Set<String> = []
    /// 2025-12-05T14:00:00Z: the day the real tree was last written to.
    private var time = 1_764_943_200

    init(creating root: String) throws(ExampleTreeError) {
        self.root = root
        if mkdir(root, 0o755) != 0, errno != EEXIST {
            throw ExampleTreeError(path: root, "The directory cannot be made", errno: errno)
        }
        guard let directory = opendir(root) else {
            throw ExampleTreeError(path: root, "The directory cannot be read", errno: errno)
        }
        defer { closedir(directory) }
        var names = 0
        while readdir(directory) != nil { names += 1 }
        // Itself and its parent are always listed.
        guard names <= 2 else { throw ExampleTreeError(path: root, "The directory is not empty") }
    }

    /// Writes a file at once.
    func write(_ path: String, _ content: Content, _ bytes: [UInt8]) throws {
        try write(path, content) { try $0(bytes) }
    }

    /// Writes one JSON value, pretty-printed, with a newline at the end.
    func write(_ path: String, _ value: ExampleJSON) throws {
        try write(path, .value, value.text() + [UInt8(ascii: "\n")])
    }

    /// Writes one JSON value a line.
    func writeLines(_ path: String, _ values: [ExampleJSON]) throws {
        let lines = values.flatMap { $0.text(.compact) + [UInt8(ascii: "\n")] }
        try write(path, values.count == 1 ? .value : .values, lines)
    }

    /// Writes a file in parts, which are gathered to blocks of 256 KiB.
    func write(_ path: String, _ content: Content, _ body: (_ sink: ([UInt8]) throws -> Void) throws -> Void) throws {
        try makeParents(of: path)
        let full = "\(root)/\(path)"
        let file = open(full, O_WRONLY | O_CREAT | O_EXCL, 0o644)
        guard file >= 0 else { throw ExampleTreeError(path: full, "The file cannot be made", errno: errno) }
        defer { close(file) }
        var buffer: [UInt8] = []
        try body { part in
            buffer += part
            if buffer.count >= 256 << 10 { try self.flush(&buffer, to: file, full) }
        }
        try flush(&buffer, to: file, full)
        count(content)
        time += 1
        let stamp = timespec(tv_sec: time, tv_nsec: 0)
        guard futimens(file, [stamp, stamp]) == 0 else {
            throw ExampleTreeError(path: full, "The file's time cannot be set", errno: errno)
        }
    }

    private func flush(_ buffer: inout [UInt8], to file: Int32, _ path: String) throws(ExampleTreeError) {
        var start = 0
        while start < buffer.count {
            let written = buffer.withUnsafeBytes { systemWrite(file, $0[start...]) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw ExampleTreeError(path: path, "The file cannot be written", errno: errno) }
            start += written
        }
        bytes += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private func makeParents(of path: String) throws(ExampleTreeError) {
        let parts = path.split(separator: "/").dropLast()
        var parent = ""
        for part in parts {
            parent += parent.isEmpty ? String(part) : "/" + part
            guard made.insert(parent).inserted else { continue }
            let full = "\(root)/\(parent)"
            guard mkdir(full, 0o755) == 0 else {
                throw ExampleTreeError(path: full, "The directory cannot be made", errno: errno)
            }
        }
    }

    private func count(_ content: Content) {
        files.total += 1
        switch content {
        case .value: files.value += 1
        case .values: files.values += 1
        case .whitespace: files.whitespace += 1
        case .empty: files.empty += 1
        case .invalid: files.invalid += 1
        case .notJSON: files.notJSON += 1
        }
    }
}

// Named apart from the methods above, which would hide it.
private func systemWrite(_ file: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    write(file, UnsafeRawBufferPointer(rebasing: bytes).baseAddress, bytes.count)
}
