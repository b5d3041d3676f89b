import Testing

@testable import SyncMiddleware

@Suite("WriteStateMachine")
struct WriteStateMachineTests {
    typealias Machine = WriteStateMachine
    typealias Action = WriteStateMachine.Action

    static let document = NearCacheTests.document(5)
    static let change = Machine.Change(document: document, xid: 40, epoch: 3, redisRun: "r1")
    static let lease = Machine.Lease(epoch: 3, token: "me")
    static let done: [Action] = [
        .keep(document, freshAsOf: 2), .hint(version: 5, epoch: 3), .answer(.acknowledged(version: 5)),
    ]

    /// A machine that has sent COMMIT.
    static func committing(_ reply: CacheCell.Reply? = .granted, epoch: Int = 3) -> Machine {
        var machine = Machine(token: "me", configuration: SyncConfiguration())
        _ = machine.start(.cache(epoch: epoch, freshAsOf: 0), isNear: false, now: 2)
        _ = machine.leased(reply)
        _ = machine.changed(change)
        return machine
    }

    @Test("LEASE, BEGIN, COMMIT, PUT, hint, acknowledge")
    func straight() {
        var machine = Machine(token: "me", configuration: SyncConfiguration())
        #expect(machine.start(.cache(epoch: 3, freshAsOf: 0), isNear: false, now: 2) == [.lease(Self.lease)])
        #expect(machine.leased(.granted) == [.begin])
        #expect(machine.changed(Self.change) == [.noteEpoch(3), .commit])
        #expect(machine.committed(canConfirm: true, now: 0) == [.put(epoch: 3, token: "me", Self.document)])
        #expect(machine.published(.stored, canConfirm: true) == Self.done)
    }

    @Test("PUT carries the token only of a lease that was seen granted in the epoch of the transaction")
    func token() {
        for reply in [CacheCell.Reply.busy, .held(Self.document, filledAt: 0), .full, nil] {
            var machine = Self.committing(reply)
            #expect(machine.committed(canConfirm: true, now: 0) == [.put(epoch: 3, token: nil, Self.document)])
        }
        var machine = Self.committing(epoch: 2)
        #expect(machine.committed(canConfirm: true, now: 0) == [.put(epoch: 3, token: nil, Self.document)])
    }

    @Test("A row that is in the near-cache needs no lease")
    func near() {
        var machine = Machine(token: "me", configuration: SyncConfiguration())
        #expect(machine.start(.cache(epoch: 3, freshAsOf: 0), isNear: true, now: 2) == [.begin])
        #expect(machine.changed(Self.change) == [.noteEpoch(3), .commit])
        #expect(machine.committed(canConfirm: true, now: 0) == [.put(epoch: 3, token: nil, Self.document)])
        #expect(machine.published(.buried, canConfirm: true) == Self.done)
    }

    /// What a poll says, and whether an unconfirmed write of transaction 40 in epoch 3 is acknowledged 100 ms later.
    struct Evidence: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var epoch = 3
        var isSuspended = false
        var suspendedSince: Int?
        var seesTransaction = false
        var now = 100
        let isEnough: Bool
    }

    static let evidence = [
        Evidence(testDescription: "nothing new", isEnough: false),
        Evidence(testDescription: "the relay passed it", seesTransaction: true, isEnough: true),
        Evidence(
            testDescription: "passed without Redis, which others may still use",
            isSuspended: true,
            suspendedSince: 50,
            seesTransaction: true,
            isEnough: false
        ),
        Evidence(testDescription: "suspended for S", isSuspended: true, suspendedSince: -900, isEnough: true),
        Evidence(testDescription: "the epoch moved", epoch: 4, isEnough: true),
        Evidence(testDescription: "just under S", now: 999, isEnough: false),
        Evidence(testDescription: "S", now: 1000, isEnough: true),
    ]

    @Test("A write that Redis does not confirm waits for evidence, S at most", arguments: evidence)
    func waits(_ evidence: Evidence) {
        var machine = Self.committing()
        _ = machine.committed(canConfirm: true, now: 0)
        #expect(machine.published(nil, canConfirm: true) == [.wait(until: 1000)])
        var state = CacheState()
        state.epoch = evidence.epoch
        state.isSuspended = evidence.isSuspended
        state.position = TransactionSnapshot(xmin: 30, xmax: 50, running: evidence.seesTransaction ? [] : [40])
        let actions = machine.observed(state, suspendedSince: evidence.suspendedSince, now: evidence.now)
        #expect(actions.last == (evidence.isEnough ? .answer(.acknowledged(version: 5)) : nil))
    }

    @Test("Another server than that of the epoch confirms nothing")
    func otherServer() {
        var machine = Self.committing()
        #expect(machine.committed(canConfirm: false, now: 7) == [.wait(until: 1007)])
        machine = Self.committing()
        _ = machine.committed(canConfirm: true, now: 7)
        #expect(machine.published(.stored, canConfirm: false) == [.wait(until: 1007)])
    }

    @Test("A COMMIT without a reply leaves a tombstone and an honest answer", arguments: [CacheCell.Reply.buried, nil])
    func unknown(reply: CacheCell.Reply?) {
        var machine = Self.committing()
        #expect(machine.commitUnknown() == [.invalidate(epoch: 3, version: 5)])
        #expect(machine.published(reply, canConfirm: true) == [.forget(version: 5), .answer(.unknown)])
    }

    @Test("A COMMIT that PostgreSQL refuses gives the lease back and changes nothing")
    func commitRefused() {
        var machine = Self.committing()
        #expect(machine.refused() == [.release(Self.lease), .answer(.refused)])
        machine = Self.committing(.busy)
        #expect(machine.failed() == [.answer(.failed)])
    }

    @Test("A write that did not happen gives its lease back")
    func refused() {
        for isRefused in [true, false] {
            var machine = Machine(token: "me", configuration: SyncConfiguration())
            _ = machine.start(.cache(epoch: 3, freshAsOf: 0), isNear: false, now: 2)
            _ = machine.leased(.granted)
            let actions = isRefused ? machine.refused() : machine.failed()
            #expect(actions == [.release(Self.lease), .answer(isRefused ? .refused : .failed)])
        }
    }
}
