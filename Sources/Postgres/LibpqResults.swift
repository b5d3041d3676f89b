import CLibpq

extension ConnectionStateMachine.ResultKind {
    /// What libpq's status means for the machine.
    init(_ status: ExecStatusType) {
        self =
            switch status {
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .command
            case PGRES_TUPLES_OK: .rows
            case PGRES_SINGLE_TUPLE: .singleRow
            case PGRES_COPY_IN: .copyIn
            case PGRES_COPY_OUT: .copyOut
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failure
            default: .foreign
            }
    }
}

extension ColumnTable {
    /// The columns of a result.
    convenience init(_ result: OpaquePointer) {
        let columns = 0..<PQnfields(result)
        self.init(
            names: columns.map { PQfname(result, $0).map { String(cString: $0) } ?? "" },
            types: columns.map { PQftype(result, $0) }
        )
    }
}

extension PostgresRow {
    /// Copies one row out of a result.
    init(_ result: OpaquePointer, row: Int32, table: ColumnTable) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        let columns = Int32(table.names.count)
        ends.reserveCapacity(table.names.count)
        bytes.reserveCapacity((0..<columns).reduce(0) { $0 + Int(PQgetlength(result, row, $1)) })
        for column in 0..<columns {
            guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
                ends.append(-1 - bytes.count)
                continue
            }
            let length = Int(PQgetlength(result, row, column))
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
            ends.append(bytes.count)
        }
        self.init(table: table, bytes: bytes, ends: ends)
    }
}

extension PostgresResult {
    /// Copies a whole result.
    init(_ result: OpaquePointer) {
        let table = ColumnTable(result)
        rows = (0..<PQntuples(result)).map { PostgresRow(result, row: $0, table: table) }
        affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        columns = table.names
        commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }
}

extension ExchangeRun {
    /// Keeps the single row of a result for the caller.
    func appendRow(of result: OpaquePointer) {
        let table = table ?? ColumnTable(result)
        self.table = table
        let row = PostgresRow(result, row: 0, table: table)
        rows.append(row)
        bufferedRowSize += row.size
    }

    /// Notes that libpq has taken so many bytes of the first waiting piece.
    func takeOutgoing(_ count: Int) {
        outgoingSize -= count
        if outgoing[0].count == count { outgoing.removeFirst() } else { outgoing[0] = outgoing[0].dropFirst(count) }
    }

    /// Whether the server no longer has, or no longer accepts, the prepared form of the statement.
    var refusesPreparedForm: Bool {
        guard case .prepared = plan else { return false }
        return isOfPreparedForm
    }

    /// Whether the error is one of a statement that was prepared before.
    var isOfPreparedForm: Bool {
        serverError?.sqlState == "26000" || serverError?.sqlState == "0A000"
    }
}
