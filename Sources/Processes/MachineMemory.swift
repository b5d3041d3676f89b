#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How much memory there is.
public enum MachineMemory: Sendable {
    /// The bytes that this process may use at most: the machine's memory, or the control group's limit if that is less.
    public static func limit() -> Int64 {
        let machine = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let limits = groups.compactMap { path in
            SmallFile.bytesIfPresent(at: path).flatMap { bytes in
                Int64(String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self))
            }
        }
        return ([machine] + limits).filter { $0 > 0 }.min() ?? 1 << 30
    }
}
