import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import CatalogAPI

@Suite("The requests that the fast lane understands")
struct PlainRequestTests {
    private static let limits = PlainRequest.Limits(ServiceConfiguration())

    private static func find(_ text: String, _ limits: PlainRequest.Limits = limits) -> PlainRequest.Found {
        Array(text.utf8).withUnsafeBytes { PlainRequest.find(in: $0, limits) }
    }

    private static func request(_ text: String) throws -> PlainRequest {
        guard case .request(let request) = find(text) else { throw NotFound(text: text) }
        return request
    }

    private struct NotFound: Error {
        let text: String
    }

    @Test("a read of a path, with the places of what matters in it")
    func read() throws {
        let text = "GET /api/tasks/a HTTP/1.1\r\nHost: h\r\nAuthorization:  Bearer k \r\nif-none-match:\"x\"\r\n\r\nGET"
        let request = try Self.request(text)
        #expect(request.isPlainRead)
        #expect(!request.isHead)
        #expect(request.length == text.utf8.count - 3)
        #expect(request.bodyLength == 0)
        let bytes = Array(text.utf8)
        func part(_ place: Range<Int>?) -> String? { place.map { String(decoding: bytes[$0], as: UTF8.self) } }
        #expect(part(request.target) == "/api/tasks/a")
        #expect(part(request.authorization) == "Bearer k")
        #expect(part(request.ifNoneMatch) == "\"x\"")
        #expect(request.traceparent == nil)
        #expect(try Self.request("HEAD / HTTP/1.1\r\nHost:\r\n\r\n").isHead)
    }

    @Test("every beginning of a request is one")
    func beginnings() {
        let text = "PATCH /api/tasks/a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n"
        for count in 0..<text.utf8.count {
            #expect(Self.find(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == .incomplete, "\(count)")
        }
    }

    @Test(
        "whole requests that are the router's",
        arguments: [
            "GET /api/tasks/a?x HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
            "GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, x\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nCortex-Consistency: strong\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: h\r\nX: \u{e9}\r\n\r\n",
        ]
    )
    func router(_ text: String) throws {
        let request = try Self.request(text)
        #expect(!request.isPlainRead)
        #expect(request.length == text.utf8.count)
    }

    @Test(
        "what is unknown",
        arguments: [
            "\u{16}\u{3}", "GET", "get /a HTTP/1.1\r\n", "GET  /a HTTP/1.1\r\n", "GET /a HTTP/1.0\r\n", "GET /a\r\n",
            "GET /a b HTTP/1.1\r\n", "GET /\u{e9} HTTP/1.1\r\n", "GET /a HTTP/1.1\n", "\r\nGET /a HTTP/1.1\r\n",
            "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\nHost : h\r\n",
            "GET /a HTTP/1.1\r\n Host: h\r\n",
            "GET /a HTTP/1.1\r\nHost: h\nX: y\r\n", "GET /a HTTP/1.1\r\nHost: h\r\n folded\r\n",
            "GET /a HTTP/1.1\r\n: x\r\n",
            "GET /a HTTP/1.1\r\nHost: h\u{0}\r\n", "GET /a HTTP/1.1\r\nHost: h\r\rX: y\r\n",
            "GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", "GET /a HTTP/1.1\r\nUpgrade: h2c\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: +1\r\n", "GET /a HTTP/1.1\r\nContent-Length:\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: 1, 1\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n",
        ]
    )
    func unknown(_ text: String) {
        // Letters alone may become a method.
        #expect(Self.find(text) == (text == "GET" ? .incomplete : .unknown))
    }

    @Test("the limits of the server's parser are never passed")
    func limits() {
        var configuration = ServiceConfiguration()
        configuration.targetLimit = 10
        configuration.headerCountLimit = 3
        let limits = PlainRequest.Limits(configuration)
        func found(target: Int = 1, fields: Int = 1, value: Int = 1) -> PlainRequest.Found {
            let lines = (0..<fields).map { "h\($0): \(String(repeating: "v", count: value))\r\n" }.joined()
            return Self.find("GET /\(String(repeating: "a", count: target - 1)) HTTP/1.1\r\n\(lines)\r\n", limits)
        }
        guard case .request = found(target: 10), case .request = found(fields: 3) else {
            Issue.record("what is within the limits is not found")
            return
        }
        #expect(found(target: 11) == .unknown)
        #expect(found(fields: 4) == .unknown)
        #expect(found(value: 8 << 10) == .unknown)
        #expect(Self.find("GET /" + String(repeating: "a", count: 9_000), limits) == .unknown)
    }

