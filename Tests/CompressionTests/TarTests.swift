import Compression
import Testing

/// A member and its content.
struct Unpacked: Equatable {
    var path: String
    var kind: TarMember.Kind
    var content: [UInt8]
}

func unpack(_ archive: [UInt8], step: Int = 10_000) throws -> [Unpacked] {
    let reader = TarReader(source: dribble(archive, step: step))
    var result: [Unpacked] = []
    while let member = try reader.next() {
        let content = try ByteStream.collect(reader.memberReader)
        #expect(content.count == member.size)
        result.append(Unpacked(path: String(decoding: member.path, as: UTF8.self), kind: member.kind, content: content))
    }
    return result
}

func archive(_ longNames: TarWriter.LongNames = .pax, _ body: (TarWriter) throws -> Void) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = TarWriter(longNames: longNames) { bytes.append(contentsOf: $0) }
    try body(writer)
    try writer.finish()
    return bytes
}

@Suite("Tar archives")
struct TarTests {
    static let longPath = (0..<40).map { "directory-\($0)" }.joined(separator: "/") + "/file"

    @Test(
        "Members come in order with their bytes, whatever the pieces of input",
        arguments: [1, 511, 512, 513, 10_000]
    )
    func members(step: Int) throws {
        let bytes = try archive { writer in
            try writer.addDirectory(Array("specs".utf8))
            try writer.addFile(Array("specs/a.json".utf8), Array("{}".utf8))
            try writer.addFile(Array("specs/empty".utf8), [])
            try writer.addFile(Array("block".utf8), sample(512))
            try writer.addSymbolicLink(Array("link".utf8), target: Array("/etc/passwd".utf8))
        }
        let expected = [
            Unpacked(path: "specs/", kind: .directory, content: []),
            Unpacked(path: "specs/a.json", kind: .file, content: Array("{}".utf8)),
            Unpacked(path: "specs/empty", kind: .file, content: []),
            Unpacked(path: "block", kind: .file, content: sample(512)),
            Unpacked(path: "link", kind: .symbolicLink, content: []),
        ]
        #expect(try unpack(bytes, step: step) == expected)
    }

    @Test("Long names and link targets survive in both dialects", arguments: [TarWriter.LongNames.pax, .gnu])
    func longNames(dialect: TarWriter.LongNames) throws {
        let bytes = try archive(dialect) { writer in
            try writer.addFile(Array(Self.longPath.utf8), [1])
            try writer.addSymbolicLink(Array("link".utf8), target: Array(Self.longPath.utf8))
            try writer.addFile(Array("short".utf8), [2])
        }
        let reader = TarReader(source: ByteStream.reader(bytes))
        #expect(try reader.next()?.path == Array(Self.longPath.utf8))
        #expect(try reader.next()?.linkTarget == Array(Self.longPath.utf8))
        #expect(try reader.next()?.path == Array("short".utf8))
        #expect(try reader.next() == nil)
    }

    @Test("A member that was not read to its end is skipped")
    func skipped() throws {
        let bytes = try archive { writer in
            try writer.addFile([97], sample(200_000))
            try writer.addFile([98], [1])
        }
        let reader = TarReader(source: ByteStream.reader(bytes))
        #expect(try reader.next()?.size == 200_000)
        let second = try #require(try reader.next())
        #expect(second.path == [98])
        #expect(second.headerOffset == 512 + 200_192)
        #expect(second.dataOffset == second.headerOffset + 512)
    }

