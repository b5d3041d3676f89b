/// A file of a tree, or a member of a container in it, as rules see it.
public struct MappingPath: Sendable, Hashable {
    /// What globs are matched with: the path relative to the project root, and `!/member` for members of containers.
    public let bytes: [UInt8]

    /// The path of a file, or of a member of it.
    public init(_ path: [UInt8], member: [UInt8]? = nil) {
        bytes = member.map { path + Array("!/".utf8) + $0 } ?? path
    }

    /// Whether the name promises JSON: it contains `.json` and is not that of a compressed file.
    public var isNamedJSON: Bool {
        guard Self.firstRange(of: Self.marker, in: name) != nil else { return false }
        return !Self.compressed.contains { name.count >= $0.count && name.suffix($0.count).elementsEqual($0) }
    }

    /// Whether the name promises a stream of values (`.jsonl`, `.ndjson`).
    public var isNamedStream: Bool {
        Self.firstRange(of: Array(".jsonl".utf8), in: name) != nil
            || Self.firstRange(of: Array(".ndjson".utf8), in: name) != nil
    }

    /// The last part of the path.
    var name: ArraySlice<UInt8> {
        bytes[(bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }

    /// The name up to `.json` or, where it has none, up to its last dot.
    var stem: ArraySlice<UInt8> {
        name[..<Self.endOfStem(name)]
    }

    /// The name with `%XX` decoded, from behind so many colons; nil where it has fewer, or where the bytes are no UTF-8.
    func decodedName(behindColons colons: Int) -> String? {
        guard let decoded = FileNameEncoding.decode(name) else { return nil }
        var rest = decoded[...]
        for _ in 0..<colons {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            rest = rest[(colon + 1)...]
        }
        return String(validating: rest, as: UTF8.self)
    }

    /// The whole path without `coordination/` and without what `stem` leaves out: the id of a document.
    var documentID: ArraySlice<UInt8> {
        let stem = bytes[..<Self.endOfStem(name)]
        let prefix = Array("coordination/".utf8)
        return stem.count > prefix.count && stem.starts(with: prefix) ? stem.dropFirst(prefix.count) : stem
    }

    func hasSuffix(_ suffix: [UInt8]) -> Bool {
        bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix)
    }

    private static let marker = Array(".json".utf8)
    private static let compressed = [".gz", ".tgz", ".zst", ".zip", ".bz2", ".xz"].map { Array($0.utf8) }

    private static func endOfStem(_ name: ArraySlice<UInt8>) -> Int {
        if let json = firstRange(of: marker, in: name), json > name.startIndex { return json }
        if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex { return dot }
        return name.endIndex
    }

    private static func firstRange(of needle: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= needle.count else { return nil }
        return (text.startIndex...(text.endIndex - needle.count)).first { text[$0...].starts(with: needle) }
    }
}

/// Text of bytes that may not be UTF-8: where they are not, every byte that is no ASCII becomes `\xhh`.
func readableText(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    for byte in bytes {
        if byte < 0x80 {
            result.append(byte)
        } else {
            result += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: result, as: UTF8.self)
}
