#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Memory that grows in place where the system can: large blocks are moved without a second one beside them.
enum RawMemory {
    /// A block of this size with what the old one held, which is gone then; nil makes a new one.
    static func resize(_ block: UnsafeMutableRawPointer?, to size: Int) -> UnsafeMutableRawPointer {
        guard let resized = realloc(block, size) else { preconditionFailure("out of memory") }
        return resized
    }

    /// Gives a block back.
    static func release(_ block: UnsafeMutableRawPointer?) {
        free(block)
    }
}
