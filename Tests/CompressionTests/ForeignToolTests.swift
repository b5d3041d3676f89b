import Compression
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a shell command prints; fails the test when it does not succeed.
func shell(_ command: String) throws -> [UInt8] {
    let stream = try #require(popen(command, "r"))
    var bytes: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    try #require(pclose(stream) == 0, "\(command) failed")
    return bytes
}

/// A directory that is removed afterwards.
func withScratch<R>(_ body: (String) throws -> R) throws -> R {
    var template = Array("/tmp/cortex-compression-XXXXXX".utf8CString)
    let path = try #require(
        template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } }
    )
    defer { _ = try? shell("rm -rf '\(path)'") }  // Cleanup; what it leaves is in the temporary directory.
    return try body(path)
}

@Suite("Archives of other tools")
struct ForeignToolTests {
    @Test("What gzip wrote expands, its name and time included", arguments: ["", "-1", "-9"])
    func gzip(option: String) throws {
        let compressed = try withScratch { path in
            try shell("cd '\(path)' && seq 1 20000 > numbers && gzip \(option) numbers && cat numbers.gz")
        }
        let expanded = try ByteStream.collect(GzipReader(source: ByteStream.reader(compressed)).byteReader)
        #expect(expanded == (try shell("seq 1 20000")))
    }

    @Test("What gzip has to expand is what was compressed")
    func gunzip() throws {
        let bytes = sample(100_000)
        try withScratch { path in
            try write(GzipWriter.compress(bytes), to: "\(path)/a.gz")
            #expect(try shell("gzip -dc '\(path)/a.gz'") == bytes)
        }
    }

    @Test("What tar wrote is read in each of its formats", arguments: ["ustar", "pax", "gnu"])
    func tar(format: String) throws {
        let directory = String(repeating: "d", count: 90)
        let bytes = try withScratch { path in
            try shell(
                """
                cd '\(path)' && mkdir -p '\(directory)/\(directory)' && seq 1 5000 > '\(directory)/\(directory)/f' \
                && ln -s target link && mkfifo pipe && tar --format=\(format) -cf - '\(directory)' link pipe
                """
            )
        }
        let members = try unpack(bytes)
        #expect(
            members.map(\.path) == [
                "\(directory)/", "\(directory)/\(directory)/", "\(directory)/\(directory)/f", "link", "pipe",
            ]
        )
        #expect(members.map(\.kind) == [.directory, .directory, .file, .symbolicLink, .fifo])
        #expect(members[2].content == (try shell("seq 1 5000")))
    }

    @Test("What tar lists is what was written", arguments: [TarWriter.LongNames.pax, .gnu])
    func list(dialect: TarWriter.LongNames) throws {
        let bytes = try archive(dialect) { writer in
            try writer.addDirectory(Array("specs".utf8))
            try writer.addFile(Array(TarTests.longPath.utf8), sample(3_000))
            try writer.addFile(Array("last".utf8), [])
        }
        try withScratch { path in
            try write(bytes, to: "\(path)/a.tar")
            #expect(
                String(decoding: try shell("tar -tf '\(path)/a.tar'"), as: UTF8.self)
                    == "specs/\n\(TarTests.longPath)\nlast\n"
            )
            #expect(try shell("tar -xOf '\(path)/a.tar' '\(TarTests.longPath)'") == sample(3_000))
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        try #require(fclose(file) == 0)
    }
}
