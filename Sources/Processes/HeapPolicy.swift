#if canImport(Glibc)
import Glibc
#endif

/// How the heap of this process treats large blocks.
public enum HeapPolicy: Sendable {
    /// From now on gives blocks of at least so many bytes back to the system as soon as they are free.
    ///
    /// glibc does so at first, but raises the limit to the largest block that was ever freed, and then keeps several
    /// times what a load uses. Where there is no glibc nothing is changed.
    public static func returnBlocks(of size: Int32) {
        #if canImport(Glibc)
        // Of <malloc.h>, which is in no module map: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        for setting: Int32 in [-1, -3] { _ = mallopt(setting, size) }
        #endif
    }
}
