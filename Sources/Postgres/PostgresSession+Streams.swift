extension PostgresSession {
    /// Runs one statement and hands its rows to the body one by one, in bounded memory (about 1 MiB of rows ahead).
    ///
    /// While the body runs, no other statement can run on this session. When it throws, the statement is cancelled; in a
    /// transaction that transaction can then only be rolled back. Gives the number of rows. Throws as `query` does, and
    /// what the body throws.
    @discardableResult
    public func forEachRow(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        timeout: Duration? = nil,
        _ body: (PostgresRow) async throws -> Void
    ) async throws -> Int {
        try checkOpen()
        let (number, answer) = try await connection.perform(
            sql,
            .parameterised(parameters),
            shape: .rows,
            deadline: deadline(timeout)
        )
        guard case .delivering = answer else { return 0 }
        var count = 0
        _ = try await forEachDelivery(number) { delivery in
            guard case .rows(let rows) = delivery else { return }
            for row in rows {
                try await body(row)
                count += 1
            }
        }
        return count
    }

    /// Runs `COPY … TO STDOUT` and hands what comes to the body, in bounded memory.
    ///
    /// A piece holds whole rows, many of them. Stopping works as with `forEachRow`. Gives the number of rows.
    @discardableResult
    public func copyOut(
        _ sql: String,
        timeout: Duration? = nil,
        _ body: ([UInt8]) async throws -> Void
    ) async throws -> Int {
        try checkOpen()
        let (number, answer) = try await connection.perform(
            sql,
            .parameterised([]),
            shape: .copyOut,
            deadline: deadline(timeout)
        )
        guard case .delivering = answer else { throw PostgresError.misuse("copyOut needs COPY … TO STDOUT") }
        return try await forEachDelivery(number) { delivery in
            if case .bytes(let bytes) = delivery { try await body(bytes) }
        }.affected
    }

    /// Runs `COPY … FROM STDIN` with the rows that the body writes, and gives their number.
    ///
    /// Writing waits while the server is slower: at most about 1 MiB is held. An error of the server shows in a later
    /// write or at the end. When the body throws, the COPY fails and nothing of it is kept.
    @discardableResult
    public func copyIn(
        _ sql: String,
        timeout: Duration? = nil,
        _ body: (inout PostgresCopyIn) async throws -> Void
    ) async throws -> Int {
        try checkOpen()
        // As a script, that is in the simple protocol: in the other one a COPY has two ends for the server, one behind the
        // statement and one behind the rows. One that fails before the first row is read would be answered twice, and the
        // second answer taken for that of the next statement.
        let (number, answer) = try await connection.perform(
            sql,
            .script,
            shape: .copyIn,
            deadline: deadline(timeout)
        )
        guard case .takingRows = answer else { throw PostgresError.misuse("copyIn needs COPY … FROM STDIN") }
        var writer = PostgresCopyIn(connection: connection, number: number)
        do {
            try await body(&writer)
            return try await writer.finish()
        } catch {
            await connection.abandon(number)
            throw error
        }
    }

    private func forEachDelivery(
        _ number: Int,
        _ body: (Delivery) async throws -> Void
    ) async throws -> Completion {
        do {
            while true {
                let delivery = try await connection.thread.call(interrupt: connection.interrupt(number)) { reply in
                    .pull(connection.id, number: number, reply)
                }
                if case .end(let completion) = delivery { return completion }
                try await body(delivery)
            }
        } catch {
            await connection.abandon(number)
            throw error
        }
    }
}

/// The writer of a `COPY … FROM STDIN`.
public struct PostgresCopyIn: Sendable {
    /// Small writes are gathered up to this size.
    static let pieceSize = 128 << 10

    private let connection: ConnectionHandle
    private let number: Int
    private var gathered: [UInt8] = []

    init(connection: ConnectionHandle, number: Int) {
        self.connection = connection
        self.number = number
    }

    /// Writes bytes in the COPY's format, rows cut anywhere; waits while the server is slower.
    ///
    /// Throws the error of the whole COPY once the server has reported one, and `postgres.cancelled`.
    public mutating func write(_ bytes: [UInt8]) async throws(PostgresError) {
        if gathered.isEmpty, bytes.count >= Self.pieceSize { return try await send(bytes) }
        gathered.append(contentsOf: bytes)
        guard gathered.count >= Self.pieceSize else { return }
        try await sendGathered()
    }

    /// Writes the rest and ends the COPY; gives the number of rows.
    mutating func finish() async throws(PostgresError) -> Int {
        if !gathered.isEmpty { try await sendGathered() }
        let completion = try await connection.thread.call(interrupt: connection.interrupt(number)) { reply in
            .endRows(connection.id, number: number, reply)
        }
        return completion.affected
    }

    private mutating func sendGathered() async throws(PostgresError) {
        let piece = gathered
        gathered = []
        gathered.reserveCapacity(Self.pieceSize)
        try await send(piece)
    }

    private func send(_ bytes: [UInt8]) async throws(PostgresError) {
        try await connection.thread.call(interrupt: connection.interrupt(number)) { reply in
            .write(connection.id, number: number, bytes, reply)
        }
    }
}
