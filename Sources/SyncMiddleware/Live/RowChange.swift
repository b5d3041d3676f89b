public import Postgres

/// A change of one row of the catalog.
public struct RowChange: Sendable, Equatable {
    /// What is done to the row.
    public enum Operation: Sendable, Equatable {
        /// Makes it with these columns besides its key; refused where it exists.
        case create([String: PostgresValue])
        /// Sets these columns of the version expected.
        case replace([String: PostgresValue], expected: Int)
        /// Removes the version expected; nil for any.
        case delete(expected: Int?)
    }

    /// The table.
    public let kind: String
    /// The key's text, the columns of a composite key joined with U+001F.
    public let id: String
    /// What is done.
    public let operation: Operation

    /// A change.
    public init(kind: String, id: String, _ operation: Operation) {
        self.kind = kind
        self.id = id
        self.operation = operation
    }
}

/// A change with who asks for it and how.
public struct WriteRequest: Sendable {
    /// An `Idempotency-Key` with the request that it stands for.
    public struct IdempotencyKey: Sendable, Equatable {
        /// The key, as the client chose it.
        public let key: String
        /// The SHA-256 of the whole request: with the same key only the same request is answered.
        public let requestHash: [UInt8]

        /// A key for a request.
        public init(_ key: String, requestHash: [UInt8]) {
            self.key = key
            self.requestHash = requestHash
        }
    }

    /// What is to be done.
    public var change: RowChange
    /// Who asks: the name that the audit log gets, and whose keys count.
    public var principal: String
    /// The key under which a repetition gets the same answer; nil for none.
    public var idempotencyKey: IdempotencyKey?
    /// The epoch of the system mode under which the caller decided to write; nil for whatever it is, if the mode is `postgres`.
    public var modeEpoch: Int?

    /// A request.
    public init(
        _ change: RowChange,
        principal: String,
        idempotencyKey: IdempotencyKey? = nil,
        modeEpoch: Int? = nil
    ) {
        self.change = change
        self.principal = principal
        self.idempotencyKey = idempotencyKey
        self.modeEpoch = modeEpoch
    }
}

/// What an acknowledged write gets.
public struct WriteReceipt: Sendable, Equatable {
    /// The HTTP status that fits: 201, 200 or 204.
    public let status: Int
    /// The row's version now: the token with which no instance answers with an older one.
    public let version: Int
    /// The row's document; nil after a deletion.
    public let body: [UInt8]?
    /// Whether the answer of an earlier request with the same `Idempotency-Key` was given again.
    public let isRepeated: Bool
}
