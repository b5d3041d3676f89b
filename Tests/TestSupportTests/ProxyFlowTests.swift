import Testing

@testable import TestSupport

@Suite("One direction of a proxied connection")
struct ProxyFlowTests {
    @Test("Bytes wait for their time, and the end waits for the bytes")
    func delay() {
        var flow = ProxyFlow()
        flow.set(.delay(.nanoseconds(10), jitter: .nanoseconds(4)))
        flow.received([1], now: 0, chance: 1)
        flow.received([2], now: 1, chance: 0)
        flow.end()
        #expect(flow.due == 14)
        #expect(flow.output(now: 13) == .nothing)
        #expect(flow.output(now: 14) == .bytes([1]))
        flow.wrote(1)
        #expect(flow.output(now: 14) == .bytes([2]), "the second does not overtake the first")
        flow.wrote(1)
        #expect(flow.output(now: 14) == .end)
        flow.told()
        #expect(flow.output(now: 99) == .nothing)
    }

    @Test("What was not taken at once comes again")
    func partialWrites() {
        var flow = ProxyFlow()
        flow.received([1, 2, 3], now: 0, chance: 0)
        flow.wrote(2)
        #expect(flow.output(now: 0) == .bytes([3]))
    }

    @Test("A full flow is not read until something has gone on")
    func bound() {
        var flow = ProxyFlow()
        flow.received([UInt8](repeating: 0, count: ProxyFlow.limit), now: 0, chance: 0)
        #expect(!flow.wantsInput)
        flow.wrote(1)
        #expect(flow.wantsInput)
    }

    @Test("Dropping leaves a hole where something was lost, and only there")
    func holes() {
        var quiet = ProxyFlow()
        quiet.set(.drop)
        #expect(!quiet.hasHole)
        var held = ProxyFlow()
        held.received([1], now: 0, chance: 0)
        held.set(.drop)
        #expect(held.hasHole)
        var ended = ProxyFlow()
        ended.set(.drop)
        ended.end()
        #expect(ended.hasHole)
        #expect(ended.output(now: 0) == .nothing)
    }

    @Test("Nothing is held for a receiver that is gone")
    func lostReceiver() {
        var flow = ProxyFlow()
        flow.received([1], now: 0, chance: 0)
        flow.lostReceiver()
        #expect(flow.isEmpty)
        #expect(!flow.wantsInput)
        #expect(!flow.hasHole)
    }
}
