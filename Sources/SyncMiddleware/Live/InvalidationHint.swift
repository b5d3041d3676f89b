import Foundation

/// What instances tell each other: a row has a version, and in this epoch Redis holds nothing older.
///
/// It names every changed row, hidden ones too, so readers of the published view may not hear it.
/// Only speed rests on it: who misses one is right again when its near-cache entry ends.
struct InvalidationHint: Sendable, Equatable, Codable {
    /// The channel, of instances alone; `cortex:sync:invalidate` is the published one.
    static let channel = "cortex:hints"

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
        self.at = Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(at)
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
