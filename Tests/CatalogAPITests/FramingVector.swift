import Foundation
import Testing

/// Bytes on a connection and the answers that they may get.
struct FramingVector: CustomTestStringConvertible, Sendable {
    let name: String
    let parts: [[UInt8]]
    /// The statuses of the answers, in order.
    let statuses: [Int]
    /// Whether the peer ends the connection.
    let ends: Bool
    /// The numbers of requests whose answers have no body.
    var heads: Set<Int> = []
    var closesOutput = false

    var testDescription: String { name }

    /// How many lines look like the first of a request, those within bodies among them.
    var requestLines: Int {
        String(decoding: parts.joined(), as: UTF8.self).components(separatedBy: " HTTP/").count - 1
    }

    init(
        _ name: String,
        _ text: String...,
        statuses: [Int],
        ends: Bool = true,
        heads: Set<Int> = [],
        closesOutput: Bool = false
    ) {
        self.name = name
        parts = text.map { Array($0.utf8) }
        self.statuses = statuses
        self.ends = ends
        self.heads = heads
        self.closesOutput = closesOutput
    }

    init(_ name: String, bytes: [UInt8], statuses: [Int], ends: Bool = true) {
        self.name = name
        parts = [bytes]
        self.statuses = statuses
        self.ends = ends
    }
}

extension FramingVector {
    private static let get = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let post = "POST /api/search HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    private static let head = "HEAD /livez HTTP/1.1\r\nHost: h\r\n\r\n"

    static let all: [FramingVector] = sound + lengths + chunks + lines + fields + targets + sizes

