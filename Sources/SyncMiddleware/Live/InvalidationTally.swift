import Synchronization

/// Counts the replies of a pipelined batch, and says once whether all were as wanted.
final class InvalidationTally: Sendable {
    private struct Count {
        var left: Int
        var areAllConfirmed = true
    }

    private let count: Mutex<Count>
    private let completion: @Sendable (Bool) -> Void

    /// Waits for so many replies, at least one.
    init(_ expected: Int, completion: @escaping @Sendable (Bool) -> Void) {
        count = Mutex(Count(left: expected))
        self.completion = completion
    }

    /// One reply.
    func add(_ isConfirmed: Bool) {
        let result = count.withLock { count -> Bool? in
            count.left -= 1
            count.areAllConfirmed = count.areAllConfirmed && isConfirmed
            return count.left == 0 ? count.areAllConfirmed : nil
        }
        if let result { completion(result) }
    }
}
