import Synchronization

/// The callers without credentials: one for each address, so that one of them cannot use up what the others may ask.
final class AnonymousCallers: Sendable {
    /// Whoever reaches a service that runs open on loopback.
    let insecureLocal = Caller(.insecureLocal, limit: nil)
    private let principal: Principal
    private let configuration: AccessConfiguration
    /// For all addresses beyond the bound.
    private let shared: Caller
    private let callers = Mutex<[String: Caller]>([:])

    init(_ configuration: AccessConfiguration) {
        self.configuration = configuration
        principal = .anonymous(clearance: configuration.anonymousClearance)
        shared = Caller(principal, limit: configuration.anonymousLimit)
    }

    func caller(from address: String, at now: ContinuousClock.Instant) -> Caller {
        callers.withLock { callers in
            if let known = callers[address] { return known }
            if callers.count >= configuration.maximumAddresses {
                callers = callers.filter { !$0.value.isIdle(at: now) }
            }
            guard callers.count < configuration.maximumAddresses else { return shared }
            let caller = Caller(principal, limit: configuration.anonymousLimit)
            callers[address] = caller
            return caller
        }
    }
}
