/// The data of the exchange under way on one connection; what state it is in is the machine's to say.
///
/// A class, so that rows are added in place and never to a copy. Lives on the I/O thread alone.
final class ExchangeRun {
    /// Rows and COPY data that may wait for the caller before reading stops.
    static let maximumBufferedSize = 1 << 20
    /// Rows for COPY FROM STDIN that may wait for the server before the writer does.
    static let maximumOutgoingSize = 1 << 20

    /// Who waits for what comes next; the caller waits for one thing at a time.
    enum Waiter {
        case nobody
        case answer(Reply<Answer>)
        case delivery(Reply<Delivery>)
        case room(Reply<Void>)
        case completion(Reply<Completion>)
        case end(Reply<Void>)
    }

    /// How rows for COPY FROM STDIN end.
    enum Ending {
        case open
        /// CopyDone follows the last queued row.
        case requested
    }

    let statement: Statement
    let parameters: EncodedParameters
    let startedAt: ContinuousClock.Instant
    var plan: StatementCache.Plan
    /// The statements of a pipeline.
    var pipeline: PipelineRun?
    /// Whether the statement itself, not only its PREPARE, was sent.
    var isSent = false
    /// Whether it was sent again because the server had dropped its prepared form.
    var isRepeated = false
    var waiter: Waiter

    var results: [PostgresResult] = []
    var serverError: PostgresServerMessage?
    /// An error that is ours or libpq's.
    var localError: PostgresError?

    var table: ColumnTable?
    var rows: [PostgresRow] = []
    var bytes: [UInt8] = []
    var bufferedRowSize = 0
    var isCopyOutOpen = false

    var outgoing: [ArraySlice<UInt8>] = []
    var outgoingSize = 0
    var ending = Ending.open
    /// When input that is no notice arrived during COPY FROM STDIN, the time to take it for an error.
    var suspicionDeadline: ContinuousClock.Instant?

    /// COPY was ended because of input that looked like an error.
    var isSuspected = false
    /// A command changed settings that the server reports.
    var changedSettings = false

    /// The time by which a stopped exchange must end.
    var graceDeadline: ContinuousClock.Instant?
    /// The time to send another cancel request, because the last one may have come before the statement.
    var repeatDeadline: ContinuousClock.Instant?
    var outcome: Result<Completion, PostgresError>?

    init(statement: Statement, parameters: EncodedParameters, waiter: Waiter) {
        self.statement = statement
        self.parameters = parameters
        self.waiter = waiter
        plan = .unprepared
        startedAt = .now
    }

    /// Whether what goes over the wire next is the statement itself.
    var isStatementNext: Bool {
        if case .prepare = plan { false } else { true }
    }

    /// Whether the caller has to take something before more is read.
    var isFull: Bool { bufferedRowSize + bytes.count >= Self.maximumBufferedSize }

    var hasFailed: Bool { serverError != nil || localError != nil }

    /// The key of the statement among the prepared ones: the same text with other parameter types is another one.
    var cacheKey: String { statement.sql + parameters.typeSignature }

    /// What waits for the caller: rows, else COPY data.
    func takeDelivery() -> Delivery {
        defer { dropDeliveries() }
        return rows.isEmpty ? .bytes(bytes) : .rows(rows)
    }

    /// Drops everything that waits for the caller.
    func dropDeliveries() {
        rows = []
        bytes = []
        bufferedRowSize = 0
    }

    /// Drops the rows that wait for the server.
    func dropOutgoing() {
        outgoing = []
        outgoingSize = 0
    }
}
