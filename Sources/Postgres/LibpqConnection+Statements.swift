import CLibpq
import Diagnostics

extension LibpqConnection {
    // MARK: Starting

    /// Begins a statement, or refuses it.
    func perform(_ statement: Statement, _ reply: Reply<Answer>) {
        let early = earlyInterruption
        earlyInterruption = nil
        lastStarted = max(lastStarted, statement.number)
        if early?.number == statement.number {
            return reply(.failure(.cancelledBeforeSending("a statement")))
        }
        let run: ExchangeRun
        do {
            let parameters = try Self.encode(statement)
            run = ExchangeRun(statement: statement, parameters: parameters, waiter: .answer(reply))
            if case .pipeline(let statements) = statement.form { run.pipeline = try PipelineRun(statements) }
        } catch {
            return reply(.failure(error))
        }
        if case .parameterised = statement.form, statement.shape == .collected || statement.shape == .rows,
            machine.state == .idle
        {
            run.plan = cache.plan(for: run.cacheKey)
        }
        let exchange = ConnectionStateMachine.Exchange(
            number: statement.number,
            shape: statement.shape,
            effect: statement.effect ?? (isInTransaction ? .insideTransaction : .commits)
        )
        var mustPrepare = false
        if case .prepare = run.plan { mustPrepare = true }
        switch machine.start(exchange, mustPrepare: mustPrepare) {
        case .refuseBusy:
            reply(.failure(.misuse("the session is busy with another statement", hint: "use one session per task")))
        case .refuseClosed:
            reply(.failure(.notSent(lossReason)))
        case .sendPrepare, .sendStatement:
            self.run = run
            send()
            process()
        }
    }

    private static func encode(_ statement: Statement) throws(PostgresError) -> EncodedParameters {
        try check(statement.sql)
        if case .parameterised(let values) = statement.form { return try EncodedParameters(values) }
        return try EncodedParameters([])
    }

    /// Throws `postgres.protocol` for a text that cannot be sent.
    static func check(_ sql: String) throws(PostgresError) {
        guard !sql.utf8.contains(0) else {
            throw PostgresError.misuse("the statement holds U+0000, which SQL text cannot hold")
        }
    }

    var isInTransaction: Bool {
        guard let handle else { return false }
        return PQtransactionStatus(handle) != PQTRANS_IDLE
    }

    /// Hands the statement, or its PREPARE, to libpq.
    private func send() {
        guard let handle, let run else { return }
        let sql = run.statement.sql
        var isAccepted: Int32
        if run.pipeline != nil {
            isAccepted = run.pipeline?.send(handle, &cache) == true ? 1 : 0
        } else if case .script = run.statement.form {
            isAccepted = PQsendQuery(handle, sql)
        } else {
            isAccepted = run.parameters.withPointers { count, types, values, lengths, formats in
                switch run.plan {
                case .unprepared: PQsendQueryParams(handle, sql, count, types, values, lengths, formats, 0)
                case .prepare(let name): PQsendPrepare(handle, name, sql, count, types)
                case .prepared(let name): PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
                }
            }
        }
        if run.isStatementNext {
            run.isSent = isAccepted == 1
            if run.isSent, run.statement.shape == .rows { isAccepted = PQsetSingleRowMode(handle) }
        }
        guard isAccepted == 1 else {
            run.localError = .libpq(String(cString: PQerrorMessage(handle)))
            isBroken = true
            return
        }
        flush()
    }

    // MARK: Results

    /// Takes everything that can be taken without waiting.
    func process() {
        takeNotifications()
        while machine.expectsResults, let handle, let run {
            if run.isCopyOutOpen {
                guard takeCopyData(handle) else { break }
                continue
            }
            if case .receivingRows = machine.state, run.isFull { break }
            // Asking a broken connection for a result does not wait; a working one must not be asked too early.
            if !isBroken, PQisBusy(handle) == 1 { break }
            guard let result = PQgetResult(handle) else {
                if isInsidePipeline(handle) {
                    run.pipeline?.stepEnded()
                    continue
                }
                guard resultsEnded(handle) else { break }
                continue
            }
            take(result)
            PQclear(result)
        }
        takeNotifications()
        if isBroken, machine.state != .closed { lose() } else { deliver() }
    }

    /// The server has answered everything; false when the connection is broken.
    private func resultsEnded(_ handle: OpaquePointer) -> Bool {
        let isLost = PQstatus(handle) == CONNECTION_BAD || run?.serverError?.endsConnection == true
        if isLost { isBroken = true }
        if isLost, run?.hasFailed == true { return false }
        switch machine.resultsEnded() {
        case .sendStatement:
            if let run, case .prepare(let name) = run.plan {
                cache.prepared(run.cacheKey, name: name)
                run.plan = .prepared(name: name)
            }
            send()
            return !isBroken
        case .holdForCancel: break
        case .finish: finish()
        }
        return true
    }

    /// Whether more of a pipeline comes; where its Sync was answered the connection leaves the mode.
    private func isInsidePipeline(_ handle: OpaquePointer) -> Bool {
        guard let pipeline = run?.pipeline, PQstatus(handle) != CONNECTION_BAD else { return false }
        return !pipeline.isSynced
    }

    /// Takes a result of a pipeline that is no statement's; false: it is one's.
    private func takeOfPipeline(_ result: OpaquePointer) -> Bool {
        guard let run, run.pipeline?.isKept(PQresultStatus(result), &cache) == false else { return false }
        if run.pipeline?.isSynced == true, PQexitPipelineMode(handle) == 0 { isBroken = true }
        return true
    }

