import Synchronization

/// The checker as it runs all the time, beside an instance, at a low rate.
///
/// Each round compares a sample of cached documents; every so many rounds everything, the published view too. What it
/// finds is handed on: a mismatch is an alert, for there should never be one.
public final class CacheWatch: Sendable {
    /// How often, and how much.
    public struct Configuration: Sendable, Equatable {
        /// The pause between two rounds; 10 s.
        public var pause: Duration = .seconds(10)
        /// How many documents a round compares; 100.
        public var sample = 100
        /// Every so many rounds everything is compared; 360, about once an hour.
        public var wholeEvery = 360
        /// The share of the time that a round works, so that nobody who is served feels it; 0.1.
        public var share = 0.1
        /// How many mismatches of a round are told; 20.
        public var limit = 20

        /// The defaults.
        public init() {}
    }

    /// What all rounds together have found.
    public struct Totals: Sendable, Equatable {
        /// Rounds that were finished.
        public var rounds = 0
        /// Rounds that a store did not let finish.
        public var failedRounds = 0
        /// What was compared.
        public var checked = 0
        /// What differed: an alert at anything above 0.
        public var mismatches = 0

        /// Nothing.
        public init() {}
    }

    private let counted = Mutex(Totals())
    private let maintenance: CacheMaintenance
    private let configuration: Configuration
    private let report: @Sendable (Result<CacheVerification, any Error>) async -> Void

    /// Watches these stores; `report` gets each round, a failure (a store that is away) too.
    public init(
        _ maintenance: CacheMaintenance,
        configuration: Configuration = Configuration(),
        report: @escaping @Sendable (Result<CacheVerification, any Error>) async -> Void = { _ in }
    ) {
        self.maintenance = maintenance
        self.configuration = configuration
        self.report = report
    }

    /// What was found since it began.
    public var totals: Totals { counted.withLock { $0 } }

    /// Goes round until the task is cancelled; begins with everything.
    public func run() async {
        var round = 0
        while !Task.isCancelled {
            let sample = round.isMultiple(of: max(1, configuration.wholeEvery)) ? nil : configuration.sample
            round += 1
            do {
                let found = try await maintenance.verify(
                    sample: sample,
                    limit: configuration.limit,
                    share: configuration.share
                )
                counted.withLock { totals in
                    totals.rounds += 1
                    totals.checked += found.report.checked
                    totals.mismatches += found.report.mismatches
                }
                await report(.success(found))
            } catch {
                if Task.isCancelled { return }
                counted.withLock { $0.failedRounds += 1 }
                await report(.failure(error))
            }
            do { try await Task.sleep(for: configuration.pause) } catch { return }
        }
    }
}
