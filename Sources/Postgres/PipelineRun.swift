import CLibpq

/// The statements of an exchange that are sent together (libpq's pipeline mode), and how far the results have come.
///
/// Lives on the I/O thread alone.
struct PipelineRun {
    /// What the server answers with one result.
    private enum Step {
        case prepare(key: String, name: String)
        case statement(key: String)
    }

    private struct Member {
        let sql: String
        let parameters: EncodedParameters
    }

    private let members: [Member]
    private var steps: [Step] = []
    private var place = 0
    /// The key in the cache of the statement that failed.
    private(set) var failedKey: String?
    /// Whether the server has answered the Sync behind them.
    private(set) var isSynced = false

    /// Throws `postgres.protocol` for what cannot be sent.
    init(_ statements: [PostgresStatement]) throws(PostgresError) {
        var members: [Member] = []
        for statement in statements {
            try LibpqConnection.check(statement.sql)
            members.append(Member(sql: statement.sql, parameters: try EncodedParameters(statement.parameters)))
        }
        self.members = members
    }

    /// Hands all of them and a Sync to libpq; false when it refuses.
    mutating func send(_ handle: OpaquePointer, _ cache: inout StatementCache) -> Bool {
        guard PQenterPipelineMode(handle) == 1 else { return false }
        for member in members {
            let key = member.sql + member.parameters.typeSignature
            let plan = cache.plan(for: key)
            if case .prepare(let name) = plan { steps.append(.prepare(key: key, name: name)) }
            steps.append(.statement(key: key))
            let isAccepted = member.parameters.withPointers { count, types, values, lengths, formats in
                switch plan {
                case .unprepared:
                    PQsendQueryParams(handle, member.sql, count, types, values, lengths, formats, 0) == 1
                case .prepare(let name):
                    PQsendPrepare(handle, name, member.sql, count, types) == 1
                        && PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0) == 1
                case .prepared(let name):
                    PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0) == 1
                }
            }
            guard isAccepted else { return false }
        }
        return PQpipelineSync(handle) == 1
    }

    /// Whether the result that came is a statement's, to be kept.
    mutating func isKept(_ status: ExecStatusType, _ cache: inout StatementCache) -> Bool {
        guard status != PGRES_PIPELINE_SYNC else {
            isSynced = true
            return false
        }
        guard place < steps.count, status != PGRES_PIPELINE_ABORTED else { return false }
        switch steps[place] {
        case .prepare(let key, let name) where status == PGRES_COMMAND_OK:
            cache.prepared(key, name: name)
            return false
        case .prepare(let key, _), .statement(let key):
            if status == PGRES_FATAL_ERROR { failedKey = key }
            return true
        }
    }

    /// The results of one step are complete.
    mutating func stepEnded() { place += 1 }
}