    // MARK: Against the server's parser

    /// What one parser makes of a stream.
    private struct Seen: Equatable {
        var uris: [String] = []
        var bodies: [Int] = []
    }

    /// What the server's parser sees, up to its first error.
    private static func parsed(_ bytes: [UInt8]) -> Seen {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var seen = Seen()
        do {
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            // What came before the error counts.
        }
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                seen.uris.append(head.uri)
                seen.bodies.append(0)
            case .body(let body): seen.bodies[seen.bodies.count - 1] += body.readableBytes
            case .end: break
            }
        }
        return seen
    }

    /// What the fast lane sees of a stream that comes in these parts, up to where it gives up; `-1` for a body that did not end.
    private static func framed(_ parts: [[UInt8]]) -> (seen: Seen, reads: [Bool]) {
        var framing = RequestFraming(limits)
        var bytes: [UInt8] = []
        var seen = Seen()
        var reads: [Bool] = []
        for part in parts {
            bytes += part
            take: while !bytes.isEmpty {
                switch bytes.withUnsafeBytes({ framing.next($0) }) {
                case .incomplete: break take
                case .pass(let count): bytes.removeFirst(count)
                case .request(let request):
                    seen.uris.append(String(decoding: bytes[request.target], as: UTF8.self))
                    seen.bodies.append(request.bodyLength)
                    reads.append(request.isPlainRead)
                    framing.passed(request)
                }
                if framing.hasGivenUp { return (seen, reads) }
            }
        }
        return (seen, reads)
    }

    private static let pieces = [
        "GET /api/tasks/a HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "PUT /q HTTP/1.1\r\nContent-Length: 35\r\n\r\nGET /inner HTTP/1.1\r\nHost: h\r\n\r\nxxxx",
        "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "DELETE /d HTTP/1.1\r\nContent-Length: 0\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
        "GET /u HTTP/1.0\r\n\r\n",
    ]

    @Test(
        "sees in mutilated streams, however cut, no request that the server's parser sees otherwise",
        arguments: 0..<20
    )
    func sameRequests(seed: UInt64) {
        var numbers = SeededGenerator(seed: 0xfa57 &+ seed)
        let marks = Array("\r\n :\tAaZ09?#%/\u{0}\u{7f}-".utf8) + [0xff, 0x80]
        for round in 0..<500 {
            var stream = (0..<Int.random(in: 1...5, using: &numbers))
                .flatMap { _ in Array(Self.pieces.randomElement(using: &numbers)!.utf8) }
            for _ in 0..<Int.random(in: 0...3, using: &numbers) {
                let place = stream.indices.randomElement(using: &numbers)!
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: stream[place] = marks.randomElement(using: &numbers)!
                case 1: stream.insert(marks.randomElement(using: &numbers)!, at: place)
                default: if stream.count > 1 { stream.remove(at: place) }
                }
            }
            let truth = Self.parsed(stream)
            var parts: [[UInt8]] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...60, using: &numbers))
                parts.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let (seen, reads) = Self.framed(parts)
            let text = "seed \(seed), round \(round): \(String(decoding: stream, as: UTF8.self).debugDescription)"
            // After the first refusal nothing is answered any more, so only what came until then has to be the same.
            for index in seen.uris.indices {
                guard index < truth.uris.count else {
                    #expect(!reads[index], "the fast lane would answer what the parser refuses; \(text)")
                    break
                }
                #expect(seen.uris[index] == truth.uris[index], "\(text)")
                let isLast = index + 1 == truth.uris.count
                #expect(
                    seen.bodies[index] == truth.bodies[index] || isLast && truth.bodies[index] < seen.bodies[index],
                    "\(text)"
                )
            }
        }
    }
}
