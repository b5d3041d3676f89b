/// A question for a list of documents.
public struct ListQuery: Sendable, Equatable {
    /// How many documents a page has where nothing is said.
    public static let defaultLimit = 50
    /// How many documents a page has at most.
    public static let maximumLimit = 500

    /// The kind.
    public var kind: CatalogKind
    /// Filters by their names (`CatalogFilter.all(of:)`); all must match.
    public var filters: [String: String]
    /// Where to go on: `DocumentPage.next` of the page before; nil for the first page.
    public var cursor: String?
    /// How many documents at most, 1 to `maximumLimit`.
    public var limit: Int
    /// Whether to count all that match: an extra pass over them.
    public var wantsTotal: Bool

    /// A question.
    public init(
        _ kind: CatalogKind,
        filters: [String: String] = [:],
        cursor: String? = nil,
        limit: Int = defaultLimit,
        wantsTotal: Bool = false
    ) {
        self.kind = kind
        self.filters = filters
        self.cursor = cursor
        self.limit = limit
        self.wantsTotal = wantsTotal
    }
}

/// A page of a list.
public struct DocumentPage: Sendable, Equatable {
    /// The documents, in the order of their ids.
    public let documents: [StoredDocument]
    /// Where the next page begins; nil after the last one.
    public let next: String?
    /// How many match in all; nil where it was not asked for.
    public let total: Int?

    /// A page.
    public init(documents: [StoredDocument], next: String?, total: Int?) {
        self.documents = documents
        self.next = next
        self.total = total
    }
}
