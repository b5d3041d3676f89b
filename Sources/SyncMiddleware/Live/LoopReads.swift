import NIOCore
import RESP
import Redis

/// The reads of Redis that come on one event loop: those of one turn of the loop are asked for together.
///
/// Under load that is several a turn, and one MGET costs both sides much less than a GET each; a read that comes alone waits
/// for nobody. Only speed rests on it.
// @unchecked: `reads` and `wanted` are used on the link's loop alone, which each entry checks.
final class LoopReads: @unchecked Sendable {
    /// Gets what Redis has, on the loop.
    typealias Completion = @Sendable (_ found: ReadStateMachine.Found, _ filledAt: Int?) -> Void

    private struct Read {
        let name: String
        let completion: Completion
    }

    /// So many keys are asked for at once at most: a reply is dealt with as a whole.
    static let maximumKeys = 32

    let link: CacheLink
    private var reads: [Read] = []
    /// The server that those in `reads` want.
    private var wanted: String?

    /// - Parameter link: a connection of the loop.
    init(_ link: CacheLink) {
        self.link = link
    }

    private var loop: any EventLoop { link.connection.eventLoop }

    /// Asks for a key, on the server with this run id, nil for any.
    ///
    /// - Returns: false when Redis cannot be asked now, and then the closure is not called; else it is called later.
    func get(_ name: String, on wanted: String?, _ completion: @escaping Completion) -> Bool {
        loop.preconditionInEventLoop()
        guard link.mayCall(wanted) else { return false }
        if reads.count == Self.maximumKeys || !reads.isEmpty && wanted != self.wanted { send() }
        if reads.isEmpty {
            self.wanted = wanted
            loop.execute { self.send() }
        }
        reads.append(Read(name: name, completion: completion))
        return true
    }

    private func send() {
        guard !reads.isEmpty else { return }
        let batch = reads
        reads = []
        reads.reserveCapacity(batch.count)
        let isSent = link.attempt(on: wanted, RESPCommand("MGET", batch.map { .text($0.name) })) { reply in
            let values = reply?.elements ?? []
            for (place, read) in batch.enumerated() {
                let (found, filledAt) = place < values.count ? CacheStore.found(values[place]) : (.failed, nil)
                read.completion(found, filledAt)
            }
        }
        // Never before `get` returns.
        if !isSent { loop.execute { for read in batch { read.completion(.failed, nil) } } }
    }
}