    private func take(_ result: OpaquePointer) {
        if run?.pipeline != nil, takeOfPipeline(result) { return }
        let kind = ConnectionStateMachine.ResultKind(PQresultStatus(result))
        switch machine.received(kind) {
        case .keep: keep(result)
        case .keepFailure: keepFailure(result)
        case .deliverRow: run?.appendRow(of: result)
        case .openCopyIn: answer(.takingRows)
        case .openCopyOut:
            run?.isCopyOutOpen = true
            answer(.delivering)
        case .drop: run?.isCopyOutOpen = kind == .copyOut
        case .refuseCopyIn:
            // A stopped COPY comes here too; its error is the server's answer to the stopping.
            if machine.exchange?.stop == ConnectionStateMachine.Stop.none, run?.hasFailed == false {
                run?.localError = .misuse("COPY FROM STDIN needs copyIn")
            }
            endRowsOnWire(failure: "COPY FROM STDIN was not expected")
        case .refuseCopyOut:
            run?.localError = .misuse("COPY TO STDOUT needs copyOut")
            run?.isCopyOutOpen = true
            run?.graceDeadline = .now + stopGrace
            requestCancel()
        case .close:
            run?.localError = .misuse("the server sent what this driver did not ask for")
            isBroken = true
        }
    }

    private func keep(_ result: OpaquePointer) {
        let kept = PostgresResult(result)
        run?.results.append(kept)
        noteCommand(kept.commandTag)
    }

    private func keepFailure(_ result: OpaquePointer) {
        guard run?.hasFailed == false else { return }
        if let message = PostgresServerMessage(result) {
            run?.serverError = message
        } else {
            run?.localError = .libpq(String(cString: PQresultErrorMessage(result)))
        }
    }

    /// Some commands change the session for whoever comes next, or drop prepared statements.
    private func noteCommand(_ tag: String) {
        let changing = ["SET", "RESET", "LISTEN", "DECLARE", "PREPARE", "LOAD", "CREATE"]
        if tag == "DISCARD ALL" || tag == "DEALLOCATE ALL" { cache.forgetAll() }
        guard changing.contains(where: { tag.hasPrefix($0) }) || tag == "DISCARD ALL" else { return }
        board.update { $0.needsReset = true }
        run?.changedSettings = true
    }

    // MARK: The end

    /// The exchange is over: decides its outcome, or sends the statement again where the prepared form was refused.
    func finish() {
        guard let run, let exchange = machine.exchange else { return }
        if run.pipeline != nil, run.isOfPreparedForm, let key = run.pipeline?.failedKey {
            cache.forget(key)
        } else if run.refusesPreparedForm {
            cache.forget(run.cacheKey)
            if exchange.effect == .commits, exchange.stop == .none, !isInTransaction, !run.isRepeated {
                run.isRepeated = true
                run.plan = .unprepared
                run.serverError = nil
                machine.repeated()
                return send()
            }
        }
        if run.changedSettings { refreshParameters() }
        let isInTransaction = isInTransaction
        board.update { $0.isInTransaction = isInTransaction }
        run.outcome = run.makeOutcome(interruption: exchange.stop.interruption, statementTimeout: statementTimeout)
        run.graceDeadline = nil
        run.repeatDeadline = nil
        run.suspicionDeadline = nil
    }

    /// Gives whoever waits what is there.
    func deliver() {
        guard let run else { return }
        switch run.waiter {
        case .nobody: break
        case .answer(let reply):
            if let outcome = run.outcome {
                deliverAnswer(outcome, reply)
            } else if !run.rows.isEmpty {
                answer(.delivering)
            }
        case .delivery(let reply): deliverPiece(reply)
        case .room(let reply):
            if case .failure(let error)? = run.outcome {
                takeOutcome()
                reply(.failure(error))
            } else if machine.isSendingRows, run.outgoingSize <= ExchangeRun.maximumOutgoingSize / 2 {
                run.waiter = .nobody
                reply(.success(()))
            }
        case .completion(let reply):
            guard let outcome = run.outcome else { return }
            takeOutcome()
            reply(outcome)
        case .end(let reply):
            guard run.outcome != nil else { return }
            takeOutcome()
            reply(.success(()))
        }
    }

    private func deliverAnswer(_ outcome: Result<Completion, PostgresError>, _ reply: Reply<Answer>) {
        switch outcome {
        case .failure(let error):
            takeOutcome()
            reply(.failure(error))
        case .success where run?.statement.shape == .rows:
            answer(.delivering)
        case .success:
            let results = run?.results ?? []
            takeOutcome()
            reply(.success(.results(results)))
        }
    }

    private func deliverPiece(_ reply: Reply<Delivery>) {
        guard let run else { return }
        if case .failure(let error)? = run.outcome {
            takeOutcome()
            reply(.failure(error))
        } else if !run.rows.isEmpty || !run.bytes.isEmpty {
            run.waiter = .nobody
            reply(.success(run.takeDelivery()))
        } else if case .success(let completion)? = run.outcome {
            takeOutcome()
            reply(.success(.end(completion)))
        }
    }

    private func answer(_ answer: Answer) {
        guard case .answer(let reply)? = run?.waiter else { return }
        run?.waiter = .nobody
        reply(.success(answer))
    }

    private func takeOutcome() {
        if let number = run?.statement.number { board.update { $0.lastEnded = number } }
        run = nil
        machine.outcomeTaken()
    }
}
