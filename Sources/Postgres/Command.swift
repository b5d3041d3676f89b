/// Says an answer to the task that waits for it, exactly once.
struct Reply<Value: Sendable>: Sendable {
    private let continuation: CheckedContinuation<Result<Value, PostgresError>, Never>

    init(_ continuation: CheckedContinuation<Result<Value, PostgresError>, Never>) {
        self.continuation = continuation
    }

    func callAsFunction(_ result: Result<Value, PostgresError>) {
        continuation.resume(returning: result)
    }
}

/// What the I/O thread is asked to do.
///
/// The inbox needs no bound of its own: a session has one command under way, and sessions and waiters are bounded.
enum Command: Sendable {
    /// Makes a place for a connection, so that everything that follows finds it.
    case create(ConnectionBoard)
    case open(Int, OpenRequest, Reply<Void>)
    case perform(Int, Statement, Reply<Answer>)
    /// More rows or COPY data of the exchange with this number.
    case pull(Int, number: Int, Reply<Delivery>)
    /// Rows for COPY FROM STDIN; answered when there is room for more.
    case write(Int, number: Int, [UInt8], Reply<Void>)
    /// The rows for COPY FROM STDIN are complete.
    case endRows(Int, number: Int, Reply<Completion>)
    /// The caller left the exchange; answered when the connection is usable again or gone.
    case abandon(Int, number: Int, Reply<Void>)
    /// Whether the connection is up and runs nothing.
    case askIdle(Int, Reply<Bool>)
    case interrupt(Int, number: Int, Interruption)
    case cancelReturned(Int, number: Int)
    case awaitNotification(Int, number: Int, until: ContinuousClock.Instant, Reply<PostgresNotification?>)
    /// The session that listened is over.
    case dropNotifications(Int)
    case close(Int)
    case startTimer(Int, at: ContinuousClock.Instant, @Sendable () -> Void)
    case stopTimer(Int)
    /// Makes a lane.
    case openLane(Int, LaneEntrance)
    /// A request for a lane; its entrance bounds them.
    case request(Int, LaneRequest)
    /// The caller of a request was cancelled.
    case withdraw(Int, ticket: Int)
    /// Ends every connection, then the thread.
    case stop(Reply<Void>)

    /// Answers that the thread is gone.
    func refuse() {
        let error = PostgresError.clientClosed
        switch self {
        case .open(_, _, let reply), .write(_, _, _, let reply), .stop(let reply): reply(.failure(error))
        case .abandon(_, _, let reply): reply(.success(()))
        case .perform(_, _, let reply): reply(.failure(error))
        case .pull(_, _, let reply): reply(.failure(error))
        case .endRows(_, _, let reply): reply(.failure(error))
        case .awaitNotification(_, _, _, let reply): reply(.failure(error))
        case .askIdle(_, let reply): reply(.success(false))
        case .request(_, let request): request.completion(.failure(error))
        case .create, .interrupt, .cancelReturned, .dropNotifications, .close, .startTimer, .stopTimer, .openLane,
            .withdraw:
            break
        }
    }
}

/// How to connect.
struct OpenRequest: Sendable {
    let configuration: PostgresConfiguration
    let deadline: ContinuousClock.Instant
}

/// A statement for the I/O thread.
struct Statement: Sendable {
    /// How it goes over the wire.
    enum Form: Sendable {
        /// Several statements in one text, without parameters.
        case script
        case parameterised([PostgresValue])
        /// These, with one Sync behind them; the text counts for messages alone.
        case pipeline([PostgresStatement])
    }

    let number: Int
    let sql: String
    let form: Form
    let shape: ConnectionStateMachine.Shape
    /// What a missing reply means; nil decides by whether a transaction is open.
    let effect: ConnectionStateMachine.Effect?
    let deadline: ContinuousClock.Instant?
}

/// The first answer to a statement.
enum Answer: Sendable {
    case results([PostgresResult])
    /// Rows or COPY data can be pulled.
    case delivering
    /// COPY FROM STDIN takes rows.
    case takingRows
}

/// A piece of a long answer.
enum Delivery: Sendable {
    case rows([PostgresRow])
    case bytes([UInt8])
    case end(Completion)
}

/// How a streamed statement ended.
struct Completion: Sendable {
    let affected: Int
    let commandTag: String
}
