import Testing

@testable import SyncMiddleware

@Suite("CacheStateMachine")
struct CacheStateMachineTests {
    typealias Machine = CacheStateMachine

    /// Connected to r1, with polls at 0, 250 and 500 that saw the drains 1, 3 and 5.
    static func fresh() -> Machine {
        var machine = Machine(SyncConfiguration())
        machine.connected(run: "r1")
        for (time, drains) in [(0, 1), (250, 3), (500, 5)] {
            _ = machine.polled(state { $0.drains = drains }, sentAt: time, now: time + 2)
        }
        return machine
    }

    static func state(_ change: (inout CacheState) -> Void) -> CacheState {
        var state = CacheState()
        state.redisRun = "r1"
        change(&state)
        return state
    }

    @Test("A drain is as old as the last poll that came two drains before it")
    func freshness() {
        var machine = Machine(SyncConfiguration())
        _ = machine.polled(Self.state { $0.drains = 1 }, sentAt: 0, now: 1)
        #expect(machine.freshAsOf == nil)
        _ = machine.polled(Self.state { $0.drains = 2 }, sentAt: 100, now: 101)
        #expect(machine.freshAsOf == nil, "drain 2 may cover a snapshot from before the first poll")
        _ = machine.polled(Self.state { $0.drains = 3 }, sentAt: 200, now: 201)
        #expect(machine.freshAsOf == 0)
        _ = machine.polled(Self.state { $0.drains = 3 }, sentAt: 300, now: 301)
        #expect(machine.freshAsOf == 0)
        _ = machine.polled(Self.state { $0.drains = 9 }, sentAt: 400, now: 401)
        #expect(machine.freshAsOf == 300)
    }

    /// A change to the machine of `fresh()`, and what a caller gets at 1200.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let need: Machine.Need
        let access: Machine.Access
        let change: @Sendable (inout Machine) -> Void
    }

    static let cases = [
        Case(testDescription: "fresh", need: .recent, access: .cache(epoch: 1, freshAsOf: 250)) { _ in },
        Case(testDescription: "strong", need: .strong, access: .database(.strong)) { _ in },
        Case(testDescription: "no link", need: .recent, access: .database(.linkDown)) { $0.disconnected() },
        Case(testDescription: "another server", need: .version(1), access: .database(.otherServer)) {
            $0.connected(run: "r2")
        },
        Case(testDescription: "a later epoch was seen", need: .version(1), access: .database(.newerEpoch)) {
            $0.sawEpoch(2)
        },
        Case(testDescription: "suspended", need: .recent, access: .database(.suspended)) {
            _ = $0.polled(
                state {
                    $0.drains = 5; $0.isSuspended = true
                },
                sentAt: 1100,
                now: 1101
            )
        },
        Case(testDescription: "suspended, with a token", need: .version(1), access: .cache(epoch: 1, freshAsOf: 250)) {
            _ = $0.polled(
                state {
                    $0.drains = 5; $0.isSuspended = true
                },
                sentAt: 1100,
                now: 1101
            )
        },
        Case(testDescription: "a late poll says nothing", need: .recent, access: .cache(epoch: 1, freshAsOf: 250)) {
            _ = $0.polled(
                state {
                    $0.drains = 4; $0.isSuspended = true
                },
                sentAt: 400,
                now: 1101
            )
        },
    ]

    @Test("What is known decides where a caller reads", arguments: cases)
    func access(_ example: Case) {
        var machine = Self.fresh()
        example.change(&machine)
        #expect(machine.access(example.need, now: 1200) == example.access)
    }

    @Test("An epoch that a hint names counts until a poll that was sent later knows nothing of it")
    func hints() {
        var machine = Self.fresh()
        machine.heardOf(epoch: .max, now: 600)
        #expect(machine.access(.version(1), now: 600) == .database(.newerEpoch))
        // Sent before the hint came: it may not know.
        _ = machine.polled(Self.state { $0.drains = 6 }, sentAt: 600, now: 610)
        #expect(machine.access(.version(1), now: 610) == .database(.newerEpoch))
        machine.heardOf(epoch: 2, now: 620)
        _ = machine.polled(Self.state { $0.drains = 7 }, sentAt: 615, now: 625)
        #expect(machine.access(.version(1), now: 625) == .database(.newerEpoch))
        _ = machine.polled(Self.state { $0.drains = 8 }, sentAt: 850, now: 852)
        #expect(machine.access(.recent, now: 852) == .cache(epoch: 1, freshAsOf: 600))
        // What was polled already is no news.
        machine.heardOf(epoch: 1, now: 900)
        #expect(machine.access(.version(1), now: 900) == .cache(epoch: 1, freshAsOf: 600))
    }

    @Test("Without a drain for S callers without a token go to PostgreSQL; those with one do not")
    func lapse() {
        let machine = Self.fresh()
        #expect(machine.access(.recent, now: 1249) == .cache(epoch: 1, freshAsOf: 250))
        #expect(machine.access(.recent, now: 1250) == .database(.notDrained))
        #expect(machine.access(.version(3), now: 1250) == .cache(epoch: 1, freshAsOf: 250))
    }

    @Test("Answers marked stale are had for a minute, from the server of the epoch only")
    func stale() {
        var machine = Self.fresh()
        #expect(machine.staleEpoch(now: 60_250) == 1)
        #expect(machine.staleEpoch(now: 60_251) == nil)
        machine.connected(run: "r2")
        #expect(machine.staleEpoch(now: 1000) == nil)
    }

    @Test("A new epoch clears the near-cache, and ends the time of suspension")
    func epoch() {
        var machine = Self.fresh()
        _ = machine.polled(
            Self.state {
                $0.drains = 6; $0.isSuspended = true
            },
            sentAt: 700,
            now: 702
        )
        _ = machine.polled(
            Self.state {
                $0.drains = 7; $0.isSuspended = true
            },
            sentAt: 900,
            now: 902
        )
        #expect(machine.suspendedSince == 702)
        let moved = Self.state {
            $0.drains = 8; $0.epoch = 2; $0.isSuspended = true
        }
        #expect(machine.polled(moved, sentAt: 1100, now: 1102) == .epoch)
        #expect(machine.suspendedSince == 1102)
        #expect(machine.polled(moved, sentAt: 1300, now: 1302) == .none)
    }
}
