/// The name of a private key: `cortex:<epoch>:<kind>:<id>`, the id raw and last.
struct CachedKey: Sendable, Equatable {
    let epoch: Int
    let kind: String
    let id: [UInt8]

    init(epoch: Int, kind: String, id: [UInt8]) {
        self.epoch = epoch
        self.kind = kind
        self.id = id
    }

    /// Reads a name; nil for another key.
    init?(_ name: [UInt8]) {
        let parts = name.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("cortex".utf8),
            let epoch = Int(String(decoding: parts[1], as: UTF8.self)),
            let kind = String(validating: parts[2], as: UTF8.self)
        else { return nil }
        self.init(epoch: epoch, kind: kind, id: Array(parts[3]))
    }

    /// The name.
    var name: [UInt8] { Array(CacheKey.name("\(kind):", epoch: epoch).utf8) + id }
    /// The id as text; nil for bytes that can be the key of no row.
    var text: String? { id.contains(0) ? nil : String(validating: id, as: UTF8.self) }
}
