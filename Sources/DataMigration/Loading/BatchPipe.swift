import Foundation

/// Hands batches from a thread that reads files to the task that sends them, and makes the thread wait when it is ahead.
///
/// One producer, one consumer. Reading and parsing block, so they run on a thread of their own and never on the
/// cooperative pool.
final class BatchPipe<Batch: Sendable>: @unchecked Sendable {
    // @unchecked: every field below is read and written only while `condition` is locked.
    private let condition = NSCondition()
    private let capacity: Int
    private var queue: [Batch] = []
    private var end: Result<Void, any Error>?
    private var isAbandoned = false
    private var waiter: CheckedContinuation<Batch?, any Error>?
    private var exitWaiter: CheckedContinuation<Void, Never>?
    private var hasExited = false

    private init(capacity: Int) {
        self.capacity = capacity
    }

    /// Runs `produce` on a thread and `consume` here; returns when both have ended.
    ///
    /// An error of the producer is thrown by the consumer's next `next()`; when the consumer ends first, the
    /// producer's next `put` throws `CancellationError`.
    static func run<Result>(
        capacity: Int = 1,
        produce: @escaping @Sendable (BatchPipe) throws -> Void,
        consume: (BatchPipe) async throws -> Result
    ) async throws -> Result {
        let pipe = BatchPipe(capacity: capacity)
        let thread = Thread {
            do {
                try produce(pipe)
                pipe.finish(.success(()))
            } catch {
                pipe.finish(.failure(error))
            }
        }
        thread.name = "cortex-read"
        thread.stackSize = 2 << 20
        thread.start()
        do {
            let result = try await withTaskCancellationHandler {
                try await consume(pipe)
            } onCancel: {
                pipe.abandon()
            }
            pipe.abandon()
            await pipe.waitForExit()
            return result
        } catch {
            pipe.abandon()
            await pipe.waitForExit()
            throw error
        }
    }

    /// Hands over a batch; blocks while `capacity` batches wait.
    func put(_ batch: Batch) throws {
        condition.lock()
        defer { condition.unlock() }
        while queue.count >= capacity && !isAbandoned { condition.wait() }
        if isAbandoned { throw CancellationError() }
        if let waiter {
            self.waiter = nil
            waiter.resume(returning: batch)
        } else {
            queue.append(batch)
        }
    }

    /// Whether nobody wants batches any more; for loops that do long work between two of them.
    var isCancelled: Bool {
        condition.withLock { isAbandoned }
    }

    /// The next batch; nil when the producer has ended well.
    func next() async throws -> Batch? {
        try await withCheckedThrowingContinuation { continuation in
            condition.withLock {
                if !queue.isEmpty {
                    continuation.resume(returning: queue.removeFirst())
                    condition.signal()
                } else if isAbandoned {
                    continuation.resume(throwing: CancellationError())
                } else if let end {
                    continuation.resume(with: end.map { nil })
                } else {
                    waiter = continuation
                }
            }
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        condition.withLock {
            end = result
            hasExited = true
            waiter?.resume(with: result.map { nil })
            waiter = nil
            exitWaiter?.resume()
            exitWaiter = nil
        }
    }

    private func abandon() {
        condition.withLock {
            isAbandoned = true
            waiter?.resume(throwing: CancellationError())
            waiter = nil
            condition.broadcast()
        }
    }

    private func waitForExit() async {
        await withCheckedContinuation { continuation in
            condition.withLock {
                if hasExited { continuation.resume() } else { exitWaiter = continuation }
            }
        }
    }
}
