import CLibpq
import Diagnostics

/// The handshake of one libpq connection, without waiting: started, polled, then up or failed.
///
/// Lives on the I/O thread alone.
struct Handshake {
    /// How far it is.
    enum Progress {
        case waiting
        case up
        case failed(PostgresError)
    }

    /// The connection; nil when memory ran out.
    ///
    /// Whoever starts the handshake ends it with PQfinish.
    let handle: OpaquePointer?
    /// When it must be done.
    let deadline: ContinuousClock.Instant
    /// libpq waits for the socket to be readable, else writable.
    private(set) var reads = false
    private let place: String

    /// Begins it; notices go to the board, which must live for longer than the handle.
    ///
    /// `settings` are server settings (`name=value`) beside those of the configuration.
    init(
        _ configuration: PostgresConfiguration,
        settings: [String] = [],
        board: ConnectionBoard,
        deadline: ContinuousClock.Instant
    ) {
        self.deadline = deadline
        place = configuration.description
        let parameters = configuration.parameters.effective(
            applicationName: configuration.applicationName,
            statementTimeout: configuration.statementTimeout,
            settings: settings
        )
        handle = CStrings.with(parameters.map(\.keyword)) { keywords in
            CStrings.with(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let handle, PQstatus(handle) != CONNECTION_BAD else { return }
        // Verbose messages hold the SQLSTATE, which libpq gives in no other way before there is a session.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<ConnectionBoard>.fromOpaque(context).takeUnretainedValue().append(PostgresNotice(result))
            },
            Unmanaged.passUnretained(board).toOpaque()
        )
    }

    /// Why it failed before the first poll; nil when it is under way.
    var startFailure: PostgresError? {
        guard let handle, PQstatus(handle) != CONNECTION_BAD else { return failure }
        return nil
    }

    /// The socket is ready.
    mutating func poll() -> Progress {
        guard let handle else { return .failed(failure) }
        switch PQconnectPoll(handle) {
        case PGRES_POLLING_OK:
            guard PQsetnonblocking(handle, 1) == 0 else { return .failed(failure) }
            PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
            return .up
        case PGRES_POLLING_READING: reads = true
        case PGRES_POLLING_WRITING: reads = false
        default: return .failed(failure)
        }
        return .waiting
    }

    /// The error when the deadline has passed.
    var timedOut: PostgresError {
        PostgresError(
            .postgresUnavailable,
            "cannot connect to PostgreSQL (\(place)): no answer within the connect timeout",
            hint: "the host does not answer: check address, network and firewall"
        )
    }

    private var failure: PostgresError {
        let text = handle.map { String(cString: PQerrorMessage($0)) } ?? "out of memory"
        let needsPassword = handle.map { PQconnectionNeedsPassword($0) == 1 } ?? false
        return ConnectFailure(libpqMessage: text).error(place: place, needsPassword: needsPassword)
    }
}
