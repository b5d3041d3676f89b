/// Which statements are prepared on one connection.
///
/// A text is prepared when it comes for the second time. The cache never evicts: programs repeat a small, fixed set of
/// statements, and beyond its bound a text simply runs unprepared.
struct StatementCache {
    /// The most statements prepared per connection.
    static let maximumCount = 200
    /// Longer texts are never prepared.
    static let maximumTextLength = 8_192

    /// How to run a text.
    enum Plan: Equatable {
        case unprepared
        case prepare(name: String)
        case prepared(name: String)
    }

    private var names: [String: String] = [:]
    private var seenOnce: Set<String> = []
    private var issued = 0

    /// How to run the text now.
    mutating func plan(for text: String) -> Plan {
        if let name = names[text] { return .prepared(name: name) }
        guard names.count < Self.maximumCount, text.utf8.count <= Self.maximumTextLength else { return .unprepared }
        guard seenOnce.remove(text) != nil else {
            if seenOnce.count >= Self.maximumCount { seenOnce = [] }
            seenOnce.insert(text)
            return .unprepared
        }
        issued += 1
        return .prepare(name: "cortex_\(issued)")
    }

    /// The server has prepared the text under the name.
    mutating func prepared(_ text: String, name: String) {
        names[text] = name
    }

    /// The server no longer accepts the prepared form of the text.
    mutating func forget(_ text: String) {
        names[text] = nil
    }

    /// The server has forgotten all of them (`DISCARD ALL`, `DEALLOCATE ALL`).
    mutating func forgetAll() {
        names = [:]
        seenOnce = []
    }
}
