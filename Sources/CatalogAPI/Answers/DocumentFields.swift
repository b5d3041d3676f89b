import Catalog
import Domain

/// The header fields of a document's answer: the router and the fast lane send the same.
struct DocumentFields {
    /// `"<token>"`.
    let entityTag: String
    /// Where the answer comes from (RFC 9211).
    let cacheStatus: String
    /// How old it may be, in whole seconds; nil for what was read anew.
    let age: String?

    init(_ document: StoredDocument) {
        entityTag = "\"\(document.token)\""
        cacheStatus = Self.cacheStatus(document.tier, isStale: document.isStale)
        switch document.tier {
        case .near, .redis: age = String(document.age.components.seconds)
        case .postgres, .file: age = nil
        }
    }

    static let mediaType = "application/json"

    /// What a 404 says that comes from a cache while PostgreSQL is away.
    static let staleAbsence = cacheStatus(.redis, isStale: true)

    /// The documents of this sensitivity may be answered by the fast lane.
    static func isFast(_ sensitivity: Sensitivity) -> Bool { sensitivity <= .internal }

    private static func cacheStatus(_ tier: StoredDocument.Tier, isStale: Bool) -> String {
        let place =
            switch tier {
            case .near: "cortex-near; hit"
            case .redis: "cortex-redis; hit"
            case .postgres, .file: "cortex; fwd=miss"
            }
        return isStale ? place + "; detail=stale" : place
    }
}
