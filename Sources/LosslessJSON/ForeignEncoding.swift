/// Recognises text that is not UTF-8 by its first bytes.
enum ForeignEncoding: Sendable {
    /// Whether the text begins like UTF-16 or UTF-32: with their byte order mark, or with an ASCII character beside NULs.
    ///
    /// Pass four bytes or all there are; more are not looked at.
    static func isRecognised(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 2 else { return false }
        let third: UInt8? = bytes.count > 2 ? bytes[2] : nil
        let fourth: UInt8? = bytes.count > 3 ? bytes[3] : nil
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE), (0xFE, 0xFF): return true
        case (0, 0): return third == 0xFE && fourth == 0xFF || third == 0 && fourth.map { $0 != 0 } ?? false
        case (0, _): return third ?? 0 == 0
        case (_, 0): return fourth ?? 0 == 0 && bytes.count != 3
        default: return false
        }
    }
}
