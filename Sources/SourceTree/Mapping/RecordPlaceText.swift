import Crypto
import LosslessJSON

/// The id of a record by where it is: the source `$place`.
enum RecordPlaceText {
    /// Bytes of a place that is too long to be a key which stay readable.
    private static let readableBytes = 1_000

    /// The whole path, the number of the top-level value and the pointer: no two records have the same, but members of
    /// one name, of which the last is read.
    ///
    /// A place that is too long to be a key keeps its beginning and ends with the SHA-256 of all of it. U+0000, which no
    /// column holds, shows as U+2400.
    static func text(path: MappingPath, ordinal: Int, pointer: [String]) -> String {
        let tokens = pointer.map { "/" + JSONPointer.escaped($0) }.joined()
        var text = "\(TreePath.text(path.bytes))#\(ordinal)\(tokens)"
        if text.holdsNUL { text = text.replacing("\0", with: "\u{2400}") }
        guard text.utf8.count > RecordMapper.longestID else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: readableBytes)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        let digest = SHA256.hash(data: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(text[..<end])…\(digest)"
    }
}
