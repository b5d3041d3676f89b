/// How a part of the service is.
public enum ComponentState: String, Sendable, CaseIterable {
    /// It answers.
    case connected
    /// It is being connected to for the first time.
    case connecting
    /// It does not answer.
    case unavailable
    /// It is not needed in this mode, or not configured.
    case unused
}

/// One part of the service as its health sees it.
public struct HealthCheck: Sendable, Equatable {
    /// Its name: `postgres`, `redis` or `tree`.
    public let name: String
    /// How it is.
    public let state: ComponentState
    /// Whether reads can be answered from it alone, if only stale ones.
    public let answersReads: Bool

    /// A part of the service; `answersReads` is true for each place that reads can be answered from in this mode.
    public init(_ name: String, _ state: ComponentState, answersReads: Bool) {
        self.name = name
        self.state = state
        self.answersReads = answersReads
    }
}

/// What an instance says about its health; pure.
public struct HealthReport: Sendable, Equatable {
    /// How it is as a whole.
    public enum Status: String, Sendable {
        /// Everything in use answers.
        case healthy
        /// It serves, but something in use does not answer.
        case degraded
        /// It can serve nothing.
        case unhealthy
    }

    /// How it is as a whole.
    public let status: Status
    /// The mode, as in `system_mode`.
    public let mode: String
    /// The parts, in the order given.
    public let checks: [HealthCheck]
    /// Whether the instance is ending and takes no new connections.
    public let isDraining: Bool

    /// Weighs the parts: unhealthy when none that reads can be answered from is connected, degraded when one in use is not.
    public init(mode: String, checks: [HealthCheck], isDraining: Bool = false) {
        self.mode = mode
        self.checks = checks
        self.isDraining = isDraining
        if !checks.contains(where: { $0.answersReads && $0.state == .connected }) {
            status = .unhealthy
        } else if checks.contains(where: { $0.state == .connecting || $0.state == .unavailable }) {
            status = .degraded
        } else {
            status = .healthy
        }
    }

    /// Whether requests should be sent here: `/readyz` answers 200 then, else 503.
    public var isReady: Bool { status != .unhealthy && !isDraining }

    /// The status code of `/health`: 503 when nothing can be served, else 200.
    public var healthStatusCode: Int { status == .unhealthy ? 503 : 200 }

    /// The status code of `/readyz`.
    public var readyStatusCode: Int { isReady ? 200 : 503 }

    /// The body of `/health`: `status`, `mode` and a member for each part.
    public var json: String {
        let members = [("status", status.rawValue), ("mode", mode)] + checks.map { ($0.name, $0.state.rawValue) }
        return "{" + members.map { "\(JSONLine.quoted($0)):\(JSONLine.quoted($1))" }.joined(separator: ",") + "}"
    }

    /// The body of `/readyz`, as text: `ready`, or why not.
    public var readyText: String {
        if isDraining { return "draining\n" }
        let away = checks.filter { $0.answersReads && $0.state != .connected }.map { "\($0.name) \($0.state.rawValue)" }
        return isReady ? "ready\n" : "nothing to answer from: \(away.joined(separator: ", "))\n"
    }

    /// The body of `/livez`, as text; it says that the process answers and nothing else, so that a store that is away
    /// never gets an instance killed.
    public static let liveText = "alive\n"
}