    /// Requests as they should be: the connection goes on.
    static let sound: [FramingVector] = [
        .init("one request", get, statuses: [200], ends: false),
        .init("two in a row", get + get, statuses: [200, 200], ends: false),
        .init(
            "fifty in a row",
            String(repeating: get, count: 50),
            statuses: Array(repeating: 200, count: 50),
            ends: false
        ),
        .init(
            "a request byte by byte",
            "G",
            "ET /li",
            "vez HTTP/1.1\r",
            "\nHost: h\r\n\r",
            "\n",
            statuses: [200],
            ends: false
        ),
        .init("HEAD before GET", head + get, statuses: [200, 200], ends: false, heads: [0]),
        .init("a body of its length", post + "Content-Length: 2\r\n\r\n{}" + get, statuses: [200, 200], ends: false),
        .init(
            "a request within a body",
            post + "Content-Length: \(get.utf8.count)\r\n\r\n" + get + get,
            statuses: [400, 200],
            ends: false
        ),
        .init(
            "a request within a chunk",
            post + "Transfer-Encoding: chunked\r\n\r\n\(String(get.utf8.count, radix: 16))\r\n" + get
                + "\r\n0\r\n\r\n" + get,
            statuses: [400, 200],
            ends: false
        ),
        .init(
            "a request within a body that nobody reads",
            "POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: \(get.utf8.count)\r\n\r\n" + get + get,
            statuses: [405, 200],
            ends: false
        ),
        .init(
            "an unread body",
            "POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345" + get,
            statuses: [405, 200],
            ends: false
        ),
        .init(
            "chunks with extension and trailer",
            post + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n" + get,
            statuses: [200, 200],
            ends: false
        ),
        .init(
            "Connection: close",
            "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get,
            statuses: [200]
        ),
        .init("HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n" + get, statuses: [200]),
        .init("the absolute form", "GET http://h/livez HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [200], ends: false),
        .init("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [204], ends: false),
        .init("a peer that says no more", get, statuses: [200], closesOutput: true),
        .init(
            "an expectation",
            post + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
            "{}",
            statuses: [200],
            ends: false
        ),
        .init("empty lines before a request", "\r\n\r\n" + get, statuses: [200], ends: false),
    ]

    static let lengths: [FramingVector] = [
        .init(
            "length and chunks",
            post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "chunks and length",
            post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init("two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + get, statuses: [400]),
        .init(
            "the same length twice",
            post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + get,
            statuses: [400]
        ),
        .init("a list of lengths", post + "Content-Length: 2, 2\r\n\r\n{}" + get, statuses: [400]),
        .init("a negative length", post + "Content-Length: -1\r\n\r\n" + get, statuses: [400]),
        .init("a signed length", post + "Content-Length: +2\r\n\r\n{}" + get, statuses: [400]),
        .init("a length in hex", post + "Content-Length: 0x2\r\n\r\n{}" + get, statuses: [400]),
        .init("a length that is no number", post + "Content-Length: two\r\n\r\n{}" + get, statuses: [400]),
        .init("an empty length", post + "Content-Length: \r\n\r\n" + get, statuses: [400]),
        .init(
            "a length beyond 64 bits",
            post + "Content-Length: 99999999999999999999999\r\n\r\n{}" + get,
            statuses: [400]
        ),
        .init("a length with a blank in it", post + "Content-Length: 1 2\r\n\r\n{}" + get, statuses: [400]),
        .init("a blank before the colon of a length", post + "Content-Length : 2\r\n\r\n{}" + get, statuses: [400]),
        .init("a body that ends early", post + "Content-Length: 100\r\n\r\n{}", statuses: [400], closesOutput: true),
        .init("a length too large", post + "Content-Length: 2000000\r\n\r\n", statuses: [413]),
    ]

    static let chunks: [FramingVector] = [
        .init(
            "a chunk size that is none",
            post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "a chunk size beyond 64 bits",
            post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            statuses: [400]
        ),
        .init(
            "a negative chunk size",
            post + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
            statuses: [400]
        ),
        .init(
            "a chunk size with a prefix",
            post + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
            statuses: [400]
        ),
        .init("an empty chunk size", post + "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n", statuses: [400]),
        .init(
            "a chunk longer than its size",
            post + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "a chunk without its line end",
            post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "chunks with bare line feeds",
            post + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n" + get,
            statuses: [400]
        ),
        .init(
            "chunks that end early",
            post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            statuses: [400],
            closesOutput: true
        ),
        .init("another coding", post + "Transfer-Encoding: gzip\r\n\r\n{}" + get, statuses: [400]),
        .init(
            "chunked, then identity",
            post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "identity, then chunked",
            post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + get, statuses: [400]),
        .init(
            "two fields of coding",
            post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init("a misspelt coding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + get, statuses: [400]),
        .init(
            "a coding behind a tab",
            post + "Transfer-Encoding:\tchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            statuses: [200],
            ends: false
        ),
        .init(
            "a coding before a vertical tab",
            post + "Transfer-Encoding: chunked\u{b}\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "a coding in HTTP/1.0",
            "POST /api/search HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get,
            statuses: [400]
        ),
        .init(
            "a broken chunk behind an answer",
            "POST /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            "zz\r\n",
            statuses: [405]
        ),
    ]

    static let lines: [FramingVector] = [
        .init("bare line feeds", "GET /livez HTTP/1.1\nHost: h\n\n", statuses: [400]),
        .init("a bare carriage return", "GET /livez HTTP/1.1\rHost: h\r\r", statuses: [400]),
        .init(
            "a bare carriage return in a value",
            "GET /livez HTTP/1.1\r\nHost: h\r\nX: a\rb: c\r\n\r\n",
            statuses: [400]
        ),
        .init("no version", "GET /livez\r\n\r\n", statuses: [400]),
        .init("another version", "GET /livez HTTP/2.0\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("a version of three digits", "GET /livez HTTP/1.10\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("another protocol", "GET /livez HTCPCP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", statuses: [400]),
        .init("a method in small letters", "get /livez HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("an unknown method", "BREW /livez HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("no method", " /livez HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("TLS", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x0a], statuses: [400]),
        .init("noise", bytes: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }, statuses: [400]),
        .init(
            "noise behind a request",
            bytes: Array(get.utf8) + [0, 1, 2, 3, 0xff, 0x0d, 0x0a, 0x0d, 0x0a],
            statuses: [200, 400]
        ),
        .init("CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init(
            "an upgrade",
            "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            statuses: [200],
            ends: false
        ),
    ]

    static let fields: [FramingVector] = [
        .init("a folded field", "GET /livez HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", statuses: [400]),
        .init("a fold before all fields", "GET /livez HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("a name with a blank", "GET /livez HTTP/1.1\r\nHost: h\r\nX Y: a\r\n\r\n", statuses: [400]),
        .init("an empty name", "GET /livez HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", statuses: [400]),
        .init("no colon", "GET /livez HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", statuses: [400]),
        .init("a zero byte in a value", "GET /livez HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n", statuses: [400]),
        .init("a control character in a name", "GET /livez HTTP/1.1\r\nHost: h\r\nX\u{1}: a\r\n\r\n", statuses: [400]),
        .init("no Host", "GET /livez HTTP/1.1\r\n\r\n", statuses: [400]),
        .init("two Hosts", "GET /livez HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", statuses: [400]),
        .init(
            "a value that is no UTF-8",
            bytes: Array("GET /livez HTTP/1.1\r\nHost: h\r\nX: ".utf8) + [0xff, 0xfe] + Array("\r\n\r\n".utf8),
            statuses: [200],
            ends: false
        ),
    ]

    static let targets: [FramingVector] = [
        .init("a blank in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("a target that is no path", "GET livez HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init("no target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400]),
        .init(
            "a target that is no UTF-8",
            bytes: Array("GET /".utf8) + [0xff] + Array(" HTTP/1.1\r\nHost: h\r\n\r\n".utf8),
            statuses: [400]
        ),
        .init(
            "a path out of the root",
            "GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n",
            statuses: [404],
            ends: false
        ),
        .init("a stray percent", "GET /api/tasks/%zz HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [400], ends: false),
        .init("an encoded zero byte", "GET /api/tasks/%00 HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [404], ends: false),
        .init(
            "a target of 9 KiB",
            "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\nHost: h\r\n\r\n",
            statuses: [414]
        ),
    ]

    static let sizes: [FramingVector] = [
        .init(
            "10,000 fields",
            "GET /livez HTTP/1.1\r\nHost: h\r\n\((0..<10_000).map { "X\($0): y\r\n" }.joined())\r\n",
            statuses: [431]
        ),
        .init(
            "101 fields",
            "GET /livez HTTP/1.1\r\nHost: h\r\n\((0..<101).map { "X\($0): y\r\n" }.joined())\r\n",
            statuses: [431]
        ),
        .init(
            "a field of 1 MB",
            "GET /livez HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "y", count: 1_000_000))\r\n\r\n",
            statuses: [431]
        ),
        .init(
            "fields of 70 KiB in all",
            "GET /livez HTTP/1.1\r\nHost: h\r\n\((0..<70).map { "X\($0): \(String(repeating: "y", count: 1_024))\r\n" }.joined())\r\n",
            statuses: [431]
        ),
        .init(
            "a name of 1 MB",
            "GET /livez HTTP/1.1\r\nHost: h\r\n\(String(repeating: "y", count: 1_000_000)): x\r\n\r\n",
            statuses: [431]
        ),
        .init(
            "chunks of more than 1 MiB",
            post + "Transfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "10000\r\n\(String(repeating: " ", count: 65_536))\r\n", count: 20) + "0\r\n\r\n",
            statuses: [413]
        ),
        .init(
            "64 levels",
            post + "Content-Length: 128\r\n\r\n" + String(repeating: "[", count: 64)
                + String(repeating: "]", count: 64),
            statuses: [400],
            ends: false
        ),
        .init(
            "100,000 levels",
            post + "Content-Length: 100000\r\n\r\n" + String(repeating: "[", count: 100_000),
            statuses: [400],
            ends: false
        ),
    ]
}
