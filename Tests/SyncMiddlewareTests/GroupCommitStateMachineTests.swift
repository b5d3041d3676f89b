import Testing

@testable import SyncMiddleware

@Suite("GroupCommitStateMachine")
struct GroupCommitStateMachineTests {
    @Test("a write that finds a free turn goes at once, and those that come meanwhile share the next one")
    func groups() {
        var machine = GroupCommitStateMachine(maximumWrites: 3)
        #expect(machine.freed() == [] && machine.freed() == [])
        #expect(machine.arrived(1) == .begin([1]) && machine.arrived(2) == .begin([2]))
        for write in 3...7 { #expect(machine.arrived(write) == .wait) }
        #expect(machine.waiting == [3, 4, 5, 6, 7])
        #expect(machine.freed() == [3, 4, 5])
        #expect(machine.freed() == [6, 7])
        #expect(machine.freed() == [] && machine.free == 1)
        #expect(machine.arrived(8) == .begin([8]) && machine.free == 0)
    }

    @Test("writes that come before there are turns wait for the first")
    func early() {
        var machine = GroupCommitStateMachine(maximumWrites: 0)
        #expect(machine.arrived(1) == .wait && machine.arrived(2) == .wait)
        // A limit below 1 is 1.
        #expect(machine.freed() == [1])
    }

    @Test("after the end everybody goes by itself")
    func end() {
        var machine = GroupCommitStateMachine(maximumWrites: 8)
        _ = machine.freed()
        _ = machine.arrived(1)
        _ = machine.arrived(2)
        #expect(machine.close() == [2])
        #expect(machine.close() == [] && machine.isClosed && machine.free == 0)
        #expect(machine.arrived(3) == .alone && machine.waiting == [])
    }
}
