import Testing

@testable import SyncMiddleware

@Suite("SingleFlightStateMachine")
struct SingleFlightTests {
    typealias Machine = SingleFlightStateMachine

    static func waiter(_ id: Int, _ need: CacheStateMachine.Need = .recent, at time: Int = 0) -> Machine.Waiter {
        Machine.Waiter(id: id, need: need, joinedAt: time)
    }

    @Test("One flies, the others wait, and each takes what is good enough for it")
    func landing() {
        var machine = Machine(SyncConfiguration())
        let ticket = NearCacheTests.live().ticket(for: "a")
        #expect(machine.join("a", waiter: Self.waiter(1), ticket: ticket) == .lead(flight: 1))
        #expect(machine.join("a", waiter: Self.waiter(2, at: 1499), ticket: ticket) == .wait(flight: 1))
        #expect(machine.join("a", waiter: Self.waiter(3, at: 1500), ticket: ticket) == .wait(flight: 1))
        #expect(machine.join("a", waiter: Self.waiter(4, .version(7)), ticket: ticket) == .wait(flight: 1))
        #expect(machine.join("a", waiter: Self.waiter(5, .version(8)), ticket: ticket) == .wait(flight: 1))
        #expect(machine.join("a", waiter: Self.waiter(6, .strong), ticket: ticket) == .lead(flight: 2))
        #expect(machine.join("b", waiter: Self.waiter(7), ticket: ticket) == .lead(flight: 3))
        let landings = machine.landed(1, version: 7, freshAsOf: 500)
        #expect(landings.map(\.waiter.id) == [2, 3, 4, 5])
        #expect(landings.map(\.landing) == [.take, .again, .take, .again])
        #expect(machine.join("a", waiter: Self.waiter(8), ticket: ticket) == .lead(flight: 4))
    }

    @Test("Nobody joins a flight from before an invalidation")
    func invalidated() {
        var machine = Machine(SyncConfiguration())
        var cache = NearCacheTests.live()
        #expect(machine.join("a", waiter: Self.waiter(1), ticket: cache.ticket(for: "a")) == .lead(flight: 1))
        cache.invalidate("a", version: 2)
        #expect(machine.join("a", waiter: Self.waiter(2), ticket: cache.ticket(for: "a")) == .lead(flight: 2))
        let landings = machine.landed(1, version: 1, freshAsOf: 0)
        #expect(landings.isEmpty)
        #expect(machine.join("a", waiter: Self.waiter(3), ticket: cache.ticket(for: "a")) == .wait(flight: 2))
        #expect(machine.failed(2).map(\.id) == [3])
    }
}
