#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The socket calls of a proxy; no socket waits.
enum ProxySocket {
    /// What reading brought.
    enum Input: Equatable {
        case bytes([UInt8])
        case nothing
        /// The end, in order or not.
        case end
    }

    struct Failed: Error {
        let operation: String
        let errno: Int32
    }

    /// A socket that listens on 127.0.0.1, and the port that the kernel chose for it.
    static func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = make()
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else {
            let number = errno
            close(descriptor)
            throw Failed(operation: "listen", errno: number)
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// The next connection that somebody made; nil when nobody did.
    static func accept(from listener: Int32) -> Int32? {
        #if canImport(Darwin)
        let descriptor = Darwin.accept(listener, nil, nil)
        #elseif canImport(Musl)
        let descriptor = Musl.accept(listener, nil, nil)
        #else
        let descriptor = Glibc.accept(listener, nil, nil)
        #endif
        guard descriptor >= 0 else { return nil }
        prepare(descriptor)
        return descriptor
    }

    /// A socket that connects to the port of 127.0.0.1; nil when nobody listens there.
    static func connection(to port: UInt16) -> Int32? {
        let descriptor = make()
        var address = loopback(port: port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 || errno == EINPROGRESS { return descriptor }
        close(descriptor)
        return nil
    }

    static func read(_ descriptor: Int32) -> Input {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        return count < 0 && isTemporary(errno) ? .nothing : .end
    }

    /// How many bytes were taken; nil when the other side is gone.
    static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Int? {
        #if canImport(Darwin)
        let flags: Int32 = 0
        #else
        let flags = Int32(MSG_NOSIGNAL)
        #endif
        let count = send(descriptor, bytes, bytes.count, flags)
        if count >= 0 { return count }
        return isTemporary(errno) ? 0 : nil
    }

    /// Tells the other side that nothing follows.
    static func endWriting(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes a connection so that the other side gets a reset.
    static func reset(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(descriptor)
    }

    // MARK: Private parts

    private static func isTemporary(_ number: Int32) -> Bool {
        [EAGAIN, EWOULDBLOCK, EINTR, ENOTCONN].contains(number)
    }

    private static func make() -> Int32 {
        #if canImport(Darwin) || canImport(Musl)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        prepare(descriptor)
        return descriptor
    }

    private static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout.size(ofValue: on))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, size)
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
