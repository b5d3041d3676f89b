import CLibpq
import Diagnostics

extension LibpqConnection {
    /// A handshake under way.
    struct Opening {
        let place: String
        let deadline: ContinuousClock.Instant
        let reply: Reply<Void>
        /// libpq waits for the socket to be readable, else writable.
        var reads = false
    }

    /// Begins the handshake.
    func open(_ request: OpenRequest, _ reply: Reply<Void>) {
        guard machine.state == .new else { return reply(.failure(.clientClosed)) }
        if earlyInterruption?.number == 0 {
            _ = machine.lost()
            return reply(.failure(.cancelledBeforeSending("connecting to PostgreSQL")))
        }
        let configuration = request.configuration
        machine.connect()
        statementTimeout = configuration.statementTimeout
        stopGrace = configuration.stopGrace
        opening = Opening(place: configuration.description, deadline: request.deadline, reply: reply)
        let parameters = configuration.parameters.effective(
            applicationName: configuration.applicationName,
            statementTimeout: configuration.statementTimeout
        )
        handle = CStrings.with(parameters.map(\.keyword)) { keywords in
            CStrings.with(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let handle, PQstatus(handle) != CONNECTION_BAD else { return connectingFailed() }
        // Verbose messages hold the SQLSTATE, which libpq gives in no other way before there is a session.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<ConnectionBoard>.fromOpaque(context).takeUnretainedValue().append(PostgresNotice(result))
            },
            // Unretained: this object keeps the board for longer than the handle.
            Unmanaged.passUnretained(board).toOpaque()
        )
    }

    /// The socket of the handshake is ready.
    func pollConnecting() {
        guard let handle else { return }
        switch PQconnectPoll(handle) {
        case PGRES_POLLING_OK: connectingSucceeded(handle)
        case PGRES_POLLING_READING: opening?.reads = true
        case PGRES_POLLING_WRITING: opening?.reads = false
        default: connectingFailed()
        }
    }

    /// The deadline of the handshake has passed.
    func connectingTimedOut() {
        let place = opening?.place ?? ""
        lossReason = PostgresError(
            .postgresUnavailable,
            "cannot connect to PostgreSQL (\(place)): no answer within the connect timeout",
            hint: "the host does not answer: check address, network and firewall"
        )
        lose()
    }

    private func connectingSucceeded(_ handle: OpaquePointer) {
        guard PQsetnonblocking(handle, 1) == 0 else { return connectingFailed() }
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        machine.connected()
        board.update { facts in
            facts.backendPID = PQbackendPID(handle)
            facts.serverVersion = Int(PQserverVersion(handle))
        }
        refreshParameters()
        let opening = opening
        self.opening = nil
        opening?.reply(.success(()))
    }

    private func connectingFailed() {
        let text = handle.map { String(cString: PQerrorMessage($0)) } ?? "out of memory"
        let needsPassword = handle.map { PQconnectionNeedsPassword($0) == 1 } ?? false
        lossReason = ConnectFailure(libpqMessage: text)
            .error(place: opening?.place ?? "", needsPassword: needsPassword)
        lose()
    }

    /// Copies what the server reports about its settings to the board.
    func refreshParameters() {
        guard let handle else { return }
        let names = [
            "server_version", "server_encoding", "client_encoding", "application_name", "default_transaction_read_only",
            "in_hot_standby", "is_superuser", "session_authorization", "DateStyle", "IntervalStyle", "TimeZone",
            "integer_datetimes", "standard_conforming_strings",
        ]
        var parameters: [String: String] = [:]
        for name in names {
            if let value = PQparameterStatus(handle, name) { parameters[name] = String(cString: value) }
        }
        board.update { $0.parameters = parameters }
    }
}

/// Arrays of C strings, as libpq takes them.
enum CStrings {
    /// Calls the body with the texts as C strings behind each other and a null pointer at the end.
    static func with<R>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(bytes.count)
            bytes.append(contentsOf: text.utf8CString)
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let pointers = offsets.map { offset in buffer.baseAddress.map { $0 + offset } } + [nil]
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
