/// What instances tell each other: a row has a version, and in this epoch Redis holds nothing older.
///
/// It names every changed row, hidden ones too, so readers of the published view may not hear it.
/// Only speed rests on it: who misses one is right again when its near-cache entry ends.
public struct InvalidationHint: Sendable, Equatable {
    /// The channel, of instances alone; `cortex:sync:invalidate` is the published one.
    public static let channel = "cortex:hints"

    /// The kind of document, such as `tasks`.
    public let kind: String
    /// The document's id.
    public let id: String
    /// The newest version of the row that was committed when this was told.
    public let version: Int
    /// The epoch of Redis in which nothing older than this version is left.
    public let epoch: Int

    init(kind: String, id: String, version: Int, epoch: Int) {
        self.kind = kind
        self.id = id
        self.version = version
        self.epoch = epoch
    }

    /// Reads a message; nil for what is none of ours.
    public init?(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let epoch = Self.number(parts[0]), let version = Self.number(parts[1]),
            let kind = String(validating: parts[2], as: UTF8.self), !kind.isEmpty,
            let id = String(validating: parts[3], as: UTF8.self)
        else { return nil }
        self.init(kind: kind, id: id, version: version, epoch: epoch)
    }

    /// The message: epoch, version, kind and id with a space between them; only the id may hold more.
    var text: String { "\(epoch) \(version) \(kind) \(id)" }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? { Int(String(decoding: digits, as: UTF8.self)) }
}
