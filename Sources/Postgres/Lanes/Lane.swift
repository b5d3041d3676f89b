import Diagnostics

/// A lane on the I/O thread: the shell around `LaneStateMachine`, with its requests and connections.
///
/// Lives on that thread alone.
final class Lane {
    private struct Entry {
        let request: LaneRequest
        /// The server refused the prepared form once.
        var isUnprepared = false
    }

    private let specification: LaneSpecification
    private let entrance: LaneEntrance
    private var machine: LaneStateMachine
    private var entries: [Int: Entry] = [:]
    private var pipelines: [LanePipeline?]
    /// Why the last connection could not be opened; nil once one was.
    private var outage: PostgresError?

    init(_ entrance: LaneEntrance) {
        self.entrance = entrance
        specification = entrance.specification
        machine = LaneStateMachine(specification.policy)
        pipelines = Array(repeating: nil, count: machine.places.count)
    }

    // MARK: For the loop

    /// The connections to watch.
    var watched: [LanePipeline] { pipelines.compactMap(\.self) }

    /// When `tick` has something to do without an event.
    var deadline: ContinuousClock.Instant? {
        let waits = machine.waiting > 0 ? [machine.pausedUntil, machine.gathering?.until] : []
        let own = ([machine.nextExpiry] + waits).compactMap(\.self)
        return (own + pipelines.compactMap { $0?.deadline }).min()
    }

    /// Does what is due, then sends what can be sent.
    func tick(_ now: ContinuousClock.Instant) {
        for pipeline in pipelines { pipeline?.tick(now) }
        for (ticket, leaving) in machine.expired(now) {
            leave(ticket, leaving, .deadline)
        }
        while let action = machine.next(now) { run(action) }
    }

    /// Ends every connection; whoever waits is told.
    func close() {
        for pipeline in pipelines { pipeline?.close() }
        pipelines = []
        for ticket in machine.closed() { answer(ticket, .failure(.clientClosed)) }
    }

    // MARK: Requests

    /// A request has arrived.
    func submit(_ request: LaneRequest) {
        guard !request.ticket.isWithdrawn else {
            entrance.left(1)
            return request.completion(.failure(.cancelledBeforeSending("a request")))
        }
        if let outage, machine.isHopeless(.now) {
            entrance.left(1)
            return request.completion(.failure(outage))
        }
        entries[request.ticket.number] = Entry(request: request)
        machine.submitted(request.ticket.number, deadline: request.deadline)
    }

    /// The caller of a request was cancelled.
    func withdraw(_ ticket: Int) {
        leave(ticket, machine.withdrawn(ticket), .cancelled)
    }

    private func leave(_ ticket: Int, _ leaving: LaneStateMachine.Leaving, _ reason: Interruption) {
        switch leaving {
        case .absent: break
        case .removed:
            entrance.left(1)
            let isLate = reason == .deadline
            answer(
                ticket,
                .failure(
                    isLate ? .lateInQueue(outage: machine.isUp ? nil : outage) : .cancelledBeforeSending("a request")
                )
            )
        case .dropped:
            answer(ticket, .failure(.leftUnanswered(reason, isWrite: specification.acknowledgement == .atSync)))
        }
    }

    private func answer(_ ticket: Int, _ result: Result<PostgresResult, PostgresError>) {
        entries.removeValue(forKey: ticket)?.request.completion(result)
    }

    /// Answers a request for which somebody may still wait.
    private func settle(_ ticket: Int, _ result: Result<PostgresResult, PostgresError>) {
        if machine.answered(ticket) { answer(ticket, result) }
    }

    // MARK: Connections

    private func run(_ action: LaneStateMachine.Action) {
        switch action {
        case .open(let place):
            let pipeline = LanePipeline(id: place, specification: specification) { [unowned self] event in
                handle(event, at: place)
            }
            pipelines[place] = pipeline
            pipeline.open()
        case .send(let place, let tickets):
            guard let pipeline = pipelines[place], pipeline.isAlive() else {
                pipelines[place] = nil
                return machine.notSent(place, tickets)
            }
            entrance.left(tickets.count)
            pipeline.send(
                tickets.compactMap { entries[$0] }.map {
                    LanePipeline.Member(request: $0.request, isUnprepared: $0.isUnprepared)
                }
            )
        }
    }

    private func handle(_ event: LanePipeline.Event, at place: Int) {
        switch event {
        case .opened:
            outage = nil
            machine.opened(place)
        case .openFailed(let error):
            outage = error
            // The object is in use up the stack; the place is free from the next event on.
            pipelines[place] = nil
            let isCurable = error.code == .postgresUnavailable && error.sqlState != "3D000"
            let hopeless = machine.openFailed(place, isCurable: isCurable, now: .now)
            entrance.left(hopeless.count)
            for ticket in hopeless { answer(ticket, .failure(error)) }
        case .answered(let ticket, let result): settle(ticket, .success(result))
        case .ended(let end):
            machine.ended(place, hasFailed: end.hasFailed, now: .now)
            settle(end)
        case .lost(let end):
            pipelines[place] = nil
            machine.lost(place)
            settle(end)
        }
    }

    private func settle(_ end: LanePipeline.End) {
        switch end {
        case .none: break
        case .done(let answers):
            for (ticket, result) in answers { settle(ticket, .success(result)) }
        case .failed(let ticket, let error, let notRun):
            settle(ticket, .failure(error))
            again(notRun, alone: false)
        case .refusedPrepared(let ticket, let notRun):
            entries[ticket]?.isUnprepared = true
            again([ticket] + notRun, alone: false)
        case .rolledBack(let tickets, let refused):
            if let refused { entries[refused]?.isUnprepared = true }
            again(tickets, alone: true)
        case .unanswered(let tickets, let error):
            for ticket in tickets { settle(ticket, .failure(error)) }
        }
    }

    private func again(_ tickets: [Int], alone: Bool) {
        entrance.returned(machine.returned(tickets, alone: alone))
    }
}

extension LanePipeline.End {
    /// Whether a member failed.
    fileprivate var hasFailed: Bool {
        switch self {
        case .none, .done: false
        case .failed, .refusedPrepared, .rolledBack, .unanswered: true
        }
    }
}
