import Foundation

/// A blocking connection to a Redis server: as much of the protocol as a test of scripts needs.
final class RedisWire {
    indirect enum Reply: Equatable {
        case text(String)
        case bytes([UInt8])
        case number(Int)
        case list([Reply])
        case none
        case error(String)
    }

    struct Broken: Error {}

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var place = 0

    /// Connects to the socket; nil when nobody answers.
    init?(path: String) {
        #if canImport(Glibc)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            return nil
        }
    }

    deinit {
        close(descriptor)
    }

    /// Sends a command of texts and waits for its reply.
    @discardableResult
    func command(_ words: String...) throws -> Reply {
        try command(words.map { Array($0.utf8) })
    }

    /// Sends a command and waits for its reply.
    func command(_ words: [[UInt8]]) throws -> Reply {
        var message = Array("*\(words.count)\r\n".utf8)
        for word in words { message += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        var sent = 0
        while sent < message.count {
            let count = message[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Broken() }
            sent += count
        }
        return try reply()
    }

    private func reply() throws -> Reply {
        let line = String(decoding: try line(), as: UTF8.self)
        let rest = String(line.dropFirst())
        switch line.first {
        case "+": return .text(rest)
        case "-": return .error(rest)
        case ":": return .number(Int(rest) ?? 0)
        case "$":
            guard let count = Int(rest), count >= 0 else { return .none }
            let bytes = try take(count)
            _ = try take(2)
            return .bytes(bytes)
        case "*":
            guard let count = Int(rest), count >= 0 else { return .none }
            return .list(try (0..<count).map { _ in try reply() })
        default: throw Broken()
        }
    }

    private func line() throws -> [UInt8] {
        var result: [UInt8] = []
        while true {
            let byte = try take(1)[0]
            if byte == 13 {
                _ = try take(1)
                return result
            }
            result.append(byte)
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - place < count {
            if place > 0 {
                buffer.removeFirst(place)
                place = 0
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let got = read(descriptor, &chunk, chunk.count)
            guard got > 0 else { throw Broken() }
            buffer += chunk[..<got]
        }
        defer { place += count }
        return Array(buffer[place..<(place + count)])
    }
}
