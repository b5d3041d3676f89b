import Crypto
public import Diagnostics

/// The public part of a key: what lists, logs and audit rows name it by.
public struct APIKeyID: Sendable, Hashable, CustomStringConvertible {
    let value: UInt64

    init(value: UInt64) { self.value = value }

    /// Reads 16 hexadecimal digits in lower case.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, let value = bytes.withUnsafeBytes({ Hexadecimal.value($0) }) else { return nil }
        self.value = value
    }

    /// 16 hexadecimal digits.
    public var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A key for the HTTP interface: `cortex_<16 hexadecimal digits>_<64 hexadecimal digits>`.
///
/// The first number is the id, the second the secret (256 bits). Cortex keeps the SHA-256 of the whole text and never the text,
/// but for the first administrator's, which is in a file of the home.
public struct APIKey: Sendable {
    /// The public part.
    public let id: APIKeyID
    /// The whole text, to be shown once.
    public let text: Secret

    static let prefix = Array("cortex_".utf8)
    static let length = 7 + 16 + 1 + 64

    /// Makes a new key from the system's generator.
    public static func generate() -> APIKey {
        var generator = SystemRandomNumberGenerator()
        let id = APIKeyID(value: generator.next())
        let secret = (0..<4).map { _ in APIKeyID(value: generator.next()).description }.joined()
        return APIKey(id: id, text: Secret("cortex_\(id)_\(secret)"))
    }

    private init(id: APIKeyID, text: Secret) {
        self.id = id
        self.text = text
    }

    /// Reads the text of a key; nil when it is none.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ Self.id(of: UnsafeRawBufferPointer($0)) }) else { return nil }
        self.init(id: id, text: Secret(text))
    }

    /// The SHA-256 of the text, which is all that is kept.
    public var sha256: [UInt8] { Array(SHA256.hash(data: Array(text.reveal().utf8))) }

    /// The id of a text that has the form of a key; nothing is allocated.
    static func id(of text: UnsafeRawBufferPointer) -> APIKeyID? {
        guard text.count == length, text[..<7].elementsEqual(prefix), text[23] == UInt8(ascii: "_"),
            let id = Hexadecimal.value(UnsafeRawBufferPointer(rebasing: text[7..<23])),
            text[24...].allSatisfy({ Hexadecimal.digit($0) != nil })
        else { return nil }
        return APIKeyID(value: id)
    }
}

enum Hexadecimal {
    /// The value of a digit in lower case.
    static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        default: nil
        }
    }

    /// The value of at most 16 digits in lower case.
    static func value(_ text: UnsafeRawBufferPointer) -> UInt64? {
        var result: UInt64 = 0
        for byte in text {
            guard let digit = digit(byte) else { return nil }
            result = result << 4 | digit
        }
        return result
    }
}
