import CLibpq

extension LibpqConnection {
    // MARK: Rows and COPY TO STDOUT

    /// The caller wants the next piece.
    func pull(_ number: Int, _ reply: Reply<Delivery>) {
        guard setWaiter(.delivery(reply), for: number) else { return reply(.failure(.notSent(lossReason))) }
        process()
    }

    /// Takes COPY data that has arrived; false when more must be waited for.
    func takeCopyData(_ handle: OpaquePointer) -> Bool {
        guard let run, !(run.isFull && machine.isReceiving) else { return false }
        var data: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &data, 1)
        if count > 0, let data {
            defer { PQfreemem(data) }
            if machine.isReceiving {
                run.bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: Int(count)))
            }
            return true
        }
        if count == 0 { return isBroken ? endCopyOut() : false }
        return endCopyOut()
    }

    private func endCopyOut() -> Bool {
        run?.isCopyOutOpen = false
        return true
    }

    // MARK: COPY FROM STDIN

    /// The caller has more rows.
    func write(_ number: Int, _ bytes: [UInt8], _ reply: Reply<Void>) {
        guard setWaiter(.room(reply), for: number) else { return reply(.failure(.notSent(lossReason))) }
        if machine.isSendingRows, !bytes.isEmpty {
            run?.outgoing.append(bytes[...])
            run?.outgoingSize += bytes.count
        }
        pumpRows()
        if case .room(let reply)? = run?.waiter, let run, machine.isSendingRows,
            run.outgoingSize <= ExchangeRun.maximumOutgoingSize
        {
            run.waiter = .nobody
            reply(.success(()))
        }
    }

    /// The caller has no more rows.
    func endRows(_ number: Int, _ reply: Reply<Completion>) {
        guard setWaiter(.completion(reply), for: number) else { return reply(.failure(.notSent(lossReason))) }
        run?.ending = .requested
        pumpRows()
    }

    /// Hands rows to libpq piece by piece, the next when the socket has taken the last.
    func pumpRows() {
        while machine.isSendingRows, let handle, let run, !needsFlush, !isBroken {
            guard let first = run.outgoing.first else {
                if case .requested = run.ending, machine.endRows() { endRowsOnWire(failure: nil) }
                break
            }
            let piece = first.prefix(Self.copyPieceSize)
            let isTaken = piece.withUnsafeBytes { bytes in
                PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            }
            guard isTaken != 0 else {
                needsFlush = true
                break
            }
            guard isTaken == 1 else {
                isBroken = true
                break
            }
            run.takeOutgoing(piece.count)
            flush()
        }
        process()
    }

    /// Sends CopyDone, or CopyFail with the text.
    func endRowsOnWire(failure: String?) {
        guard let handle else { return }
        run?.dropOutgoing()
        run?.suspicionDeadline = nil
        // 0 would mean that the text could not be buffered; both are the end of this connection.
        if PQputCopyEnd(handle, failure) != 1 { isBroken = true } else { flush() }
    }

    // MARK: Errors during COPY FROM STDIN

    /// How many notices and notifications have come in.
    var spokenCount: Int { notifications.arrived + board.read(\.noticeCount) }

    /// While COPY is open libpq shows notices and notifications but keeps an error to itself until the end of the rows.
    ///
    /// Input that is neither is an error, or half a message: what stays unexplained for a moment is taken for an error
    /// and COPY is ended, so that a load does not go on sending rows that the server throws away.
    func noteInputDuringCopy(isExplained: Bool) {
        run?.suspicionDeadline = isExplained ? nil : .now + .milliseconds(20)
    }

    /// Ends the COPY to see the error.
    func endSuspectedCopy() {
        run?.suspicionDeadline = nil
        guard machine.endRows() else { return }
        run?.isSuspected = true
        endRowsOnWire(failure: "the server reported an error")
        process()
    }

    // MARK: Stopping

    /// The caller left the exchange.
    func abandon(_ number: Int, _ reply: Reply<Void>) {
        guard setWaiter(.end(reply), for: number) else { return reply(.success(())) }
        interrupt(number, .abandoned)
        deliver()
    }

    /// Stops the exchange with this number.
    func interrupt(_ number: Int, _ reason: Interruption) {
        notifications.interrupt(number)
        switch machine.interrupt(number: number, lastStarted: lastStarted, reason) {
        case .none: return
        case .remember:
            earlyInterruption = (number, reason)
            return
        case .failConnecting:
            lossReason = .cancelledBeforeSending("connecting to PostgreSQL")
            let opening = opening
            self.opening = nil
            lose()
            opening?.reply(.failure(.cancelledBeforeSending("connecting to PostgreSQL")))
            return
        case .failCopyAndRequestCancel:
            endRowsOnWire(failure: "the client gave up")
            requestCancel()
        case .requestCancel:
            run?.dropDeliveries()
            requestCancel()
        }
        run?.graceDeadline = .now + stopGrace
        process()
    }

    /// Asks the server to cancel, on a thread of its own: PQcancel makes a connection and waits.
    func requestCancel() {
        guard let handle, let number = machine.exchange?.number else { return }
        run?.repeatDeadline = nil
        let (thread, id) = (thread, board.id)
        guard let request = CancelRequest(handle) else { return cancelReturned(number) }
        let isStarted = SystemThread.start {
            request.send()
            thread.submit(.cancelReturned(id, number: number))
        }
        if !isStarted { cancelReturned(number) }
    }

    /// The cancel request of the exchange with this number is done.
    func cancelReturned(_ number: Int) {
        guard machine.cancelReturned(number: number) else {
            if run?.statement.number == number { run?.repeatDeadline = .now + Self.cancelInterval }
            return
        }
        finish()
        deliver()
    }

    /// Asks once more where a cancel request has returned and the statement goes on.
    func repeatCancel() {
        run?.repeatDeadline = nil
        if machine.cancelAgain() { requestCancel() }
    }

    /// Notes who waits; false when the exchange is not the current one.
    private func setWaiter(_ waiter: ExchangeRun.Waiter, for number: Int) -> Bool {
        guard let run, run.statement.number == number, case .nobody = run.waiter else { return false }
        run.waiter = waiter
        return true
    }
}

extension ConnectionStateMachine {
    /// Whether what comes in is for the caller.
    var isReceiving: Bool {
        if case .receivingRows = state { true } else { false }
    }

    /// Whether COPY FROM STDIN takes our rows.
    var isSendingRows: Bool {
        if case .sendingRows = state { true } else { false }
    }
}
