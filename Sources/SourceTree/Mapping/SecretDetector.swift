/// Tells texts that look like secrets, by their form or by the name of the field that holds them.
enum SecretDetector {
    /// Names whose value is a secret when it is one long word.
    private static let names: Set<String> = [
        "token", "access_token", "refresh_token", "id_token", "auth_token", "api_token", "bearer_token", "jwt",
        "password", "passwd", "passphrase", "secret", "client_secret", "secret_key", "api_key", "apikey", "access_key",
        "private_key", "authorization", "credential", "credentials", "webhook_secret", "session_token", "signing_key",
        "accesstoken", "refreshtoken", "clientsecret", "privatekey", "secretkey", "authtoken",
    ]
    private static let longestName = 16
    private static let prefixes: [[UInt8]] = [
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "sk-", "AKIA",
        "ASIA",
        "AIza", "npm_", "hf_", "eyJ", "-----BEGIN ",
    ].map { Array($0.utf8) }
    private static let firstBytes: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for prefix in prefixes { table[Int(prefix[0])] = true }
        return table
    }()

    /// Whether a field of this name holds secrets.
    ///
    /// Takes the name as it is written, quotes included.
    static func isSecretName(_ quoted: ArraySlice<UInt8>) -> Bool {
        guard (5...longestName + 2).contains(quoted.count) else { return false }
        let key = quoted.dropFirst().dropLast()
        let folded = String(
            decoding: key.map { (65...90).contains($0) ? $0 + 32 : $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 },
            as: UTF8.self
        )
        return names.contains(folded)
    }

    /// Whether the value of a field with a secret's name is one: at least 8 bytes, no white space, no placeholder.
    static func isSecretValue(_ text: [UInt8]) -> Bool {
        guard text.count >= 8, !text.contains(where: { $0 <= 0x20 }) else { return false }
        return text.first != UInt8(ascii: "$") && text.first != UInt8(ascii: "<") && text.first != UInt8(ascii: "{")
    }

    /// Whether a token of known form (JWT, private key, access key of a known service) stands in the text.
    static func looksSecret(_ text: ArraySlice<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { looksSecret(buffer: $0) }
    }

    private static func looksSecret(buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        var startsWord = true
        for index in buffer.indices {
            let byte = buffer[index]
            if startsWord, firstBytes[Int(byte)], isSecretWord(buffer, at: index) { return true }
            startsWord = !isWordByte(byte)
        }
        return false
    }

    private static func isSecretWord(_ buffer: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        for prefix in prefixes where buffer.count - start > prefix.count {
            guard buffer[start..<(start + prefix.count)].elementsEqual(prefix) else { continue }
            if prefix[0] == UInt8(ascii: "-") {
                return String(decoding: buffer[start...].prefix(64), as: UTF8.self).contains("PRIVATE KEY-----")
            }
            let word = buffer[start...].prefix { isWordByte($0) || $0 == UInt8(ascii: ".") }
            if prefix.elementsEqual("eyJ".utf8) {
                return word.count >= 30 && word.count { $0 == UInt8(ascii: ".") } == 2
            }
            if prefix.elementsEqual("AKIA".utf8) || prefix.elementsEqual("ASIA".utf8) {
                return word.count == 20 && word.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
            }
            return word.count >= prefix.count + 16 && word.contains { (48...57).contains($0) }
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 0x5F
            || byte == 0x2D
    }
}
