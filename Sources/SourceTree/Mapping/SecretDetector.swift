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
    /// Whether one of the names has these ends, this middle and this length: a cheap first test.
    private static let shapes: [Bool] = {
        var table = [Bool](repeating: false, count: 4_096)
        for name in names { Array(name.utf8).withUnsafeBufferPointer { table[shape(of: $0)] = true } }
        return table
    }()

    private static let prefixes: [[UInt8]] = [
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "sk-",
        "AKIA", "ASIA", "AIza", "npm_", "hf_", "eyJ", "-----BEGIN ",
    ].map { Array($0.utf8) }
    /// Whether one of the prefixes begins with these two bytes: a cheap first test.
    @inline(__always)
    private static func mayBegin(_ first: UInt8, _ second: UInt8) -> Bool {
        switch (first, second) {
        case (0x67, 0x68), (0x67, 0x69), (0x67, 0x6C): true  // gh, gi, gl
        case (0x78, 0x6F), (0x73, 0x6B), (0x6E, 0x70), (0x68, 0x66), (0x65, 0x79): true  // xo, sk, np, hf, ey
        case (0x41, 0x4B), (0x41, 0x53), (0x41, 0x49), (0x2D, 0x2D): true  // AK, AS, AI, --
        default: false
        }
    }

    /// The place of a name that is not empty in `shapes`, whatever its letters' case.
    private static func shape(of name: UnsafeBufferPointer<UInt8>) -> Int {
        let middle = name[name.count / 2]
        let folded = middle == UInt8(ascii: "-") ? UInt8(ascii: "_") : middle
        let ends = Int(name[0] | 0x20) &* 31 &+ Int(name[name.count - 1] | 0x20) &* 7
        return (ends &+ name.count &* 101 &+ Int(folded | 0x20) &* 337) & 4_095
    }

    /// Whether a field of this name holds secrets.
    static func isSecretName(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { isSecretName($0) }
    }

    /// Whether a field of this name, taken as it is written between the quotes, holds secrets.
    static func isSecretName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (3...longestName).contains(name.count), shapes[shape(of: name)] else { return false }
        let folded = name.map { byte -> UInt8 in
            if (65...90).contains(byte) { return byte + 32 }
            return byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte
        }
        return names.contains(String(decoding: folded, as: UTF8.self))
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
            if startsWord, mayBeginSecret(buffer, at: index) { return true }
            startsWord = !isWordByte(byte)
        }
        return false
    }

    /// Whether a secret may begin at a place where a word does.
    @inline(__always)
    static func mayBeginSecret(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        position + 1 < text.count && mayBegin(text[position], text[position + 1]) && isSecretWord(text, at: position)
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

    /// The shortest text that is a secret: one of the shortest prefixes and sixteen bytes behind it.
    private static let shortest = 19

    /// Whether a secret may begin anywhere in a text, escapes taken as they are written.
    @inline(__always)
    static func mayHoldSecret(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.count >= shortest && mayHoldSecret(long: text)
    }

    /// The same of a text that is long enough.
    ///
    /// A secret stands in a run of at least ten word bytes and dots (`-----BEGIN` is the shortest), at its start or
    /// behind a dot. The runs are found by bits, 64 bytes at a time; no byte is looked at on its own.
    private static func mayHoldSecret(long text: UnsafeBufferPointer<UInt8>) -> Bool {
        var start = 0
        while true {
            let (runs, dots) = runBits(text, from: start)
            let twos = runs & runs >> 1
            let fours = twos & twos >> 2
            let longRuns = fours & fours >> 4 & twos >> 8
            if longRuns != 0 {
                // The word at the block's start may have begun before it, and was looked at there.
                let isInside = start > 0 && isWordByte(text[start - 1])
                var places = longRuns & ~(longRuns << 1 | (isInside ? 1 : 0)) | dots << 1 & runs
                while places != 0 {
                    if mayBeginSecret(text, at: start + places.trailingZeroBitCount) { return true }
                    places &= places - 1
                }
            }
            guard start + 64 < text.count else { return false }
            start += 64 - (shortestRun - 1)
        }
    }

    /// The shortest run of word bytes and dots that can hold a secret; with fewer in common, two blocks miss none.
    private static let shortestRun = 10

    /// A bit for each of up to 64 bytes from `start` on: whether it is a word byte or a dot, and whether it is a dot.
    private static func runBits(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (runs: UInt64, dots: UInt64) {
        let bytes = UnsafeRawBufferPointer(text)
        var (runs, dots): (UInt64, UInt64) = (0, 0)
        let end = min(start + 64, bytes.count)
        var position = start
        while position < end {
            // The last sixteen bytes again where fewer are left: before the text's first byte are none, it is longer.
            let first = min(position, end - 16)
            let piece = bytes.loadUnaligned(fromByteOffset: first, as: SIMD16<UInt8>.self)
            let dotMarks = ByteMarks.equal(piece, to: UInt8(ascii: "."))
            runs |= ByteMarks.bits(ByteMarks.wordBytes(piece) .| dotMarks) << Int64(first - start)
            if ByteMarks.isAny(dotMarks) { dots |= ByteMarks.bits(dotMarks) << Int64(first - start) }
            position += 16
        }
        return (runs, dots)
    }

    /// Digits and the hyphen, as bits.
    private static let lowWordBytes: UInt64 = 0x03ff_2000_0000_0000
    /// Letters and the underscore, as bits of the bytes from 64 on.
    private static let highWordBytes: UInt64 = 0x07ff_fffe_87ff_fffe

    @inline(__always)
    static func isWordByte(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? lowWordBytes : highWordBytes) >> UInt64(byte & 63) & 1 == 1
    }
}
