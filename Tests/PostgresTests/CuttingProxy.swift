import Synchronization

@testable import Postgres

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP proxy on 127.0.0.1 that passes everything on until the client sends the trigger; it passes that on too, waits
/// for the server's answer, swallows it, and cuts both sides.
final class CuttingProxy: Sendable {
    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let trigger: [UInt8]
    private let isCutting = Mutex(false)

    struct Failed: Error {}

    init(target: UInt16, trigger: String) throws {
        self.target = target
        self.trigger = Array(trigger.utf8)
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
        guard SystemThread.start({ [self] in accept() }) else { throw Failed() }
    }

    /// Takes no more connections.
    func close() {
        _ = shutdown(listener, Int32(SHUT_RDWR))
    }

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
            guard isConnected else {
                Self.closeDescriptor(client)
                Self.closeDescriptor(server)
                continue
            }
            _ = SystemThread.start { [self] in forward(from: client, to: server, watches: true) }
            _ = SystemThread.start { [self] in
                forward(from: server, to: client, watches: false)
                // Both directions have ended: the other thread saw the shutdown.
            }
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

    private func forward(from source: Int32, to target: Int32, watches: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            if watches, contains(buffer[..<count]) { isCutting.withLock { $0 = true } }
            if !watches, isCutting.withLock({ $0 }) { break }
            guard write(target, buffer, count) == count else { break }
        }
        // Ends both directions; each thread closes the side it reads.
        _ = shutdown(target, Int32(SHUT_RDWR))
        _ = shutdown(source, Int32(SHUT_RDWR))
        Self.closeDescriptor(source)
    }

    private func contains(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= trigger.count else { return false }
        return (bytes.startIndex...bytes.endIndex - trigger.count).contains { bytes[$0...].starts(with: trigger) }
    }

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
