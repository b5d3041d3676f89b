#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// CPU time, memory, file descriptors and start of this process, read before each exposition.
///
/// On Linux all of them; elsewhere CPU time and the limit of descriptors.
public enum ProcessMetrics: Sendable {
    /// Adds them to a registry.
    public static func add(to registry: MetricRegistry) {
        let cpu = registry.counter(.processCPU)
        let memory = registry.gauge(.processMemory)
        let open = registry.gauge(.processOpenFiles)
        let most = registry.gauge(.processMaximumFiles)
        registry.gauge(.processStart).set(startTime() ?? 0)
        registry.onExposition {
            cpu.raise(to: cpuNanoseconds())
            memory.set(Double(residentBytes() ?? 0))
            open.set(Double(openDescriptors() ?? 0))
            most.set(Double(maximumDescriptors()))
        }
    }

    private static func cpuNanoseconds() -> UInt64 {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func residentBytes() -> Int? {
        guard let words = words(of: "/proc/self/statm"), words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openDescriptors() -> Int? {
        // Nothing is known where there is no /proc; one of those listed is that of the listing itself.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { $0.count - 1 }
    }

    private static func maximumDescriptors() -> UInt64 {
        var limit = rlimit()
        #if canImport(Glibc)
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return result == 0 ? UInt64(limit.rlim_cur) : 0
    }

    /// Seconds since 1970: the boot time of the system and, after it, the 22nd field of the process' `stat`.
    private static func startTime() -> Double? {
        guard let stat = text(of: "/proc/self/stat"), let name = stat.lastIndex(of: ")"),
            let boot = text(of: "/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(boot.dropFirst("btime ".count))
        else { return nil }
        // The process' name, in brackets, is the second field and may hold spaces.
        let fields = stat[name...].split(separator: " ").dropFirst()
        guard fields.count > 19, let ticks = Double(fields[fields.startIndex + 19]) else { return nil }
        return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func words(of path: String) -> [Substring]? {
        text(of: path)?.split { $0 == " " || $0 == "\n" }
    }

    private static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
