import Foundation

/// A client that sends exactly the bytes it is given, and reads what comes back.
struct RawConnection {
    /// An answer as it came.
    struct Answer {
        let status: Int
        /// The fields in their order.
        let fields: [(name: String, value: String)]
        let body: [UInt8]

        func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as JSON.
        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
        }
    }

    /// What came of an exchange.
    struct Exchange {
        let answers: [Answer]
        /// Whether the peer closed the connection.
        let isClosed: Bool
        let bytes: [UInt8]
    }

    let port: Int

    /// Sends the parts, pausing between them, and reads until there are as many answers, the text came, or the peer closes.
    ///
    /// `heads` are the numbers of requests whose answers have no body: those to HEAD. Without `expected` and `until` it
    /// reads to the end of the connection, but no longer than `patience` in seconds.
    func exchange(
        _ parts: [[UInt8]],
        expected: Int?,
        heads: Set<Int> = [],
        closesOutput: Bool = false,
        until text: String? = nil,
        patience: TimeInterval = 10
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
    func ask(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        let head = (["\(method) \(path) HTTP/1.1", "Host: localhost"] + length + fields).joined(separator: "\r\n")
        let found = try await exchange(
            [Array((head + "\r\n\r\n").utf8) + (body ?? [])],
            expected: 1,
            heads: method == "HEAD" ? [0] : []
        )
        guard let answer = found.answers.first else { throw NoAnswer(bytes: found.bytes) }
        return answer
    }

    struct NoAnswer: Error {
        let bytes: [UInt8]
    }

    private func blocking(
        _ parts: [[UInt8]],
        _ expected: Int?,
        _ heads: Set<Int>,
        _ closesOutput: Bool,
        _ text: [UInt8]?,
        _ patience: TimeInterval
    ) throws -> Exchange {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NoAnswer(bytes: []) }
        var limit = timeval(tv_sec: 0, tv_usec: 20_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        for (index, part) in parts.enumerated() {
            if index > 0 { usleep(20_000) }
            var rest = part[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                // A peer that closed early has said all that it will.
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
        }
        if closesOutput { shutdown(descriptor, Int32(SHUT_WR)) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let end = Date().addingTimeInterval(patience)
        var isClosed = false
        while Date() < end {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                bytes += buffer[..<count]
                if let text, bytes.contains(text) { break }
                if let expected, Self.answers(bytes, heads).count >= expected { break }
            } else if count == 0 || errno != EAGAIN && errno != EWOULDBLOCK {
                isClosed = true
                break
            }
        }
        return Exchange(answers: Self.answers(bytes, heads), isClosed: isClosed, bytes: bytes)
    }

    /// The whole answers at the beginning of the bytes; informational ones are passed over.
    static func answers(_ bytes: [UInt8], _ heads: Set<Int>) -> [Answer] {
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
