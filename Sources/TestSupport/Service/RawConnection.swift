import Foundation

/// A client that sends exactly the bytes it is given, and reads what comes back.
public struct RawConnection: Sendable {
    /// An answer as it came.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The fields in their order.
        public let fields: [(name: String, value: String)]
        /// The body, without the framing of chunks.
        public let body: [UInt8]

        /// The value of a field, whatever the case of its name; nil without it.
        public func field(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as a JSON object; empty where it is another value.
        public func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
        }
    }

    /// What came of an exchange.
    public struct Exchange: Sendable {
        /// The whole answers.
        public let answers: [Answer]
        /// Whether the peer closed the connection.
        public let isClosed: Bool
        /// Everything that came.
        public let bytes: [UInt8]
    }

    /// The port of 127.0.0.1 to connect to.
    public let port: Int
    /// Lines of header fields that each request of `ask` has.
    public let fields: [String]

    /// A client of this port.
    public init(port: Int, fields: [String] = []) {
        self.port = port
        self.fields = fields
    }

    /// Sends the parts, pausing between them, and reads until there are as many answers, the text came, or the peer closes.
    ///
    /// `heads` are the numbers of requests whose answers have no body: those to HEAD. Without `expected` and `until` it
    /// reads to the end of the connection, but no longer than `patience` in seconds.
    public func exchange(
        _ parts: [[UInt8]],
        expected: Int?,
        heads: Set<Int> = [],
        closesOutput: Bool = false,
        until text: String? = nil,
        patience: Double = 10
    ) async throws -> Exchange {
        try await withCheckedThrowingContinuation { continuation in
            // Blocking calls do not belong on the threads that the server's tasks run on; those of global queues are the same.
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try blocking(parts, expected, heads, closesOutput, text.map { Array($0.utf8) }, patience)
                    }
                )
            }
        }
    }

    /// One request on a connection of its own.
    public func ask(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        let head = (["\(method) \(path) HTTP/1.1", "Host: localhost"] + length + self.fields + fields).joined(
            separator: "\r\n"
        )
        let found = try await exchange(
            [Array((head + "\r\n\r\n").utf8) + (body ?? [])],
            expected: 1,
            heads: method == "HEAD" ? [0] : []
        )
        guard let answer = found.answers.first else { throw NoAnswer(bytes: found.bytes) }
        return answer
    }

    /// The peer said nothing whole.
    public struct NoAnswer: Error {
        /// What came instead of an answer.
        public let bytes: [UInt8]

        /// An error about these.
        public init(bytes: [UInt8]) {
            self.bytes = bytes
        }
    }

    private func blocking(
        _ parts: [[UInt8]],
        _ expected: Int?,
        _ heads: Set<Int>,
        _ closesOutput: Bool,
        _ text: [UInt8]?,
        _ patience: Double
    ) throws -> Exchange {
        let socket = try RawSocket(port: port)
        for (index, part) in parts.enumerated() {
            if index > 0 { usleep(20_000) }
            // A peer that closed early has said all that it will.
            guard socket.send(part) else { break }
        }
        if closesOutput { socket.finishSending() }
        var bytes: [UInt8] = []
        let end = Date().addingTimeInterval(patience)
        var isClosed = false
        reading: while Date() < end {
            switch socket.receive() {
            case .bytes(let part):
                bytes += part
                if let text, bytes.contains(text) { break reading }
                if let expected, Self.answers(bytes, heads).count >= expected { break reading }
            case .nothing: continue
            case .end, .failed:
                isClosed = true
                break reading
            }
        }
        return Exchange(answers: Self.answers(bytes, heads), isClosed: isClosed, bytes: bytes)
    }

    /// The whole answers at the beginning of the bytes; informational ones are passed over.
    ///
    /// `heads` are the numbers of those without a body.
    public static func answers(_ bytes: [UInt8], _ heads: Set<Int> = []) -> [Answer] {
        var answers: [Answer] = []
        var rest = bytes[...]
        while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
            else { break }
            let fields = lines.dropFirst().map { line in
                let pair = line.split(separator: ":", maxSplits: 1)
                return (
                    name: String(pair[0]), value: pair.count > 1 ? pair[1].trimmingCharacters(in: .whitespaces) : ""
                )
            }
            rest = rest[end.upperBound...]
            if (100..<200).contains(status) { continue }
            func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
            var body: [UInt8] = []
            if heads.contains(answers.count) || status == 204 || status == 304 {
                // Nothing follows.
            } else if let length = field("content-length").flatMap(Int.init) {
                guard rest.count >= length else { break }
                body = Array(rest.prefix(length))
                rest = rest.dropFirst(length)
            } else if field("transfer-encoding") == "chunked" {
                guard let (content, after) = chunked(rest) else { break }
                (body, rest) = (content, after)
            }
            answers.append(Answer(status: status, fields: fields, body: body))
        }
        return answers
    }

    private static func chunked(_ bytes: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>)? {
        var rest = bytes
        var body: [UInt8] = []
        while let line = rest.firstRange(of: [0x0d, 0x0a]) {
            guard let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest[line.upperBound...]
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
            if size == 0 { return (body, rest) }
        }
        return nil
    }
}
