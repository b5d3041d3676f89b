/// A request that was not let in.
public struct Denial: Sendable, Hashable {
    /// What was wrong: a value of the label `decision` of `cortex_access_decisions_total`.
    public let decision: String
    /// The HTTP status of the answer: 401, 403 or 429.
    public let status: Int
    /// Who asked, where that is known: `key:<id>`, `user:<id>` or `anonymous`.
    public let principal: String?
    /// From where, without the port.
    public let address: String
    /// The method of the request.
    public let method: String
    /// The pattern of the route: no id, no parameter.
    public let route: String

    /// A denial; everything in it may be shown.
    public init(
        decision: String,
        status: Int,
        principal: String?,
        address: String,
        method: String,
        route: String
    ) {
        self.decision = decision
        self.status = status
        self.principal = principal
        self.address = address
        self.method = method
        self.route = route
    }

    /// Whether it is a sign-in that failed; else somebody who is known asked for too much.
    var isFailedSignIn: Bool { status == 401 }
}

/// Denials of one kind that were counted together.
struct DenialRow: Sendable, Equatable {
    /// What they have in common; nil for all those beyond what is counted apart.
    let denial: Denial?
    let count: Int
    /// How long ago the first one was, at the time of the row.
    let age: Duration
}
