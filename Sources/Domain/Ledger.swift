/// What became of the records of one kind.
///
/// Balanced when every record read ended somewhere.
public struct LedgerLine: Sendable, Codable, Equatable {
    /// The kind of record.
    public var kind: String
    /// Records read from the current tree.
    public var read: Int
    /// Records that are rows now.
    public var resolved: Int
    /// Records that lost to another of the same id.
    public var superseded: Int
    /// Records that no row could be made of.
    public var quarantined: Int
    /// Values that are no record of the kind.
    public var notARecord: Int

    /// A line of the ledger.
    public init(kind: String, read: Int, resolved: Int, superseded: Int, quarantined: Int, notARecord: Int) {
        self.kind = kind
        self.read = read
        self.resolved = resolved
        self.superseded = superseded
        self.quarantined = quarantined
        self.notARecord = notARecord
    }

    /// Whether `read` equals the sum of the outcomes.
    public var isBalanced: Bool { read == resolved + superseded + quarantined + notARecord }

    enum CodingKeys: String, CodingKey {
        case kind, read, resolved, superseded, quarantined
        case notARecord = "not_a_record"
    }
}

/// The ledger of an import: one line a kind.
public struct Ledger: Sendable, Codable, Equatable {
    /// The lines, ordered by kind.
    public var lines: [LedgerLine]

    /// A ledger of these lines, ordered by kind.
    public init(lines: [LedgerLine]) {
        self.lines = lines.sorted { $0.kind < $1.kind }
    }

    /// Whether every line is balanced.
    public var isBalanced: Bool { lines.allSatisfy(\.isBalanced) }

    /// The sum over all kinds, under the kind name `total`.
    public var total: LedgerLine {
        lines.reduce(
            into: LedgerLine(kind: "total", read: 0, resolved: 0, superseded: 0, quarantined: 0, notARecord: 0)
        ) { sum, line in
            sum.read += line.read
            sum.resolved += line.resolved
            sum.superseded += line.superseded
            sum.quarantined += line.quarantined
            sum.notARecord += line.notARecord
        }
    }
}
