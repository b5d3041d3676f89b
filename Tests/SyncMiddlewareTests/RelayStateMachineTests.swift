import Testing

@testable import SyncMiddleware

@Suite("RelayStateMachine")
struct RelayStateMachineTests {
    typealias Machine = RelayStateMachine

    static let rows = [
        FeedRow(id: 1, xid: 40, key: "t:a", version: 1), FeedRow(id: 2, xid: 41, key: "t:b", version: 7),
        FeedRow(id: 3, xid: 42, key: "t:a", version: 2),
    ]
    static let snapshot = TransactionSnapshot(xmin: 50, xmax: 50, running: [])

    static func batch(_ rows: [FeedRow], run: String = "r1", isSuspended: Bool = false) -> Machine.Batch {
        var state = CacheState()
        state.redisRun = run
        state.drains = 8
        state.isSuspended = isSuspended
        return Machine.Batch(state: state, snapshot: snapshot, rows: rows)
    }

    static func progress(_ rows: [FeedRow]) -> Machine.Progress {
        Machine.Progress(fence: 4, position: snapshot, drains: 9, passed: rows)
    }

    /// A relay in office that reads a batch.
    static func reading() -> Machine {
        var machine = Machine(SyncConfiguration())
        machine.elected(fence: 4)
        _ = machine.tick()
        return machine
    }

    @Test("A batch is invalidated key by key, saved with its drain, then published")
    func batch() {
        var machine = Self.reading()
        let keys = [KeyVersion(key: "t:a", version: 2), KeyVersion(key: "t:b", version: 7)]
        #expect(machine.read(Self.batch(Self.rows), link: .up(run: "r1"), now: 0) == .invalidate(epoch: 1, keys))
        #expect(machine.invalidated(by: "r1", now: 0) == .save(Self.progress(Self.rows)))
        #expect(machine.saved(true, now: 0) == .publish(epoch: 1, Self.rows))
        #expect(machine.tick() == .readBatch)
    }

    @Test("Without rows a drain is saved every 100 ms")
    func drains() {
        var machine = Self.reading()
        #expect(machine.read(Self.batch([]), link: .up(run: "r1"), now: 0) == .save(Self.progress([])))
        #expect(machine.saved(true, now: 0) == .none)
        for (now, action) in [(99, Machine.Action.none), (100, .save(Self.progress([])))] {
            _ = machine.tick()
            #expect(machine.read(Self.batch([]), link: .up(run: "r1"), now: now) == action)
        }
    }

    @Test("Cut off from Redis it first waits, then suspends, then passes changes without Redis, then resigns")
    func cutOff() {
        var machine = Self.reading()
        #expect(machine.read(Self.batch(Self.rows), link: .down, now: 0) == .none)
        _ = machine.tick()
        #expect(machine.read(Self.batch(Self.rows), link: .down, now: 299) == .none)
        _ = machine.tick()
        #expect(machine.read(Self.batch(Self.rows), link: .down, now: 300) == .suspend(fence: 4))
        #expect(machine.changed(true) == .none)
        _ = machine.tick()
        let suspended = Self.batch(Self.rows, isSuspended: true)
        #expect(machine.read(suspended, link: .down, now: 350) == .save(Self.progress(Self.rows)))
        _ = machine.saved(true, now: 350)
        _ = machine.tick()
        #expect(machine.read(suspended, link: .down, now: 10_000) == .resign)
        #expect(machine.fence == nil)
    }

    @Test("A tombstone that is not confirmed by the server of the epoch is not passed", arguments: [nil, "r2"])
    func unconfirmed(run: String?) {
        var machine = Self.reading()
        for (now, action) in [(0, Machine.Action.none), (299, .none), (300, .suspend(fence: 4))] {
            _ = machine.tick()
            _ = machine.read(Self.batch(Self.rows), link: .up(run: "r1"), now: now)
            #expect(machine.invalidated(by: run, now: now) == action)
        }
    }

    @Test("Another server, or the end of a suspension, gets a new epoch first")
    func epoch() {
        var machine = Self.reading()
        #expect(
            machine.read(Self.batch(Self.rows), link: .up(run: "r2"), now: 0)
                == .moveEpoch(fence: 4, run: "r2", passing: nil)
        )
        machine = Self.reading()
        let suspended = Self.batch(Self.rows, isSuspended: true)
        #expect(machine.read(suspended, link: .up(run: "r1"), now: 0) == .moveEpoch(fence: 4, run: "r1", passing: nil))
    }

    @Test("A relay whose fencing number is old goes to standby, and old news do not elect it")
    func fenced() {
        var machine = Self.reading()
        _ = machine.read(Self.batch([]), link: .up(run: "r1"), now: 0)
        #expect(machine.saved(false, now: 0) == .none)
        #expect(machine.fence == nil)
        machine.elected(fence: 4)
        #expect(machine.fence == nil)
        machine.elected(fence: 5)
        #expect(machine.fence == 5)
    }
}
