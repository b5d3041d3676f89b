import Catalog
import Synchronization

/// What the passes of a watch did in all.
struct WatchSummary: Encodable, Equatable {
    let source: String
    var passes = 0
    var created = 0
    var updated = 0
    var moved = 0
    var removed = 0
    var failed = 0

    init(source: String) {
        self.source = source
    }

    mutating func add(_ report: DiscoveryReport) {
        passes += 1
        created += report.created
        updated += report.updated
        moved += report.moved
        removed += report.removed
        failed += report.failed.count
    }

    var text: String {
        "Watched in \(passes) passes: \(created) assets created, \(updated) updated, \(moved) moved, \(removed) removed"
            + (failed > 0 ? ", \(failed) changes refused." : ".")
    }
}

/// A summary that grows.
final class WatchTotals: Sendable {
    private let state: Mutex<WatchSummary>

    init(source: String) {
        state = Mutex(WatchSummary(source: source))
    }

    func add(_ report: DiscoveryReport) { state.withLock { $0.add(report) } }

    var summary: WatchSummary { state.withLock { $0 } }
}
