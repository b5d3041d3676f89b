@testable import SyncMiddleware

/// A Redis server: the cells under their keys, its clock, its run id, its memory, and what a restart brings back.
final class ModelRedis {
    private(set) var run = 1
    private(set) var cells: [String: CacheCell] = [:]
    private var image: [String: CacheCell] = [:]
    var clockOffset = 0
    var isFull = false
    var stalledUntil = 0

    var runID: String { "r\(run)" }

    static func key(_ epoch: Int, _ key: String) -> String { "\(epoch):\(key)" }

    func cell(_ key: String, now: Int) -> CacheCell {
        guard var cell = cells[key] else { return CacheCell() }
        cell.expire(now: now + clockOffset)
        return cell
    }

    func change<Reply>(_ key: String, now: Int, _ body: (inout CacheCell, Int, Bool) -> Reply) -> Reply {
        var cell = cell(key, now: now)
        let reply = body(&cell, now + clockOffset, isFull)
        cells[key] = cell.content == nil ? nil : cell
        return reply
    }

    // MARK: Faults

    func evict(_ key: String) {
        cells[key] = nil
    }

    func flushAll() {
        cells = [:]
    }

    func takeImage() {
        image = cells
    }

    func restart(withImage: Bool) {
        run += 1
        cells = withImage ? image : [:]
        stalledUntil = 0
    }
}
