import Testing

@testable import Postgres

@Suite("LaneStateMachine")
struct LaneStateMachineTests {
    static let start = ContinuousClock.now
    static let far = start + .seconds(3_600)
    static let patience = Duration.milliseconds(500)

    static func reads(connections: Int = 2, batch: Int = 8) -> LaneStateMachine {
        LaneStateMachine(
            .init(maximumConnections: connections, maximumBatch: batch, sharing: .always, patience: patience)
        )
    }

    static func writes(connections: Int = 4, batch: Int = 8, demand: Int = 6) -> LaneStateMachine {
        LaneStateMachine(
            .init(
                maximumConnections: connections,
                maximumBatch: batch,
                sharing: .above(demand: demand, connections: 1),
                patience: patience
            )
        )
    }

    /// Everything that can be done now.
    static func all(
        _ machine: inout LaneStateMachine,
        _ now: ContinuousClock.Instant = start
    )
        -> [LaneStateMachine.Action]
    {
        var actions: [LaneStateMachine.Action] = []
        while let action = machine.next(now) { actions.append(action) }
        return actions
    }

    static func submit(_ tickets: ClosedRange<Int>, to machine: inout LaneStateMachine) {
        for ticket in tickets { machine.submitted(ticket, deadline: far) }
    }

    // MARK: Batches

