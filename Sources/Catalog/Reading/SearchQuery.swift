/// A search among assets.
public struct SearchQuery: Sendable, Equatable {
    /// Words, in any part of the asset, or a part of its id, name or description; empty for all.
    public var text: String
    /// The type; nil for any.
    public var type: String?
    /// The owner; nil for any.
    public var owner: String?
    /// The namespace; nil for any.
    public var namespace: String?
    /// The sensitivity; nil for any that the reader may see.
    public var sensitivity: String?
    /// How many assets at most, 1 to `ListQuery.maximumLimit`.
    public var limit: Int

    /// A search.
    public init(
        _ text: String,
        type: String? = nil,
        owner: String? = nil,
        namespace: String? = nil,
        sensitivity: String? = nil,
        limit: Int = ListQuery.defaultLimit
    ) {
        self.text = text
        self.type = type
        self.owner = owner
        self.namespace = namespace
        self.sensitivity = sensitivity
        self.limit = limit
    }
}

/// What a search found.
public struct SearchResult: Sendable, Equatable {
    /// How many assets match in all.
    public let total: Int
    /// The best of them, best first.
    public let documents: [StoredDocument]
    /// How long the search took.
    public let duration: Duration

    /// What was found.
    public init(total: Int, documents: [StoredDocument], duration: Duration) {
        self.total = total
        self.documents = documents
        self.duration = duration
    }
}
