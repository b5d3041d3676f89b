#if canImport(Glibc)
import Glibc
#endif

/// How the heap of this process treats large blocks.
public enum HeapPolicy: Sendable {
    /// From now on gives blocks of at least so many bytes, 1 MiB by default, back to the system as soon as they are free.
    ///
    /// glibc does so at first, but raises the limit to the largest block that was ever freed, and then keeps several
    /// times what a load uses. Where there is no glibc nothing is changed.
    public static func returnBlocks(of size: Int32 = 1 << 20) {
        // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
        for setting: Int32 in [-1, -3] { set(setting, size) }
    }

    /// From now on has at most so many arenas, each of which keeps what was once in use in it.
    ///
    /// glibc makes one for each thread, up to eight for each core, though no more threads run than there are cores; a burst
    /// of connections then leaves its memory behind in all of them. Where there is no glibc nothing is changed.
    public static func limitArenas(to count: Int) {
        // M_ARENA_MAX.
        set(-8, Int32(clamping: max(count, 1)))
    }

    private static func set(_ setting: Int32, _ value: Int32) {
        #if canImport(Glibc)
        // Of <malloc.h>, which is in no module map.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(setting, value)
        #endif
    }
}
