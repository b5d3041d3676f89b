@testable import SyncMiddleware

extension FeedRow {
    /// An update of `<kind>:<id>`.
    init(id: Int, xid: UInt64, key: String, version: Int, operation: Operation = .update) {
        let parts = key.split(separator: ":", maxSplits: 1).map(String.init)
        self.init(id: id, xid: xid, kind: parts[0], rowKey: parts[1], version: version, operation: operation)
    }
}
