import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP proxy on 127.0.0.1 before a PostgreSQL server that cuts both sides at a moment of the client's choosing: for
/// the server as if the client had died there, for the client as if the server had.
public final class CuttingProxy: Sendable {
    /// When it cuts.
    public enum Moment: Sendable {
        /// When the client has sent this text: it is passed on, the answer is swallowed.
        case answerTo(String)
        /// When the client has sent this text: it does not reach the server.
        case beforeText(String)
        /// Before the n-th statement (from 0) reaches the server.
        case before(statement: Int)
        /// When the server has answered the n-th statement (from 0); the answer is swallowed.
        case after(statement: Int)
    }

    /// The port to connect to.
    public let port: UInt16

    private let listener: Int32
    private let target: UInt16
    private let moment: Moment
    private let state = Mutex(State())

    private struct State {
        var isCutting = false
        var statements = 0
    }

    struct Failed: Error {}

    /// Listens before the server on this port.
    public init(target: UInt16, cuts moment: Moment) throws {
        self.target = target
        self.moment = moment
        let listener = Self.socket()
        self.listener = listener
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isBound else { throw Failed() }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in accept() }
    }

    /// Whether the moment has come.
    public var hasCut: Bool { state.withLock(\.isCutting) }

    /// Takes no more connections.
    public func close() {
        _ = shutdown(listener, Int32(SHUT_RDWR))
    }

    // MARK: Forwarding

    private func accept() {
        while true {
            let client = self.acceptOne()
            guard client >= 0 else { break }
            let server = Self.socket()
            var address = Self.loopback(port: target)
            let isConnected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            // Whoever is dead connects no more.
            guard isConnected, !hasCut else {
                Self.closeDescriptor(client)
                Self.closeDescriptor(server)
                continue
            }
            Thread.detachNewThread { [self] in forwardRequests(from: client, to: server) }
            Thread.detachNewThread { [self] in forwardAnswers(from: server, to: client) }
        }
        Self.closeDescriptor(listener)
    }

    private func acceptOne() -> Int32 {
        #if canImport(Glibc)
        Glibc.accept(listener, nil, nil)
        #else
        Darwin.accept(listener, nil, nil)
        #endif
    }

    private func forwardRequests(from client: Int32, to server: Int32) {
        var frames = ClientFrames()
        forward(from: client, to: server) { bytes in
            switch moment {
            case .answerTo(let text):
                if Self.contains(bytes, Array(text.utf8)) { state.withLock { $0.isCutting = true } }
                return bytes.count
            case .beforeText(let text):
                guard Self.contains(bytes, Array(text.utf8)) else { return bytes.count }
                state.withLock { $0.isCutting = true }
                return 0
            case .before(let statement), .after(let statement):
                return passable(frames.ends(in: bytes), of: bytes.count, until: statement)
            }
        }
    }

    /// How many of the bytes may go on to the server; `ends` are the places behind statements in them.
    private func passable(_ ends: [Int], of count: Int, until statement: Int) -> Int {
        state.withLock { state in
            if state.isCutting { return 0 }
            let first = state.statements
            state.statements += ends.count
            guard statement < state.statements else { return count }
            state.isCutting = true
            let index = statement - first
            if case .after = moment { return ends[index] }
            return index == 0 ? 0 : ends[index - 1]
        }
    }

    private func forwardAnswers(from server: Int32, to client: Int32) {
        forward(from: server, to: client) { bytes in hasCut ? 0 : bytes.count }
    }

    /// Passes on as many of the bytes that come in as the closure says, and ends both directions when those are fewer.
    private func forward(from source: Int32, to target: Int32, _ passes: ([UInt8]) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let bytes = Array(buffer[..<count])
            let passed = passes(bytes)
            guard passed == 0 || write(target, bytes, passed) == passed else { break }
            if passed < count {
                // A statement that was let through is to be executed: its answer ends both directions.
                if case .after = moment, hasCut, passed > 0 { continue }
                break
            }
        }
        // Each thread closes the side it reads.
        _ = shutdown(target, Int32(SHUT_RDWR))
        _ = shutdown(source, Int32(SHUT_RDWR))
        Self.closeDescriptor(source)
    }

    private static func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        guard bytes.count >= text.count else { return false }
        return (0...bytes.count - text.count).contains { bytes[$0...].starts(with: text) }
    }

    // MARK: Sockets

    private static func socket() -> Int32 {
        #if canImport(Glibc)
        Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }

    private static func closeDescriptor(_ descriptor: Int32) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// Finds the ends of statements in what a PostgreSQL client sends, however the network cuts it.
///
/// A statement ends with Sync or is a simple Query: behind each the server says what it has done.
struct ClientFrames {
    private var header: [UInt8] = []
    private var remaining = 0
    private var isStarted = false
    private var endsStatement = false

    /// The positions behind the statements that end in these bytes.
    mutating func ends(in bytes: [UInt8]) -> [Int] {
        var ends: [Int] = []
        var position = 0
        while position < bytes.count {
            if remaining > 0 {
                let taken = min(remaining, bytes.count - position)
                remaining -= taken
                position += taken
                if remaining == 0, endsStatement { ends.append(position) }
                continue
            }
            header.append(bytes[position])
            position += 1
            guard header.count == (isStarted ? 5 : 8) else { continue }
            begin()
            if remaining == 0, endsStatement { ends.append(position) }
        }
        return ends
    }

    /// A header is complete: type and length, or length and code of a start-up message.
    private mutating func begin() {
        let length = header[(isStarted ? 1 : 0)...].prefix(4).reduce(0) { $0 << 8 | Int($1) }
        if isStarted {
            endsStatement = [UInt8(ascii: "S"), UInt8(ascii: "Q")].contains(header[0])
            remaining = length - 4
        } else {
            // A question for TLS or GSS (1234 in the upper half) is answered and followed by the start-up message.
            isStarted = header[4] != 0x04 || header[5] != 0xD2
            endsStatement = false
            remaining = length - 8
        }
        header = []
    }
}
