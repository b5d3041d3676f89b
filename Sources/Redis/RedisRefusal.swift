/// An error reply of the server.
public struct RedisRefusal: Sendable, Hashable {
    /// What the server means, by its code word.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It loads its data and answers soon.
        case loading = "LOADING"
        /// It is a replica or lost its disk, and takes no writes.
        case readOnly = "READONLY"
        /// It is at its memory limit, and takes no writes that need memory.
        case outOfMemory = "OOM"
        /// It does not know the script any more.
        case noScript = "NOSCRIPT"
        /// The key holds another type.
        case wrongType = "WRONGTYPE"
        /// A script keeps it busy.
        case busy = "BUSY"
        /// It is a replica without its master.
        case masterDown = "MASTERDOWN"
        /// It cannot write its snapshots and takes no writes.
        case misconfigured = "MISCONF"
        /// It wants credentials.
        case noAuthentication = "NOAUTH"
        /// The credentials are wrong.
        case wrongPassword = "WRONGPASS"
        /// The user may not do this.
        case noPermission = "NOPERM"
        /// Protected mode: no connections from other machines.
        case protectedMode = "DENIED"
        /// It does not speak the version of the protocol.
        case noProtocol = "NOPROTO"
        /// Anything else.
        case other = ""
    }

    /// The first word in capitals, such as `WRONGTYPE`; `ERR` where there is none.
    public let word: String
    /// The whole reply; may hold keys and values.
    public let text: String

    /// Reads an error reply.
    init(_ reply: [UInt8]) {
        text = String(decoding: reply, as: UTF8.self)
        let first = text.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        let isWord = first.count > 1 && (first.endIndex == text.endIndex || text[first.endIndex] == " ")
        word = isWord ? String(first) : "ERR"
    }

    /// What the server means.
    public var kind: Kind { Kind(rawValue: word) ?? .other }

    /// The reply on one line, without what stands in quotes (keys and values stand there), at most 200 characters.
    public var safeText: String {
        var result = ""
        var closing: Character?
        for character in text.prefix(400) {
            if let quote = closing {
                guard character == quote else { continue }
                closing = nil
            } else if character == "'" || character == "`" || character == "\"" {
                closing = character == "`" ? "'" : character
                result += "\(character)…"
            }
            result.append(character.isNewline ? " " : character)
            if closing != nil { result.removeLast() }
        }
        return String(result.prefix(200))
    }
}
