import NIOCore
import NIOPosix
import NIOSSL

extension RedisError {
    /// What an error of the transport means.
    static func connecting(_ error: any Error, to url: RedisURL) -> RedisError {
        switch error {
        case let error as RedisError: error
        case let error as NIOConnectionError: failedConnection(error, to: url)
        case let error as IOError:
            unavailable("\(url): \(systemText(error.errnoCode))", hint: hint(for: error.errnoCode))
        case is ChannelError:
            unavailable("\(url) did not answer in time", hint: "check host and port")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            unavailable(
                "\(url): TLS failed: \(tlsText(error))",
                hint:
                    "check that the port speaks TLS, and that cacert in the URL names the authority of its certificate"
            )
        default: unavailable("\(url) cannot be reached", cause: error)
        }
    }

    /// The server hung up.
    static func closed(_ url: RedisURL, wasConnecting: Bool) -> RedisError {
        guard wasConnecting else {
            return unavailable("\(url) closed the connection", hint: "the log of the server may say why")
        }
        return unavailable(
            "\(url) closed the connection before it answered",
            hint: "check host and port: it may be no Redis, or one that speaks only TLS (rediss://)"
        )
    }

    private static func failedConnection(_ error: NIOConnectionError, to url: RedisURL) -> RedisError {
        if let last = error.connectionErrors.last?.error { return connecting(last, to: url) }
        return unavailable("the name of \(url) is not known", hint: "check the host in the URL")
    }

    private static func hint(for number: CInt) -> String? {
        switch number {
        case ECONNREFUSED, ENOENT: "is Redis running there? redis-cli -u URL ping tells"
        case EACCES, EPERM: "this user may not open the socket"
        default: nil
        }
    }

    private static func systemText(_ number: CInt) -> String {
        String(cString: strerror(number)).lowercased()
    }

    private static func tlsText(_ error: any Error) -> String {
        if case NIOSSLError.handshakeFailed(let inner) = error { return String(describing: inner) }
        return String(describing: error)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
