public import Diagnostics

/// Bytes that are not RESP, or more of it than the limits allow.
public struct RESPError: CortexError, Hashable {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// A value begins with a byte that names no type.
        case unknownType(UInt8)
        /// A length, integer, double, boolean, null or big number is not written as one.
        case malformed(String)
        /// A string or a line is not followed by CR LF, or a line holds a CR or LF alone.
        case missingLineEnd
        /// A chunk, an end mark or a push where none may be.
        case misplaced(UInt8)
        /// An attribute without a value behind it.
        case danglingAttribute
        /// More than the limit of that name.
        case limit(String, Int)
    }

    /// What is wrong.
    public let reason: Reason
    /// Where the offending value begins, in bytes from the start of the connection.
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Always `redis.protocol`.
    public var code: ErrorCode { .redisProtocol }

    /// What is wrong and where; no data of the server beyond one byte.
    public var message: String { "the answer is not RESP: \(what) at byte \(offset)" }

    /// The offset.
    public var details: [String: String] { ["offset": String(offset)] }

    private var what: String {
        switch reason {
        case .unknownType(let byte): "no type begins with \(Self.shown(byte))"
        case .malformed(let what): "malformed \(what)"
        case .missingLineEnd: "missing line end"
        case .misplaced(let byte): "\(Self.shown(byte)) is not allowed here"
        case .danglingAttribute: "an attribute without a value"
        case .limit(let name, let limit): "more than \(limit) \(name)"
        }
    }

    private static func shown(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
        let hex = String(byte, radix: 16, uppercase: true)
        return "0x" + (hex.count == 1 ? "0" : "") + hex
    }
}
