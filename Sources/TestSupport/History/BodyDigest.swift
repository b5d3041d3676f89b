import Crypto

/// SHA-256 of a document's bytes, as histories tell bodies apart.
public enum BodyDigest: Sendable {
    /// The digest in hexadecimal digits, as PostgreSQL's `encode(sha256(…), 'hex')` writes it.
    public static func of(_ body: [UInt8]) -> String {
        SHA256.hash(data: body).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
