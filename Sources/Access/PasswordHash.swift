import Diagnostics

#if os(Linux)
import CCrypt
#endif

/// A password as it is kept: hashed by `crypt(3)` with yescrypt, in its usual form (`$y$…`).
///
/// Hashing and checking take tens of milliseconds and some MiB on purpose: do both through `PasswordHasher`.
public struct PasswordHash: Sendable, Equatable, CustomStringConvertible {
    let text: String

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    init(text: String) { self.text = text }

    /// Hashes a password with a new salt.
    ///
    /// Throws `usage` for a password of less than 12 characters, of more than 512 bytes, or with U+0000; `program.missing`
    /// where the system's `crypt(3)` has no yescrypt.
    static func make(_ password: Secret) throws(AccessError) -> PasswordHash {
        let password = password.reveal()
        guard password.count >= 12, password.utf8.count <= 512, !password.utf8.contains(0) else {
            throw AccessError(
                .usage,
                "this cannot be a password",
                hint: "12 characters or more, at most 512 bytes, none of them U+0000."
            )
        }
        guard let setting = newSetting(), let hash = crypt(password, setting: setting) else { throw unsupported }
        return PasswordHash(text: hash)
    }

    /// Whether this is the password of the hash; false for a hash that the system cannot read.
    func matches(_ password: Secret) -> Bool {
        let password = password.reveal()
        guard password.utf8.count <= 512, !password.utf8.contains(0) else { return false }
        guard let hash = Self.crypt(password, setting: text) else { return false }
        return ConstantTime.areEqual(Array(hash.utf8), Array(text.utf8))
    }

    private static var unsupported: AccessError {
        AccessError(
            .programMissing,
            "this system's crypt(3) has no yescrypt, so there are no passwords here",
            hint: "Use keys: cortex keys create makes one."
        )
    }

    #if os(Linux)
    private static func newSetting() -> String? {
        var output = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        // Without bytes of ours libxcrypt takes the salt from the system's generator; cost 0 is its default.
        guard crypt_gensalt_rn("$y$", 0, nil, 0, &output, Int32(output.count)) != nil else { return nil }
        return text(output)
    }

    private static func crypt(_ password: String, setting: String) -> String? {
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        // The structure holds copies of the password.
        defer {
            data.initialize(to: crypt_data())
            data.deallocate()
        }
        data.initialize(to: crypt_data())
        guard let result = crypt_rn(password, setting, data, Int32(MemoryLayout<crypt_data>.size)) else { return nil }
        return String(cString: result)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    #else
    private static func newSetting() -> String? { nil }
    private static func crypt(_ password: String, setting: String) -> String? { nil }
    #endif
}
