public import Diagnostics

/// What can go wrong in the catalog beyond what its servers and files say themselves.
public struct CatalogError: CortexError {
    /// What is wrong with one place of a request.
    public struct Fault: Sendable, Equatable {
        /// The JSON pointer of the place in the body, or of `/parameter` for a query parameter.
        public let pointer: String
        /// What is wrong with it.
        public let message: String
    }

    /// One of the `catalog.…` codes, `not_found`, `not_permitted`, `sync.key_reused`, `sync.in_flight` or `internal`.
    public let code: ErrorCode
    /// What happened, in one sentence.
    public let message: String
    /// What to do next.
    public let hint: String?
    /// The error that led to this one.
    public let cause: (any Error)?
    /// What is wrong with the request, place by place; only of `catalog.invalid` and `catalog.patch`.
    public let faults: [Fault]
    /// The version that the document has, where another one was expected.
    public let currentToken: VersionToken?
    /// Whether this is what a cache says that cannot be asked about: PostgreSQL is away; only of `not_found`.
    public let isStale: Bool

    init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        cause: (any Error)? = nil,
        faults: [Fault] = [],
        currentToken: VersionToken? = nil,
        isStale: Bool = false
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.faults = faults
        self.currentToken = currentToken
        self.isStale = isStale
    }

    static func invalid(_ pointer: String, _ message: String) -> CatalogError {
        .invalid([Fault(pointer: pointer, message: message)])
    }

    static func invalid(_ faults: [Fault]) -> CatalogError {
        let first = faults.first
        return CatalogError(
            .catalogInvalid,
            "\(first?.pointer ?? ""): \(first?.message ?? "the request is not what is taken here")",
            faults: faults
        )
    }

    /// The facts for programs: `pointer` of the first fault, `token` of the present version.
    public var details: [String: String] {
        var details: [String: String] = [:]
        details["pointer"] = faults.first?.pointer
        details["token"] = currentToken?.description
        return details
    }
}
