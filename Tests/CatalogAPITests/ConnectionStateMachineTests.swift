import Testing

@testable import CatalogAPI

@Suite("A connection")
struct ConnectionStateMachineTests {
    private static let limits = ConnectionStateMachine.Limits(head: 30, body: 30, unread: 30, linger: 1)

    private func machine() -> ConnectionStateMachine { ConnectionStateMachine(Self.limits, now: 0) }

    /// A machine that has read a whole request.
    private func asked(keepsAlive: Bool = true) -> ConnectionStateMachine {
        var machine = machine()
        machine.headRead(keepsAlive: keepsAlive, now: 1)
        machine.endRead(now: 2)
        return machine
    }

    /// Compares what a mutating call returned.
    private func expect<Value: Equatable>(
        _ value: Value,
        _ expected: Value,
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(value == expected, sourceLocation: location)
    }

    @Test("stays open after an answer, and is closed when no further head comes in time")
    func keepsAlive() {
        var machine = asked()
        expect(machine.headWritten(closes: false), .send(closes: false))
        expect(machine.endWritten(now: 3), .nothing)
        expect(machine.tick(now: 31, hasUnsent: false), .nothing)
        expect(machine.tick(now: 32, hasUnsent: false), .close)
    }

    @Test("lets whole requests be answered at once only while nothing else is owed and nothing ends")
    func atOnce() {
        var machine = machine()
        #expect(machine.takesAtOnce)
        machine.answeredAtOnce(now: 20)
        #expect(machine.takesAtOnce)
        expect(machine.tick(now: 49, hasUnsent: false), .nothing)
        expect(machine.tick(now: 50, hasUnsent: false), .close)

        #expect(!asked().takesAtOnce)
        #expect(!asked(keepsAlive: false).takesAtOnce)
        var quiescing = self.machine()
        quiescing.quiesce()
        #expect(!quiescing.takesAtOnce)
        var halfClosed = self.machine()
        expect(halfClosed.inputClosed(), .close)
        #expect(!halfClosed.takesAtOnce)
    }

    @Test("ends after the last answer when the request, the answer or the service says so")
    func ends() {
        var byRequest = asked(keepsAlive: false)
        #expect(!byRequest.listens)
        expect(byRequest.headWritten(closes: false), .send(closes: true))
        expect(byRequest.endWritten(now: 3), .closeOutput)
        #expect(byRequest.state == .lingering(until: 4))
        expect(byRequest.tick(now: 4, hasUnsent: false), .close)

        var byAnswer = asked()
        expect(byAnswer.headWritten(closes: true), .send(closes: true))
        expect(byAnswer.endWritten(now: 3), .closeOutput)

        var byService = asked()
        byService.quiesce()
        expect(byService.headWritten(closes: false), .send(closes: true))
        expect(byService.endWritten(now: 3), .closeOutput)
    }

    @Test("an answer that ends the connection is the last one, whatever else was asked")
    func nothingAfterTheEnd() {
        var machine = asked()
        machine.headRead(keepsAlive: true, now: 3)
        machine.endRead(now: 3)
        expect(machine.headWritten(closes: true), .send(closes: true))
        expect(machine.endWritten(now: 4), .closeOutput)
        expect(machine.headWritten(closes: false), .drop)
        expect(machine.endWritten(now: 5), .nothing)
        #expect(machine.state == .lingering(until: 5))
    }

    @Test("in a pipeline only the last answer says that it ends")
    func pipeline() {
        var machine = asked()
        machine.headRead(keepsAlive: false, now: 3)
        machine.endRead(now: 3)
        expect(machine.headWritten(closes: false), .send(closes: false))
        expect(machine.endWritten(now: 4), .nothing)
        expect(machine.headWritten(closes: false), .send(closes: true))
        expect(machine.endWritten(now: 5), .closeOutput)
    }

    @Test("bytes that are no request get one answer; a broken body none besides its request's")
    func broken() {
        var between = asked()
        expect(between.headWritten(closes: false), .send(closes: false))
        _ = between.endWritten(now: 3)
        let isOwnRequest = between.broke()
        #expect(isOwnRequest)
        expect(between.headWritten(closes: true), .send(closes: true))

        var within = machine()
        within.headRead(keepsAlive: true, now: 1)
        expect(within.headWritten(closes: false), .send(closes: false))
        _ = within.endWritten(now: 2)
        let isSecondRequest = within.broke()
        #expect(!isSecondRequest)
        expect(within.headWritten(closes: true), .drop)
        #expect(within.dropsAnswer)
        expect(within.endWritten(now: 3), .closeOutput)
    }

    @Test("a service that ends still answers a request that was on its way, and closes idle connections")
    func quiescing() {
        var idle = machine()
        idle.quiesce()
        expect(idle.tick(now: 1, hasUnsent: false), .close)

        var late = asked()
        _ = late.headWritten(closes: false)
        _ = late.endWritten(now: 2)
        late.quiesce()
        expect(late.tick(now: 1, hasUnsent: false), .nothing)
        late.headRead(keepsAlive: true, now: 2)
        late.endRead(now: 2)
        expect(late.headWritten(closes: false), .send(closes: true))
        expect(late.endWritten(now: 2), .closeOutput)
    }

    @Test("a slow body, and a peer that does not read, are closed at their limits")
    func slow() {
        var body = machine()
        body.headRead(keepsAlive: true, now: 10)
        expect(body.tick(now: 39, hasUnsent: false), .nothing)
        expect(body.tick(now: 40, hasUnsent: false), .close)

        var reader = asked()
        expect(reader.tick(now: 50, hasUnsent: true), .nothing)
        expect(reader.tick(now: 79, hasUnsent: true), .nothing)
        expect(reader.tick(now: 80, hasUnsent: true), .close)

        var answered = asked()
        expect(answered.tick(now: 500, hasUnsent: false), .nothing)
    }

    @Test("a peer that sends no more gets its answers; one that leaves a stream is gone")
    func inputClosed() {
        var waiting = asked()
        expect(waiting.inputClosed(), .nothing)
        expect(waiting.headWritten(closes: false), .send(closes: true))
        expect(waiting.endWritten(now: 3), .closeOutput)

        var begun = asked()
        expect(begun.headWritten(closes: false), .send(closes: false))
        expect(begun.inputClosed(), .nothing)
        expect(begun.endWritten(now: 3), .closeOutput)

        var stream = asked()
        expect(stream.headWritten(closes: false, isStream: true), .send(closes: false))
        expect(stream.inputClosed(), .close)

        var silent = machine()
        expect(silent.inputClosed(), .close)
    }
}
