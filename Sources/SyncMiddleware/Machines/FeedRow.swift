import Domain

/// One row of `cortex.change_feed`: a row of a table got a version, or something happened to the whole table.
public struct FeedRow: Sendable, Equatable {
    /// What happened.
    public enum Operation: String, Sendable, Equatable {
        /// The row is new.
        case insert
        /// The row was changed, or has a new key.
        case update
        /// The row is gone.
        case delete
        /// The table was loaded anew: any row may have changed.
        case reload
        /// The table was emptied.
        case truncate
    }

    /// Given by the trigger while the changed row is locked: for one key ids rise with versions.
    public let id: Int
    /// The transaction that wrote it.
    public let xid: UInt64
    /// The table.
    public let kind: String
    /// The key's text, the columns of a composite key joined with U+001F; empty where the whole table is meant.
    public let rowKey: String
    /// The row's version; 0 where the whole table is meant.
    public let version: Int
    /// What happened.
    public let operation: Operation

    /// A row with these facts.
    public init(id: Int, xid: UInt64, kind: String, rowKey: String, version: Int, operation: Operation) {
        self.id = id
        self.xid = xid
        self.kind = kind
        self.rowKey = rowKey
        self.version = version
        self.operation = operation
    }

    /// `<kind>:<id>` of the changed row.
    var key: String { "\(kind):\(rowKey)" }

    /// Whether it says of every row of the table that it may have changed: only a new epoch answers that.
    var concernsTable: Bool { operation == .reload || operation == .truncate }

    /// The newest row of each key, in the order in which the keys come.
    static func newest(_ rows: [FeedRow]) -> [FeedRow] {
        var result: [FeedRow] = []
        var places: [ExactText: Int] = [:]
        for row in rows where !row.concernsTable {
            let key = ExactText(row.key)
            if let place = places[key] {
                if result[place].version < row.version { result[place] = row }
            } else {
                places[key] = result.count
                result.append(row)
            }
        }
        return result
    }

    /// The newest version of each key, in the order in which the keys come: one INVALIDATE each.
    static func coalesced(_ rows: [FeedRow]) -> [KeyVersion] {
        newest(rows).map { KeyVersion(key: $0.key, version: $0.version) }
    }
}

/// A version of a key.
struct KeyVersion: Sendable, Equatable {
    let key: String
    let version: Int
}
