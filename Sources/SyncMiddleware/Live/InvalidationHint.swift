import Foundation

/// A message on `cortex:sync:invalidate`: a row has a version, and in this epoch Redis holds nothing older.
///
/// Only speed rests on it: who misses one is right again when its near-cache entry ends.
struct InvalidationHint: Sendable, Equatable, Codable {
    /// The channel.
    static let channel = "cortex:sync:invalidate"

    let type: String
    let action: String
    let id: String
    let version: Int
    let epoch: Int
    let at: String

    init(kind: String, id: String, version: Int, epoch: Int, at: Date = Date()) {
        type = kind
        action = "invalidate"
        self.id = id
        self.version = version
        self.epoch = epoch
        self.at = at.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    }

    /// Reads a message; nil for what is none of ours.
    init?(_ bytes: [UInt8]) {
        guard let hint = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
            // Somebody else's message.
            return nil
        }
        self = hint
    }

    /// The message.
    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