    @Test("Nothing is opened before the first request, then one connection at a time")
    func opening() {
        var machine = Self.reads()
        #expect(Self.all(&machine) == [])
        Self.submit(1...3, to: &machine)
        #expect(Self.all(&machine) == [.open(place: 0)])
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1, 2, 3])])
        Self.submit(4...4, to: &machine)
        #expect(Self.all(&machine) == [.open(place: 1)])
    }

    @Test("A busy connection takes nothing; what arrives meanwhile is its next batch")
    func holding() {
        var machine = Self.reads(connections: 1)
        Self.submit(1...1, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1])])
        Self.submit(2...5, to: &machine)
        #expect(Self.all(&machine) == [])
        #expect(machine.answered(1) == true)
        machine.ended(0, hasFailed: false, now: Self.start)
        #expect(Self.all(&machine) == [.send(place: 0, [2, 3, 4, 5])])
        #expect(machine.waiting == 0)
    }

    @Test("Idle connections share what waits, none takes more than a batch")
    func shares() {
        var machine = Self.reads(connections: 2, batch: 4)
        Self.submit(1...2, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        _ = Self.all(&machine)
        Self.submit(3...3, to: &machine)
        _ = Self.all(&machine)
        machine.opened(1)
        machine.ended(0, hasFailed: false, now: Self.start)
        Self.submit(4...13, to: &machine)
        #expect(Self.all(&machine) == [.send(place: 0, [3, 4, 5, 6]), .send(place: 1, [7, 8, 9, 10])])
        #expect(machine.waiting == 3)
    }

    @Test("Members that were not run come first; failures make batches smaller, successes larger")
    func notRun() {
        var machine = Self.reads(connections: 1, batch: 16)
        Self.submit(1...12, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        _ = Self.all(&machine)
        #expect(machine.answered(1) == true)
        machine.ended(0, hasFailed: true, now: Self.start)
        #expect(machine.returned(Array(2...12), alone: false) == 11)
        Self.submit(13...13, to: &machine)
        #expect(machine.batchLimit == 8)
        #expect(Self.all(&machine) == [.send(place: 0, Array(2...9))])
        machine.ended(0, hasFailed: false, now: Self.start)
        #expect(machine.batchLimit == 16)
        #expect(Self.all(&machine) == [.send(place: 0, Array(10...13))])
        for _ in 0..<9 {
            Self.submit(20...21, to: &machine)
            machine.ended(0, hasFailed: true, now: Self.start)
            _ = Self.all(&machine)
        }
        #expect(machine.batchLimit == LaneStateMachine.minimumBatch)
    }

    // MARK: Leaving

    @Test("Who waits can leave and is never sent; what was sent is dropped; what was answered is gone")
    func leaving() {
        var machine = Self.reads(connections: 1)
        Self.submit(1...3, to: &machine)
        #expect(machine.withdrawn(2) == .removed)
        #expect(machine.withdrawn(2) == .absent)
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1, 3])])
        #expect(machine.withdrawn(3) == .dropped)
        #expect(machine.answered(3) == false)
        // The one that was dropped is not run again.
        machine.ended(0, hasFailed: true, now: Self.start)
        #expect(machine.returned([3], alone: false) == 0)
        #expect(machine.waiting == 0)
    }

    @Test("Deadlines pass in the queue and on the way, each once")
    func expiry() {
        var machine = Self.reads(connections: 1)
        for ticket in 1...4 { machine.submitted(ticket, deadline: Self.start + .seconds(ticket)) }
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(machine.nextExpiry == Self.start + .seconds(1))
        let early = machine.expired(Self.start)
        #expect(early.isEmpty)
        let first = machine.expired(Self.start + .seconds(2))
        #expect(first.map(\.ticket) == [1, 2])
        #expect(first.map(\.leaving) == [.removed, .removed])
        #expect(Self.all(&machine) == [.send(place: 0, [3, 4])])
        #expect(machine.nextExpiry == Self.start + .seconds(3))
        #expect(machine.answered(3) == true)
        let second = machine.expired(Self.start + .seconds(9))
        #expect(second.map(\.ticket) == [4])
        #expect(second.map(\.leaving) == [.dropped])
        #expect(machine.nextExpiry == nil)
    }

    // MARK: Connections that fail

    @Test("After a failed opening the next attempt waits, ever longer, one at a time")
    func pauses() {
        var machine = Self.writes(demand: 100)
        Self.submit(1...4, to: &machine)
        #expect(Self.all(&machine) == (0...3).map { .open(place: $0) })
        for place in 1...3 { machine.opened(place) }
        var now = Self.start
        var pauses: [Duration] = []
        Self.submit(5...9, to: &machine)
        var isFirst = true
        for _ in 0..<7 {
            #expect(machine.openFailed(0, isCurable: true, now: now) == [])
            guard let until = machine.pausedUntil else { continue }
            pauses.append(now.duration(to: until))
            if isFirst { _ = Self.all(&machine, now) }
            isFirst = false
            #expect(Self.all(&machine, until - .nanoseconds(1)) == [])
            now = until
            #expect(Self.all(&machine, now) == [.open(place: 0)])
        }
        #expect(pauses.map { Int($0 / .milliseconds(1)) } == [50, 100, 200, 400, 800, 1_000, 1_000])
    }

    @Test("What waiting cannot cure fails who waits, unless a connection is up")
    func hopeless() {
        var machine = Self.writes(connections: 2)
        Self.submit(1...2, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1])])
        #expect(machine.openFailed(1, isCurable: false, now: Self.start) == [])
        machine.lost(0)
        #expect(Self.all(&machine, Self.far) == [.open(place: 0)])
        #expect(machine.openFailed(0, isCurable: false, now: Self.far) == [2])
        #expect(machine.waiting == 0)
    }

    @Test("A server that is away for long fails who waits, and who comes before the next attempt")
    func patience() throws {
        var machine = Self.reads(connections: 2)
        var now = Self.start
        Self.submit(1...1, to: &machine)
        _ = Self.all(&machine, now)
        #expect(machine.openFailed(0, isCurable: true, now: now) == [])
        #expect(!machine.isHopeless(now))
        now += Self.patience
        Self.submit(2...2, to: &machine)
        #expect(Self.all(&machine, now) == [.open(place: 0)])
        // Who comes while the server is asked waits for what comes of it.
        #expect(!machine.isHopeless(now))
        #expect(machine.openFailed(0, isCurable: true, now: now) == [1, 2])
        #expect(machine.isHopeless(now) && machine.waiting == 0)
        now = try #require(machine.pausedUntil)
        #expect(!machine.isHopeless(now))
        Self.submit(3...3, to: &machine)
        #expect(Self.all(&machine, now) == [.open(place: 0)])
        machine.opened(0)
        #expect(Self.all(&machine, now) == [.send(place: 0, [3])])
        machine.lost(0)
        Self.submit(4...4, to: &machine)
        #expect(Self.all(&machine, Self.far) == [.open(place: 0)])
        #expect(machine.openFailed(0, isCurable: true, now: Self.far) == [])
    }

    @Test("A batch for a connection that was gone waits again, and the lost place is opened anew")
    func notSent() {
        var machine = Self.reads(connections: 1)
        Self.submit(1...2, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        _ = Self.all(&machine)
        machine.notSent(0, [1, 2])
        #expect(machine.waiting == 2)
        #expect(Self.all(&machine) == [.open(place: 0)])
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1, 2])])
    }

    @Test("A closed lane gives up everybody")
    func closed() {
        var machine = Self.reads()
        Self.submit(1...3, to: &machine)
        #expect(machine.withdrawn(2) == .removed)
        #expect(machine.closed() == [1, 3])
        #expect(machine.waiting == 0)
    }

    // MARK: Writes

    @Test("Few writes have a connection each; from the demand on they share one")
    func writesShare() {
        var machine = Self.writes()
        Self.submit(1...2, to: &machine)
        #expect(Self.all(&machine) == [.open(place: 0), .open(place: 1)])
        machine.opened(0)
        machine.opened(1)
        #expect(Self.all(&machine) == [.send(place: 0, [1]), .send(place: 1, [2])])
        Self.submit(3...6, to: &machine)
        #expect(Self.all(&machine) == [.open(place: 2)])
        #expect(machine.isSharing)
        machine.opened(2)
        #expect(Self.all(&machine) == [.send(place: 2, [3, 4, 5, 6])])
        Self.submit(7...9, to: &machine)
        #expect(machine.answered(1) == true)
        machine.ended(0, hasFailed: false, now: Self.start)
        #expect(Self.all(&machine) == [])
        machine.ended(2, hasFailed: false, now: Self.start)
        // Three of the four that are free again are there.
        #expect(Self.all(&machine) == [.send(place: 0, [7, 8, 9])])
    }

    @Test("The next shared batch of writes waits a moment for those that come again, but not for long")
    func gathering() {
        var machine = Self.writes(connections: 1)
        Self.submit(1...8, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, Array(1...8))])
        for ticket in 1...8 { #expect(machine.answered(ticket) == true) }
        machine.ended(0, hasFailed: false, now: Self.start)
        Self.submit(9...13, to: &machine)
        #expect(Self.all(&machine) == [])
        Self.submit(14...14, to: &machine)
        #expect(Self.all(&machine) == [.send(place: 0, Array(9...14))])
        for ticket in 9...14 { #expect(machine.answered(ticket) == true) }
        machine.ended(0, hasFailed: false, now: Self.start)
        Self.submit(15...15, to: &machine)
        #expect(Self.all(&machine) == [])
        #expect(Self.all(&machine, Self.start + LaneStateMachine.gatheringTime) == [.send(place: 0, [15])])
    }

    @Test("After a roll-back each member has a transaction for itself, on any free connection")
    func alone() {
        var machine = Self.writes(connections: 2, demand: 2)
        Self.submit(1...4, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        #expect(Self.all(&machine) == [.send(place: 0, [1, 2, 3, 4])])
        machine.ended(0, hasFailed: true, now: Self.start)
        machine.returned([1, 2, 3, 4], alone: true)
        Self.submit(5...6, to: &machine)
        #expect(Self.all(&machine) == [.send(place: 0, [1]), .open(place: 1)])
        machine.opened(1)
        #expect(Self.all(&machine) == [.send(place: 1, [2])])
        for ticket in 1...2 { #expect(machine.answered(ticket) == true) }
        machine.ended(0, hasFailed: false, now: Self.start)
        machine.ended(1, hasFailed: false, now: Self.start)
        #expect(Self.all(&machine) == [.send(place: 0, [3]), .send(place: 1, [4])])
        machine.ended(0, hasFailed: false, now: Self.start)
        let later = Self.start + LaneStateMachine.gatheringTime
        #expect(Self.all(&machine, later) == [.send(place: 0, [5, 6])])
    }

    @Test("Sharing ends after a while of little demand")
    func quiet() {
        var machine = Self.writes(connections: 1, demand: 6)
        Self.submit(1...6, to: &machine)
        _ = Self.all(&machine)
        machine.opened(0)
        _ = Self.all(&machine)
        for ticket in 1...6 { #expect(machine.answered(ticket) == true) }
        for ticket in 7..<7 + LaneStateMachine.quietTakings {
            #expect(machine.isSharing)
            machine.ended(0, hasFailed: false, now: Self.start)
            Self.submit(ticket...ticket, to: &machine)
            #expect(Self.all(&machine, Self.start + LaneStateMachine.gatheringTime) == [.send(place: 0, [ticket])])
            #expect(machine.answered(ticket) == true)
        }
        #expect(!machine.isSharing)
    }
}
