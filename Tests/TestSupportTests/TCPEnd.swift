import Foundation

@testable import TestSupport

/// One end of a TCP connection that a test holds in its hand; waits have a limit.
final class TCPEnd {
    /// What came.
    enum Received: Equatable {
        case text(String)
        case nothing
        case end
    }

    struct Refused: Error {}

    private let descriptor: Int32

    /// Takes over a socket.
    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects to the port of 127.0.0.1.
    convenience init(port: UInt16) throws {
        guard let descriptor = ProxySocket.connection(to: port) else { throw Refused() }
        self.init(descriptor)
    }

    /// Takes the next connection that comes to the listener, within 10 s.
    convenience init(acceptedBy listener: Int32) throws {
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, 10_000)
        guard let descriptor = ProxySocket.accept(from: listener) else { throw Refused() }
        self.init(descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// Sends all of it.
    func send(_ text: String) throws {
        var rest = Array(text.utf8)
        while !rest.isEmpty {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&waiting, 1, 10_000)
            guard let count = ProxySocket.write(descriptor, rest) else { throw Refused() }
            rest.removeFirst(count)
        }
    }

    /// Sends as much as fits in without waiting, and returns how much that was.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        ProxySocket.write(descriptor, bytes) ?? 0
    }

    /// Says that nothing follows.
    func endWriting() {
        ProxySocket.endWriting(descriptor)
    }

    /// What comes within the time, once.
    func receive(within milliseconds: Int32 = 10_000) -> Received {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return .nothing }
        switch ProxySocket.read(descriptor) {
        case .bytes(let bytes): return .text(String(decoding: bytes, as: UTF8.self))
        case .nothing: return .nothing
        case .end: return .end
        }
    }

    /// So many bytes, however they come.
    func receive(count: Int) -> String {
        var result = ""
        while result.utf8.count < count, case .text(let text) = receive() { result += text }
        return result
    }
}

/// A server that a test plays itself, behind a proxy.
struct ProxiedServer {
    let listener: Int32
    let proxy: FaultProxy

    static func with(_ body: (ProxiedServer) throws -> Void) throws {
        let (listener, port) = try ProxySocket.listener()
        defer { close(listener) }
        let proxy = try FaultProxy(target: port)
        defer { proxy.close() }
        try body(ProxiedServer(listener: listener, proxy: proxy))
    }

    /// Both ends of a new connection.
    func connect() throws -> (client: TCPEnd, server: TCPEnd) {
        let client = try TCPEnd(port: proxy.port)
        return (client, try TCPEnd(acceptedBy: listener))
    }
}
