import CLibpq
import Diagnostics

extension LibpqConnection {
    /// A handshake under way, and who waits for it.
    struct Opening {
        var handshake: Handshake
        let reply: Reply<Void>
    }

    /// Begins the handshake.
    func open(_ request: OpenRequest, _ reply: Reply<Void>) {
        guard machine.state == .new else { return reply(.failure(.clientClosed)) }
        if earlyInterruption?.number == 0 {
            _ = machine.lost()
            return reply(.failure(.cancelledBeforeSending("connecting to PostgreSQL")))
        }
        machine.connect()
        statementTimeout = request.configuration.statementTimeout
        stopGrace = request.configuration.stopGrace
        // This object keeps the board for longer than the handle.
        let handshake = Handshake(request.configuration, board: board, deadline: request.deadline)
        handle = handshake.handle
        opening = Opening(handshake: handshake, reply: reply)
        if let failure = handshake.startFailure { connectingFailed(failure) }
    }

    /// The socket of the handshake is ready.
    func pollConnecting() {
        switch opening?.handshake.poll() {
        case .up: connectingSucceeded()
        case .failed(let error): connectingFailed(error)
        case .waiting, nil: break
        }
    }

    /// The handshake failed, or its deadline has passed.
    func connectingFailed(_ error: PostgresError) {
        lossReason = error
        lose()
    }

    private func connectingSucceeded() {
        guard let handle else { return }
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