    @Test("Names with any byte come as they are")
    func oddNames() throws {
        let names: [[UInt8]] = [Array("a\nb".utf8), [0xff, 0xfe], Array("ü".utf8)]
        let bytes = try archive { writer in
            for name in names { try writer.addFile(name, []) }
        }
        let reader = TarReader(source: ByteStream.reader(bytes))
        for name in names { #expect(try reader.next()?.path == name) }
    }

    @Test(
        "Hostile names are given as they are and recognised",
        arguments: [
            ("a/b", true), ("./a", true), ("a/", true), ("..a/b..", true),
            ("../a", false), ("a/../../b", false), ("/etc/passwd", false), ("a//b", false), ("..", false), ("/", false),
        ]
    )
    func hostileNames(name: String, isPlain: Bool) throws {
        let bytes = try archive { try $0.addFile(Array(name.utf8), []) }
        let member = try #require(try TarReader(source: ByteStream.reader(bytes)).next())
        #expect(String(decoding: member.path, as: UTF8.self) == name)
        #expect(member.isPlainRelativePath == isPlain)
    }

    @Test("A pax header may give path, size and time")
    func pax() throws {
        let records = Array("14 path=other\n17 mtime=1.50000\n".utf8)
        var bytes = try archive { try $0.addFile(Array("x".utf8), records) }
        bytes[156] = UInt8(ascii: "x")
        fixChecksum(&bytes, at: 0)
        bytes.removeLast(1_024)
        bytes += try archive { try $0.addFile(Array("name".utf8), [7]) }
        let reader = TarReader(source: ByteStream.reader(bytes))
        let member = try #require(try reader.next())
        #expect(member.path == Array("other".utf8))
        #expect(member.mtimeNanoseconds == 1_500_000_000)
        #expect(try ByteStream.collect(reader.memberReader) == [7])
    }

    @Test("An archive cut at any byte is truncated or ends between members")
    func truncated() throws {
        let bytes = try archive { writer in
            try writer.addFile([97], sample(700))
            try writer.addFile([98], [1])
        }
        let whole = try unpack(bytes)
        for count in stride(from: 513, to: bytes.count - 1_024, by: 37) {
            do {
                let members = try unpack(Array(bytes[..<count]))
                #expect(count % 512 == 0 && members == Array(whole[..<members.count]))
            } catch let error as CompressionError {
                #expect(error.reason == .truncated)
                #expect(error.offset == count)
            }
        }
    }

    @Test("Data that is no archive says so", arguments: [[], Array("{}".utf8), [UInt8](repeating: 65, count: 2_000)])
    func notTar(bytes: [UInt8]) {
        let error = #expect(throws: CompressionError.self) { try unpack(bytes) }
        #expect(error?.reason == .notTar)
    }

    @Test("A damaged header is located")
    func damaged() throws {
        var bytes = try archive { writer in
            try writer.addFile([97], [1])
            try writer.addFile([98], [2])
        }
        bytes[1_024] ^= 1
        let error = #expect(throws: CompressionError.self) { try unpack(bytes) }
        #expect(error?.reason == .damaged)
        #expect(error?.offset == 1_024)
    }

    @Test(
        "Headers that claim impossible sizes are refused",
        arguments: [
            [UInt8](repeating: 0xff, count: 12), [0x80, 1] + [UInt8](repeating: 0, count: 10),
            Array("9999999999 ".utf8) + [0],
        ]
    )
    func impossibleSize(field: [UInt8]) throws {
        var bytes = try archive { try $0.addFile([97], [1]) }
        bytes.replaceSubrange(124..<136, with: field)
        fixChecksum(&bytes, at: 0)
        let error = #expect(throws: CompressionError.self) { try unpack(bytes) }
        #expect(error?.reason == .damaged)
    }

    @Test("An extension header that claims a gigabyte is refused")
    func hugeExtension() throws {
        var bytes = try archive(.gnu) { try $0.addFile(Array(Self.longPath.utf8), [1]) }
        bytes.replaceSubrange(124..<136, with: Array("10000000000".utf8) + [0])
        fixChecksum(&bytes, at: 0)
        let error = #expect(throws: CompressionError.self) { try unpack(bytes) }
        #expect(error?.reason == .damaged)
    }

    @Test(
        "A malformed pax header is refused",
        arguments: ["9 path", "99999 path=a\n", "0 a=b\n", "x path=a\n", "5 a=b\n"]
    )
    func malformedPax(records: String) throws {
        var bytes = try archive { try $0.addFile([97], Array(records.utf8)) }
        bytes[156] = UInt8(ascii: "x")
        fixChecksum(&bytes, at: 0)
        let error = #expect(throws: CompressionError.self) { try unpack(bytes) }
        #expect(error?.reason == .damaged)
    }

    @Test("The end of the archive is the end of a compressed one too, so its checksum counts")
    func checksumBehindEnd() throws {
        var compressed = try GzipWriter.compress(archive { try $0.addFile([97], sample(10_000)) })
        compressed[compressed.count - 6] ^= 1
        let gzip = GzipReader(source: ByteStream.reader(compressed))
        let tar = TarReader(source: gzip.byteReader)
        #expect(try tar.next() != nil)
        let error = #expect(throws: CompressionError.self) { try tar.next() }
        #expect(error?.reason == .checksumMismatch)
    }

    @Test("Bytes behind the end mark are counted")
    func garbage() throws {
        let bytes = try archive { try $0.addFile([97], [1]) } + Array("tail".utf8)
        let reader = TarReader(source: ByteStream.reader(bytes))
        while try reader.next() != nil {}
        #expect(reader.trailingGarbageBytes == 4)
    }

    @Test("A member with fewer bytes than announced is refused by the writer")
    func shortMember() throws {
        #expect(throws: CompressionError.self) {
            try archive { try $0.addFile([97], size: 5, content: ByteStream.reader([1])) }
        }
    }
}

/// Makes the checksum of a changed header right again.
func fixChecksum(_ bytes: inout [UInt8], at offset: Int) {
    for index in 148..<156 { bytes[offset + index] = UInt8(ascii: " ") }
    let sum = bytes[offset..<(offset + 512)].reduce(0) { $0 + Int($1) }
    let text = String(sum, radix: 8)
    let field = Array((String(repeating: "0", count: 6 - text.utf8.count) + text).utf8) + [0, UInt8(ascii: " ")]
    bytes.replaceSubrange((offset + 148)..<(offset + 156), with: field)
}
