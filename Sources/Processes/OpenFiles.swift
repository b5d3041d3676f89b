#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many files and connections this process may have open.
public enum OpenFiles: Sendable {
    /// Raises the limit as far as the system lets this user, and returns it.
    ///
    /// A service that runs out of descriptors stops accepting connections. A limit that cannot be raised stays as it is.
    @discardableResult
    public static func raiseLimit() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        let result = setrlimit(resource, &raised) == 0 ? raised : limit
        return result.rlim_cur > rlim_t(Int.max) ? Int.max : Int(result.rlim_cur)
    }
}
