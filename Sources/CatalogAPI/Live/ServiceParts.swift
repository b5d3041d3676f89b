import Access
import Catalog
import Diagnostics
import HTTPTypes
import Hummingbird
import Monitoring
import Synchronization

/// What every request of a service works with; made once.
struct ServiceParts: Sendable {
    let store: any CatalogStore
    let authenticator: Authenticator
    let metrics: ServiceMetrics
    /// What an administrator may do.
    let administration: Administration
    /// Where users sign in.
    let sessions: UserSessions
    /// Told of every request that is not let in.
    let denied: @Sendable (Denial) -> Void
    let configuration: ServiceConfiguration
    /// The OpenAPI document.
    let description: [UInt8]
    let streams: StreamCounter
    /// Whether the service is ending.
    let isStopping: @Sendable () -> Bool

    /// Counts somebody who is not let in, and tells of it.
    func refuse(
        _ error: AccessError,
        _ request: Request,
        _ template: String,
        principal: String?,
        from address: String
    ) {
        metrics.refused(error)
        let status = error.code.meaning.httpStatus
        guard status < 500 else { return }
        denied(
            Denial(
                decision: error.decision,
                status: status,
                principal: principal,
                address: address,
                method: request.method.rawValue,
                route: template
            )
        )
    }
}

/// How many streams of events are open.
final class StreamCounter: Sendable {
    private let open = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// A place among the streams; nil when all are taken.
    func enter() -> Place? {
        guard open.add(1, ordering: .relaxed).newValue <= limit else {
            open.subtract(1, ordering: .relaxed)
            return nil
        }
        return Place(self)
    }

    /// A stream's place: given back when it ends, or when nobody holds it any more.
    final class Place: Sendable {
        private let counter: StreamCounter
        private let isHeld = Atomic(true)

        fileprivate init(_ counter: StreamCounter) {
            self.counter = counter
        }

        deinit { leave() }

        /// Gives the place back; once.
        func leave() {
            guard isHeld.exchange(false, ordering: .relaxed) else { return }
            counter.open.subtract(1, ordering: .relaxed)
        }
    }
}
