import Crypto

/// Names a version of a document across both homes of the data: what ETags and version tokens are made of.
///
/// Text: `p<epoch>-<version>` where PostgreSQL is the truth, `j-<16 hex>` where the tree is. The document of an imported
/// row is that of its record but for the version, so the tree's token can be held against a row.
public enum VersionToken: Sendable, Hashable, LosslessStringConvertible {
    /// A row: the epoch of the system mode in which the token was given, and the row's version.
    case row(epoch: Int, version: Int)
    /// A document of the tree: the first 16 hex digits of its SHA-256, at version 0.
    case record(String)

    /// Reads a token; nil for what is none.
    public init?(_ description: String) {
        if let match = description.wholeMatch(of: /p([1-9][0-9]{0,17})-([0-9]{1,18})/),
            let epoch = Int(match.1), let version = Int(match.2)
        {
            self = .row(epoch: epoch, version: version)
        } else if let match = description.wholeMatch(of: /j-([0-9a-f]{16})/) {
            self = .record(String(match.1))
        } else {
            return nil
        }
    }

    /// The text of the token.
    public var description: String {
        switch self {
        case .row(let epoch, let version): "p\(epoch)-\(version)"
        case .record(let hash): "j-\(hash)"
        }
    }

    /// The token that a body has in the tree, whatever version it says.
    public static func record(of body: [UInt8], version: Int) -> VersionToken {
        var hash = SHA256()
        let head = "{\"version\":\(version)"
        if body.starts(with: head.utf8) {
            hash.update(data: Array("{\"version\":0".utf8))
            hash.update(data: body[head.utf8.count...])
        } else {
            hash.update(data: body)
        }
        let digits = Array("0123456789abcdef".utf8)
        let hex = hash.finalize().prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return .record(String(decoding: hex, as: UTF8.self))
    }
}
