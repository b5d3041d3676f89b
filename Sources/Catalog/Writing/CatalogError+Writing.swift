import Diagnostics

extension CatalogError {
    static func missing(_ key: DocumentKey, isStale: Bool = false) -> CatalogError {
        CatalogError(.notFound, "there is no such document among the \(key.kind.rawValue)", isStale: isStale)
    }

    static func exists(_ token: VersionToken) -> CatalogError {
        CatalogError(
            .catalogExists,
            "a document with this id exists already",
            hint: "replace or patch it",
            currentToken: token
        )
    }

    static func stale(_ token: VersionToken?) -> CatalogError {
        CatalogError(
            .catalogPrecondition,
            "the document is not at the version that the request expects",
            hint: "read it and decide anew",
            currentToken: token
        )
    }

    static var aboveClearance: CatalogError {
        CatalogError(.notPermitted, "a document cannot be made more sensitive than its author may see")
    }

    static var keyReused: CatalogError {
        CatalogError(.syncKeyReused, "the Idempotency-Key was used for another request", hint: "use a new key")
    }
}
