import Foundation
import LosslessJSON

/// Scans a stream on a thread of its own, some way ahead of the one that takes its items, and names its records there.
///
/// One producer, one consumer, a bounded number of bytes between them. Finding and reading the records of a large file takes
/// less than half as long as making rows of them; it pays where a processor has nothing else to do.
final class ScanAhead: @unchecked Sendable {
    // @unchecked: every field below is read and written only while `condition` is locked.
    private let condition = NSCondition()
    private var batches: [[FoundItem]] = []
    /// Batches that were taken: their memory goes back on the thread that it came from, which spares the heap's locks.
    private var spent: [[FoundItem]] = []
    private var failure: (any Error)?
    private var isAbandoned = false
    private var hasEnded = false

    /// A batch is handed over when its records have this size; bytes.
    private static let batchBytes = 256 << 10
    /// Or when it has this many items.
    private static let batchItems = 1_000
    /// So many batches wait at the most.
    private static let mostWaiting = 2

    /// What makes the scanner; another thread has it until that has ended, and nobody else meanwhile.
    private struct Source: @unchecked Sendable {
        let reader: RecordExtractor.ByteReader
        let selectors: [RecordSelector]
        let limits: JSONLimits
        let prepare: (ScanItem) -> FoundItem
    }

    /// Hands out the items of a stream, as `prepare` made them on the scanning thread, until `take` says that the rest is
    /// not wanted.
    ///
    /// Throws what the reader and `take` throw. The reader is not used any more when this returns.
    static func forEachItem(
        reader: @escaping RecordExtractor.ByteReader,
        selectors: [RecordSelector],
        limits: JSONLimits,
        prepare: @escaping @Sendable (ScanItem) -> FoundItem,
        take: (FoundItem) throws -> Bool
    ) throws {
        let ahead = ScanAhead()
        let source = Source(reader: reader, selectors: selectors, limits: limits, prepare: prepare)
        let thread = Thread { ahead.scan(source) }
        thread.name = "cortex-scan"
        thread.stackSize = 2 << 20
        thread.start()
        defer { ahead.abandon() }
        var items: [FoundItem]?
        while true {
            items = try ahead.next(spent: items)
            guard let items else { return }
            for item in items {
                guard try take(item) else { return }
            }
        }
    }

    // MARK: The scanning thread

    private func scan(_ source: Source) {
        var thrown: (any Error)?
        do {
            var scanner = JSONRecordScanner(
                reader: source.reader,
                selectors: source.selectors,
                tolerance: .tolerant,
                limits: source.limits,
                readsRecords: true
            )
            var (batch, size): ([FoundItem], Int) = ([], 0)
            while let found = try scanner.next() {
                let item = source.prepare(found)
                size += item.heldBytes
                batch.append(item)
                guard size >= Self.batchBytes || batch.count >= Self.batchItems else { continue }
                guard put(batch) else { break }
                (batch, size) = ([], 0)
            }
            if !batch.isEmpty { _ = put(batch) }
        } catch {
            thrown = error
        }
        condition.withLock {
            failure = thrown
            hasEnded = true
            condition.broadcast()
        }
    }

    /// Hands a batch over, when there is room; false when nobody wants it any more.
    private func put(_ batch: [FoundItem]) -> Bool {
        var given: [[FoundItem]] = []
        // Here, on the thread that made them, and with the lock given back.
        defer { given.removeAll() }
        return condition.withLock {
            while batches.count >= Self.mostWaiting, !isAbandoned { condition.wait() }
            guard !isAbandoned else { return false }
            batches.append(batch)
            swap(&given, &spent)
            condition.broadcast()
            return true
        }
    }

    // MARK: The taking thread

    private func next(spent batch: consuming [FoundItem]?) throws -> [FoundItem]? {
        try condition.withLock {
            if let batch { spent.append(batch) }
            while batches.isEmpty, !hasEnded { condition.wait() }
            if !batches.isEmpty {
                condition.broadcast()
                return batches.removeFirst()
            }
            if let failure { throw failure }
            return nil
        }
    }

    /// Stops the scanning thread and waits for its end.
    private func abandon() {
        condition.withLock {
            isAbandoned = true
            condition.broadcast()
            while !hasEnded { condition.wait() }
        }
    }
}
