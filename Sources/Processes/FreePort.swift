import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// TCP ports of 127.0.0.1.
public enum FreePort: Sendable {
    /// A port that nobody listens on, chosen by the kernel.
    ///
    /// Somebody else may take it before the caller does: whoever starts a server on it tries again with another.
    public static func choose() throws(ProcessesError) -> UInt16 {
        guard let port = bound(to: 0) else {
            throw ProcessesError(.portTaken, "no free port on 127.0.0.1", hint: "Close programs that hold many ports.")
        }
        return port
    }

    /// Whether a server could listen on the port of 127.0.0.1 now.
    public static func isFree(_ port: UInt16) -> Bool {
        bound(to: port) != nil
    }

    private static func bound(to port: UInt16) -> UInt16? {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As servers do it: connections of a server that has just ended do not count.
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, size) == 0, listen(descriptor, 1) == 0,
                    getsockname(descriptor, generic, &size) == 0
                else { return nil }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
    }
}
