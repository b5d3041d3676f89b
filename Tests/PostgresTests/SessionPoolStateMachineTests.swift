import Testing

@testable import Postgres

@Suite("SessionPoolStateMachine")
struct SessionPoolStateMachineTests {
    static func usable(_ id: Int) -> Bool { true }

    @Test("Connections are opened up to the bound, then callers wait")
    func bound() {
        var machine = SessionPoolStateMachine(maximumSessions: 2, maximumWaiters: 1)
        #expect(machine.acquire(ticket: 1, isUsable: Self.usable) == .open)
        #expect(machine.acquire(ticket: 2, isUsable: Self.usable) == .open)
        #expect(machine.acquire(ticket: 3, isUsable: Self.usable) == .wait)
        #expect(machine.acquire(ticket: 4, isUsable: Self.usable) == .refuseFull)
    }

    @Test("Waiters are served in order of arrival, those who left are skipped")
    func order() {
        var machine = SessionPoolStateMachine(maximumSessions: 1, maximumWaiters: 9)
        _ = machine.acquire(ticket: 1, isUsable: Self.usable)
        machine.opened(10)
        for ticket in 2...4 { _ = machine.acquire(ticket: ticket, isUsable: Self.usable) }
        let hasLeft = machine.abandon(ticket: 2)
        #expect(hasLeft)
        #expect(machine.release(10, isUsable: true) == .lease(10, ticket: 3))
        #expect(machine.release(10, isUsable: true) == .lease(10, ticket: 4))
        #expect(machine.release(10, isUsable: true) == .none)
        #expect(machine.idle == [10])
        let hasLeftAgain = machine.abandon(ticket: 4)
        #expect(!hasLeftAgain)
    }

    @Test("A broken connection makes room for the next waiter to open one")
    func broken() {
        var machine = SessionPoolStateMachine(maximumSessions: 1, maximumWaiters: 9)
        _ = machine.acquire(ticket: 1, isUsable: Self.usable)
        machine.opened(10)
        _ = machine.acquire(ticket: 2, isUsable: Self.usable)
        #expect(machine.release(10, isUsable: false) == .open(ticket: 2))
        #expect(machine.opening == 1)
    }

    @Test("A failed opening lets the next waiter try")
    func failedOpening() {
        var machine = SessionPoolStateMachine(maximumSessions: 1, maximumWaiters: 9)
        _ = machine.acquire(ticket: 1, isUsable: Self.usable)
        _ = machine.acquire(ticket: 2, isUsable: Self.usable)
        #expect(machine.openFailed() == .open(ticket: 2))
        #expect(machine.openFailed() == .none)
        #expect(machine.opening == 0)
    }

    @Test("Idle connections that broke are forgotten, the one used last comes first")
    func idle() {
        var machine = SessionPoolStateMachine(maximumSessions: 3, maximumWaiters: 9)
        for id in 1...3 {
            _ = machine.acquire(ticket: id, isUsable: Self.usable)
            machine.opened(id)
        }
        for id in 1...3 { _ = machine.release(id, isUsable: true) }
        #expect(machine.acquire(ticket: 4) { $0 != 3 } == .lease(2))
        #expect(machine.idle == [1])
        #expect(machine.acquire(ticket: 5) { _ in false } == .open)
    }

    @Test("A closed pool refuses and gives up its waiters")
    func closed() {
        var machine = SessionPoolStateMachine(maximumSessions: 1, maximumWaiters: 9)
        _ = machine.acquire(ticket: 1, isUsable: Self.usable)
        machine.opened(10)
        _ = machine.acquire(ticket: 2, isUsable: Self.usable)
        #expect(machine.close() == [2])
        #expect(machine.acquire(ticket: 3, isUsable: Self.usable) == .refuseClosed)
        #expect(machine.release(10, isUsable: true) == .none)
        #expect(machine.idle.isEmpty)
    }
}
