import Crypto

/// Any bytes as the name of a file, and back.
///
/// Letters, digits and most signs of ASCII stand for themselves; everything else is `%XX`: the slash, `%`, control
/// characters, and all bytes beyond ASCII, so that no file system folds two names into one. Also encoded are the dots of
/// `.` and `..`, and the last dot of a name that would make it a compressed file. The empty name is `%-`. A name of more
/// than 200 bytes is `%~` and the SHA-256 of the original, which has to be kept elsewhere.
public enum FileNameEncoding: Sendable {
    /// The longest name that is written out; bytes.
    public static let maximumLength = 200

    /// The name of a file for these bytes.
    ///
    /// With `encodesCapitals`, for file systems that do not tell `A` from `a`, capital letters are encoded too.
    public static func encode(_ bytes: some Collection<UInt8>, encodesCapitals: Bool = false) -> String {
        if bytes.isEmpty { return "%-" }
        let isDots = bytes.count <= 2 && bytes.allSatisfy { $0 == UInt8(ascii: ".") }
        let all = Array(bytes)
        let suffixDot = dotOfContainer(all)
        var name: [UInt8] = []
        for (index, byte) in all.enumerated() {
            let isCapital = encodesCapitals && byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if isPlain(byte), !isCapital, !isDots, index != suffixDot {
                name.append(byte)
            } else {
                name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        guard name.count > maximumLength else { return String(decoding: name, as: UTF8.self) }
        return "%~" + SHA256.hash(data: all).reduce(into: "") { $0 += hex($1) }
    }

    /// The bytes that a name stands for; nil for a name that is only a hash, and for what `encode` does not make.
    public static func decode(_ name: some Collection<UInt8>) -> [UInt8]? {
        if name.elementsEqual("%-".utf8) { return [] }
        var result: [UInt8] = []
        var rest = Array(name)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ digits.firstIndex(of: $0) }),
                let low = rest.popFirst().flatMap({ digits.firstIndex(of: $0) })
            else { return nil }
            result.append(UInt8(high << 4 | low))
        }
        return result
    }

    /// Whether the name is only a hash, so that the original has to be kept elsewhere.
    public static func isHash(_ name: String) -> Bool { name.hasPrefix("%~") }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func hex(_ byte: UInt8) -> String {
        String(decoding: [digits[Int(byte >> 4)], digits[Int(byte & 15)]], as: UTF8.self).lowercased()
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "/")
    }

    private static func dotOfContainer(_ bytes: [UInt8]) -> Int? {
        Container(path: bytes) == nil ? nil : bytes.lastIndex(of: UInt8(ascii: "."))
    }
}
