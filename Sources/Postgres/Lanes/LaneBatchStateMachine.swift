/// The batch under way on one pipelined connection: whose turn it is, and what its end means for every member.
///
/// No I/O. A batch is one implicit transaction up to one Sync. The server answers in the order of sending; after an error
/// it runs nothing more until the Sync, and undoes what ran before.
struct LaneBatchStateMachine: Sendable {
    /// When a member may be told that it is done.
    enum Acknowledgement: Sendable, Equatable {
        /// With its result: a read is true whatever becomes of the rest.
        case atResult
        /// With the Sync, behind the COMMIT: a write.
        case atSync
    }

    /// One message to the server that is answered by itself.
    enum Step: Sendable, Equatable {
        case prepare(Int)
        case statement(Int)

        var ticket: Int {
            switch self {
            case .prepare(let ticket), .statement(let ticket): ticket
            }
        }
    }

    /// What went wrong first.
    enum Failure: Sendable, Equatable {
        case member(Int)
        /// The COMMIT behind the last member.
        case commit
    }

    struct Batch: Sendable, Equatable {
        let steps: [Step]
        /// The step that is answered next.
        var position = 0
        var failure: Failure?
        /// Whether the step at `position` has its answer, and only the end of it is missing.
        var isAnswered = false

        var tickets: [Int] {
            steps.compactMap { if case .statement(let ticket) = $0 { ticket } else { nil } }
        }

        /// The members from the one that is answered next on.
        var rest: [Int] {
            steps[min(position + (isAnswered ? 1 : 0), steps.count)...].compactMap {
                if case .statement(let ticket) = $0 { ticket } else { nil }
            }
        }
    }

    enum State: Sendable, Equatable {
        /// Nothing is under way. Exits: `running`, `closed`.
        case idle
        /// Exits: `idle`, `closed`.
        case running(Batch)
        /// The connection is gone.
        case closed
    }

    let acknowledgement: Acknowledgement
    private(set) var state = State.idle

    init(_ acknowledgement: Acknowledgement) {
        self.acknowledgement = acknowledgement
    }

    /// Whether results are to be read.
    var expectsResults: Bool {
        if case .running = state { true } else { false }
    }

    /// A batch is sent.
    mutating func begin(_ steps: [Step]) {
        guard state == .idle, !steps.isEmpty else { preconditionFailure("begin in \(state)") }
        state = .running(Batch(steps: steps))
    }

    // MARK: Results

    /// What the server sent.
    enum ResultKind: Sendable, Equatable, CaseIterable {
        case success
        case failure
        /// The server ran nothing of it, because of an error before.
        case aborted
        /// What no statement of a lane can give.
        case foreign
    }

    /// What to do with a result.
    enum ResultAction: Equatable {
        /// It is the member's answer, to be told now or kept until the Sync.
        case answer(Int)
        /// It is the error of a member.
        case keepFailure(Int)
        /// It is the error of the COMMIT behind the last member.
        case keepCommitFailure
        /// It is the error of a member whose statement could not even be prepared.
        case keepPrepareFailure(Int)
        /// The statement of this member was not prepared, because of an error before.
        case notPrepared(Int)
        case drop
        /// The server broke the protocol.
        case close
    }

    /// A result has come.
    mutating func received(_ kind: ResultKind) -> ResultAction {
        guard case .running(var batch) = state, kind != .foreign, !batch.isAnswered else { return .close }
        defer { state = .running(batch) }
        guard batch.position < batch.steps.count else {
            guard kind == .failure, batch.failure == nil else { return .close }
            batch.failure = .commit
            return .keepCommitFailure
        }
        batch.isAnswered = true
        let step = batch.steps[batch.position]
        switch (kind, step) {
        case (.failure, _) where batch.failure == nil:
            batch.failure = .member(step.ticket)
            if case .prepare(let ticket) = step { return .keepPrepareFailure(ticket) }
            return .keepFailure(step.ticket)
        case (.success, .statement(let ticket)) where batch.failure == nil: return .answer(ticket)
        case (.success, .prepare) where batch.failure == nil: return .drop
        case (.aborted, .prepare(let ticket)) where batch.failure != nil: return .notPrepared(ticket)
        case (.aborted, .statement) where batch.failure != nil: return .drop
        default: return .close
        }
    }

    /// The answer to one message is complete.
    mutating func stepEnded() {
        guard case .running(var batch) = state, batch.isAnswered else { return }
        batch.isAnswered = false
        batch.position += 1
        state = .running(batch)
    }

    // MARK: The end

    /// What the end of a batch means.
    enum Ending: Equatable {
        /// All were answered (reads), or are committed now (writes).
        case done([Int])
        /// This member has failed; those behind it were not run.
        case failed(Int, notRun: [Int])
        /// Everything was undone: each member has to run by itself. `culprit` is the one that failed; nil when COMMIT did.
        case rolledBack([Int], culprit: Int?)
    }

    /// The server has answered the Sync; nil when that cannot be yet, the connection is to be closed.
    mutating func synced() -> Ending? {
        guard case .running(let batch) = state, batch.position == batch.steps.count else { return nil }
        state = .idle
        return ending(of: batch)
    }

    /// What the loss of the connection means.
    enum Loss: Equatable {
        case none
        /// The server had told an error: the batch is undone or ends as after its Sync.
        case ended(Ending)
        /// These have no answer; `isCommitUnknown` when they may have been committed.
        case unanswered([Int], isCommitUnknown: Bool)
    }

    /// The connection is gone; `isSyncSent` when the Sync may have reached the server.
    mutating func lost(isSyncSent: Bool) -> Loss {
        defer { state = .closed }
        guard case .running(let batch) = state else { return .none }
        if batch.failure != nil { return .ended(ending(of: batch)) }
        switch acknowledgement {
        case .atResult: return .unanswered(batch.rest, isCommitUnknown: false)
        case .atSync: return .unanswered(batch.tickets, isCommitUnknown: isSyncSent)
        }
    }

    private func ending(of batch: Batch) -> Ending {
        guard let failure = batch.failure else { return .done(batch.tickets) }
        let tickets = batch.tickets
        switch (acknowledgement, failure) {
        case (.atSync, .member(let ticket)) where tickets.count > 1: return .rolledBack(tickets, culprit: ticket)
        case (.atSync, .commit) where tickets.count > 1: return .rolledBack(tickets, culprit: nil)
        case (.atSync, _): return .failed(tickets[0], notRun: [])
        case (.atResult, .commit): return .done(tickets)
        case (.atResult, .member(let ticket)):
            return .failed(ticket, notRun: Array(tickets.drop { $0 != ticket }.dropFirst()))
        }
    }
}
