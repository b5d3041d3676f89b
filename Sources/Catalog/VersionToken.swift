/// Names a version of a document across both homes of the data: what ETags and version tokens are made of.
///
/// Text: `p<epoch>-<version>` where PostgreSQL is the truth, `j-<16 hex>` where the tree is.
public enum VersionToken: Sendable, Hashable, LosslessStringConvertible {
    /// A row: the epoch of the system mode in which the token was given, and the row's version.
    case row(epoch: Int, version: Int)
    /// A record of the tree: the first 16 hex digits of the SHA-256 of its document.
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
}
