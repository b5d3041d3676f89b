/// A replacement of some bytes of a text.
public struct BytePatch: Hashable, Sendable {
    /// The absolute offset of the first byte replaced.
    public let offset: Int
    /// The number of bytes replaced; 0 for an insertion.
    public let length: Int
    /// What stands there instead.
    public let replacement: [UInt8]

    /// Makes a patch that replaces `length` bytes at `offset`.
    public init(offset: Int, length: Int, replacement: [UInt8]) {
        self.offset = offset
        self.length = length
        self.replacement = replacement
    }

    /// The bytes with all patches applied; nil when a patch lies outside of them or two overlap.
    ///
    /// `base` is the absolute offset of the first byte. Patches may come in any order; insertions at one offset apply in the
    /// order given.
    public static func apply(_ patches: [BytePatch], to bytes: ArraySlice<UInt8>, base: Int = 0) -> [UInt8]? {
        let ordered = patches.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var copied = 0
        for (_, patch) in ordered {
            let start = patch.offset - base
            guard start >= copied, patch.length >= 0, patch.length <= bytes.count - start else { return nil }
            output.append(contentsOf: bytes[bytes.startIndex + copied..<bytes.startIndex + start])
            output.append(contentsOf: patch.replacement)
            copied = start + patch.length
        }
        output.append(contentsOf: bytes.dropFirst(copied))
        return output
    }

    /// The bytes with all patches applied; see the other method.
    public static func apply(_ patches: [BytePatch], to bytes: [UInt8], base: Int = 0) -> [UInt8]? {
        apply(patches, to: bytes[...], base: base)
    }
}
