import Logging
import SyncMiddleware

/// Tells what the checker that runs beside the service finds: a metric, and a line for each key.
struct CacheFindings: Sendable {
    let metrics: MiddlewareMetrics
    let logger: Logger

    /// Tells of one round.
    func report(_ round: Result<CacheVerification, any Error>) {
        switch round {
        case .success(let found):
            guard found.report.mismatches > 0 else { return }
            metrics.foundInconsistent(found.report.mismatches)
            for key in found.report.keys {
                logger.error(
                    "a cached document differs from PostgreSQL",
                    metadata: [
                        "key": "\(key.key)", "reason": "\(key.reason.rawValue)",
                        "cached": "\(key.actualVersion.map(String.init) ?? "-")",
                        "row": "\(key.expectedVersion.map(String.init) ?? "-")",
                        "history": "\(key.history.joined(separator: "; "))",
                    ]
                )
            }
        case .failure(let error):
            logger.notice("the cache could not be checked", metadata: ["cause": "\(error)"])
        }
    }
}
