import SourceTree
import Testing

@Suite("FileNameEncoding")
struct FileNameEncodingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let name: String
        var testDescription: String { name }

        init(_ text: String, _ name: String) {
            bytes = Array(text.utf8)
            self.name = name
        }

        init(bytes: [UInt8], _ name: String) {
            self.bytes = bytes
            self.name = name
        }
    }

    @Test(
        "Each name is the one listed, and leads back",
        arguments: [
            Case("catalog:assets", "catalog:assets"), Case("a-b_c.d~e", "a-b_c.d~e"), Case("", "%-"),
            Case(".", "%2E"), Case("..", "%2E%2E"), Case("...", "..."), Case(".x", ".x"), Case("a/b", "a%2Fb"),
            Case("%", "%25"), Case("%2F", "%252F"), Case("%-", "%25-"), Case("a b", "a%20b"), Case("\n", "%0A"),
            Case("é", "%C3%A9"), Case("x.gz", "x%2Egz"), Case("x.tar.gz", "x.tar%2Egz"), Case("x.tgz", "x%2Etgz"),
            Case(".gz", ".gz"), Case(bytes: [0, 0xFF, 0x7F], "%00%FF%7F"),
            Case(String(repeating: "x", count: 200), String(repeating: "x", count: 200)),
        ]
    )
    func names(_ row: Case) {
        #expect(FileNameEncoding.encode(row.bytes) == row.name)
        #expect(FileNameEncoding.decode(row.name.utf8) == row.bytes)
    }

    @Test("A long name is a hash that leads nowhere", arguments: [201, 5_000])
    func long(count: Int) {
        let name = FileNameEncoding.encode([UInt8](repeating: 0x78, count: count))
        #expect(FileNameEncoding.isHash(name))
        #expect(name.utf8.count == 66)
        #expect(FileNameEncoding.decode(name.utf8) == nil)
    }

    @Test("Capital letters are encoded where the file system does not tell them from small ones")
    func capitals() {
        #expect(FileNameEncoding.encode("aB".utf8, encodesCapitals: true) == "a%42")
        #expect(FileNameEncoding.decode("a%42".utf8) == Array("aB".utf8))
    }

    @Test("What is no encoded name leads nowhere", arguments: ["%", "%2", "%2x", "%2f", "a%"])
    func faults(name: String) {
        #expect(FileNameEncoding.decode(name.utf8) == nil)
    }
}
