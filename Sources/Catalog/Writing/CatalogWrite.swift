public import Domain

/// A change of one document with who asks for it and how.
public struct CatalogWrite: Sendable {
    /// What is done; bodies are the JSON text that the client sent.
    public enum Operation: Sendable, Equatable {
        /// Makes the document; refused where it exists. Fields that are not given are null.
        case create([UInt8])
        /// Makes the document what the body says; fields that are not given become null.
        case replace([UInt8])
        /// Applies a merge patch (RFC 7396) to the document.
        case mergePatch([UInt8])
        /// Applies a JSON patch (RFC 6902) to the document.
        case jsonPatch([UInt8])
        /// Removes it.
        case delete
    }

    /// Which document; of a creation `DocumentKey(ofNew:…)` reads it from the body.
    public var key: DocumentKey
    /// What is done.
    public var operation: Operation
    /// What must hold for the document as it is.
    public var precondition: WritePrecondition
    /// Who asks.
    public var author: WriteAuthor
    /// The key under which a repetition gets the same answer; nil for none.
    public var idempotencyKey: IdempotencyKey?

    /// A change.
    public init(
        _ key: DocumentKey,
        _ operation: Operation,
        precondition: WritePrecondition = .none,
        author: WriteAuthor,
        idempotencyKey: IdempotencyKey? = nil
    ) {
        self.key = key
        self.operation = operation
        self.precondition = precondition
        self.author = author
        self.idempotencyKey = idempotencyKey
    }
}

/// What must hold for a document before it is changed.
public enum WritePrecondition: Sendable, Equatable {
    /// Nothing.
    case none
    /// It exists: `If-Match: *`.
    case exists
    /// It does not exist: `If-None-Match: *`.
    case absent
    /// It is at one of these versions: `If-Match` with ETags.
    ///
    /// A token of an earlier epoch, or of the other home before the data moved, is satisfied by the version that it
    /// became, as long as nobody changed it since.
    case anyOf([VersionToken])
}

/// Who changes a document.
public struct WriteAuthor: Sendable, Equatable {
    /// The name that the audit log gets, and whose idempotency keys count.
    public let principal: String
    /// What it may see: it can change nothing else, and make nothing that it could not see.
    public let clearance: Sensitivity

    /// An author.
    public init(principal: String, clearance: Sensitivity) {
        self.principal = principal
        self.clearance = clearance
    }
}

/// An `Idempotency-Key` with the request that it stands for.
public struct IdempotencyKey: Sendable, Equatable {
    /// The key, as the client chose it.
    public let key: String
    /// The SHA-256 of the whole request: method, path, and body.
    public let requestHash: [UInt8]

    /// A key for a request.
    public init(_ key: String, requestHash: [UInt8]) {
        self.key = key
        self.requestHash = requestHash
    }
}

/// What an acknowledged write gets.
public struct WriteResult: Sendable, Equatable {
    /// Which document.
    public let key: DocumentKey
    /// The HTTP status that fits: 201, 200 or 204.
    public let status: Int
    /// The document's version now; 0 in mode `json`.
    public let version: Int
    /// Names the version: the ETag without its quotes, and the token to read at least this; nil after a deletion in mode
    /// `json`, where nothing is left to name.
    public let token: VersionToken?
    /// The document; nil after a deletion.
    public let body: [UInt8]?
    /// Whether the answer of an earlier request with the same `Idempotency-Key` was given again.
    public let isRepeated: Bool

    /// A result.
    public init(
        key: DocumentKey,
        status: Int,
        version: Int,
        token: VersionToken?,
        body: [UInt8]?,
        isRepeated: Bool
    ) {
        self.key = key
        self.status = status
        self.version = version
        self.token = token
        self.body = body
        self.isRepeated = isRepeated
    }
}
