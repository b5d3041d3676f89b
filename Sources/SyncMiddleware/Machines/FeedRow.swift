/// One row of `cortex.change_feed`: a key got a version.
struct FeedRow: Sendable, Equatable {
    /// Given by the trigger while the changed row is locked: for one key ids rise with versions.
    let id: Int
    /// The transaction that wrote it.
    let xid: UInt64
    /// `<kind>:<id>` of the changed row.
    let key: String
    let version: Int

    /// The newest version of each key, in order of the rows: one INVALIDATE each.
    static func coalesced(_ rows: [FeedRow]) -> [KeyVersion] {
        var result: [KeyVersion] = []
        for row in rows {
            if let place = result.firstIndex(where: { $0.key == row.key }) {
                result[place].version = max(result[place].version, row.version)
            } else {
                result.append(KeyVersion(key: row.key, version: row.version))
            }
        }
        return result
    }
}

/// A version of a key.
struct KeyVersion: Sendable, Equatable {
    let key: String
    var version: Int
}
