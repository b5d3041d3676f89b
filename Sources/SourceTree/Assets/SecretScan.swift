/// Tells whether bytes hold what looks like a secret: a key of a known form, or a value under a secret's name.
///
/// Takes a file piece by piece; a secret that is cut by the end of a piece is found with the next one, up to 4 KiB.
public struct SecretScan: Sendable {
    /// Whether one was found so far.
    public private(set) var isFound = false
    private var tail: [UInt8] = []
    private static let overlap = 4_096

    /// A scan that has seen nothing.
    public init() {}

    /// Whether a text holds what looks like a secret.
    public static func looksSecret(_ bytes: some Sequence<UInt8>) -> Bool {
        var scan = SecretScan()
        scan.take(bytes)
        return scan.isFound
    }

    /// Looks at the next piece.
    public mutating func take(_ piece: some Sequence<UInt8>) {
        guard !isFound else { return }
        let window = tail + piece
        isFound = SecretDetector.looksSecret(window[...]) || window.withUnsafeBufferPointer(Self.holdsNamed)
        tail = Array(window.suffix(Self.overlap))
    }

    // MARK: Values under a name

    /// Whether `"password": "…"`, `password: …` or `PASSWORD=…` is there, the latter two at the beginning of a line.
    private static func holdsNamed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in text.indices where text[index] == UInt8(ascii: ":") || text[index] == UInt8(ascii: "=") {
            if isNamed(text, before: index), isSecret(text, behind: index) { return true }
        }
        return false
    }

    private static func isNamed(_ text: UnsafeBufferPointer<UInt8>, before mark: Int) -> Bool {
        var end = mark
        while end > 0, isBlank(text[end - 1]) { end -= 1 }
        let isQuoted = end > 0 && isQuote(text[end - 1])
        if isQuoted { end -= 1 }
        var start = end
        while start > 0, SecretDetector.isWordByte(text[start - 1]) { start -= 1 }
        guard start < end, SecretDetector.isSecretName(UnsafeBufferPointer(rebasing: text[start..<end])) else {
            return false
        }
        if isQuoted { return start > 0 && isQuote(text[start - 1]) }
        return beginsLine(text, start)
    }

    /// Whether only white space, a list's dash or `export` is before a place of a line.
    private static func beginsLine(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        let line = text[..<place].reversed().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let words = String(decoding: line.prefix(64).reversed(), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return words.isEmpty || words == ["-"] || words == ["export"]
    }

    private static func isSecret(_ text: UnsafeBufferPointer<UInt8>, behind mark: Int) -> Bool {
        var start = mark + 1
        while start < text.count, isBlank(text[start]) { start += 1 }
        guard start < text.count else { return false }
        if isQuote(text[start]) {
            let quote = text[start]
            let value = text[(start + 1)...].prefix { $0 != quote && $0 != UInt8(ascii: "\n") }
            return SecretDetector.isSecretValue(Array(value.prefix(overlap)))
        }
        let value = text[start...].prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
        // Parentheses and brackets are code that asks for a value, not the value.
        return !value.contains { "([{".utf8.contains($0) } && SecretDetector.isSecretValue(Array(value.prefix(overlap)))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
}
