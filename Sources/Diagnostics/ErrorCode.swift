/// Every stable error code of Cortex: the one table from which exit status, HTTP problem, log level and retry follow.
///
/// The raw value is what programs see (`{"error":{"code":…}}`); it never changes meaning.
public enum ErrorCode: String, Sendable, CaseIterable, Codable {
    // MARK: Command line and configuration

    /// The command line is wrong.
    case usage = "usage"
    /// A setting has a value that cannot be used.
    case settingInvalid = "setting.invalid"
    /// A destructive command was not confirmed with `--yes`.
    case confirmationRequired = "confirmation.required"

    // MARK: Source tree

    /// The source does not exist.
    case sourceMissing = "source.missing"
    /// The source is not a directory.
    case sourceNotDirectory = "source.not_directory"
    /// The source may not be read by this user.
    case sourceNotPermitted = "source.not_permitted"
    /// Reading the source failed half way.
    case sourceUnreadable = "source.unreadable"
    /// The source holds nothing.
    case sourceEmpty = "source.empty"
    /// A file kept changing while it was read.
    case sourceHot = "source.hot"
    /// The mapping does not validate.
    case mappingInvalid = "mapping.invalid"
    /// The rules of discovery do not validate.
    case discoveryInvalid = "discovery.invalid"
    /// Compressed data is damaged or expands beyond its limit.
    case compressionInvalid = "compression.invalid"
    /// Text is not valid JSON.
    case jsonInvalid = "json.invalid"

    // MARK: PostgreSQL

    /// PostgreSQL cannot be reached or refused the connection.
    case postgresUnavailable = "postgres.unavailable"
    /// PostgreSQL refused the credentials.
    case postgresAuthentication = "postgres.authentication"
    /// PostgreSQL answered a statement with an error.
    case postgresStatement = "postgres.statement"
    /// The connection was lost while a statement ran; its outcome is unknown when it was a COMMIT.
    case postgresConnectionLost = "postgres.connection_lost"
    /// A statement or wait ran past its deadline.
    case postgresDeadline = "postgres.deadline"
    /// The statement was cancelled on request.
    case postgresCancelled = "postgres.cancelled"
    /// The driver was used in a way it does not allow, or the server broke the protocol.
    case postgresProtocol = "postgres.protocol"

    // MARK: Redis

    /// Redis cannot be reached, is starting up, or the link broke.
    case redisUnavailable = "redis.unavailable"
    /// Redis refused the credentials, or wants some.
    case redisAuthentication = "redis.authentication"
    /// Redis answered a command with an error.
    case redisRefused = "redis.refused"
    /// A command ran past its deadline.
    case redisDeadline = "redis.deadline"
    /// A command was cancelled on request.
    case redisCancelled = "redis.cancelled"
    /// Too many commands wait for Redis.
    case redisOverloaded = "redis.overloaded"
    /// What answers does not speak the protocol of Redis.
    case redisProtocol = "redis.protocol"

    // MARK: Published view

    /// The keys of the published view exist in a Redis that is not ours.
    case viewForeign = "view.foreign"
    /// A later relay, or another database, has taken over the published view.
    case viewFenced = "view.fenced"

    // MARK: Reading and writing rows

    /// Neither PostgreSQL nor a cache can answer in time.
    case syncUnavailable = "sync.unavailable"
    /// The row has another version than the one that the change expects, or exists already.
    case syncConflict = "sync.conflict"
    /// PostgreSQL does not take the row: a value or a constraint.
    case syncRefused = "sync.refused"
    /// It is not known whether the write happened.
    case syncOutcomeUnknown = "sync.outcome_unknown"
    /// PostgreSQL is not where the truth lives now, or that has changed since.
    case syncMode = "sync.mode"
    /// The same request is under way.
    case syncInFlight = "sync.in_flight"
    /// The `Idempotency-Key` belongs to another request.
    case syncKeyReused = "sync.key_reused"

    // MARK: HTTP

    /// A part of an HTTP request cannot be used: path, query, header or body.
    case requestInvalid = "request.invalid"
    /// The bytes on a connection are no HTTP request.
    case requestFraming = "request.framing"
    /// The body of a request is larger than allowed.
    case requestTooLarge = "request.too_large"
    /// The header of a request is larger than allowed.
    case requestHeaderTooLarge = "request.header_too_large"
    /// There is no such route.
    case routeUnknown = "route.unknown"
    /// The route does not have this method.
    case methodNotAllowed = "method.not_allowed"
    /// The body of a request is of a media type that the route does not take.
    case mediaTypeUnsupported = "media_type.unsupported"
    /// A change has to say with `If-Match` which version it means.
    case preconditionRequired = "precondition.required"

    // MARK: Catalog

    /// A field, a parameter or a body is not what the document, list or search takes.
    case catalogInvalid = "catalog.invalid"
    /// A patch does not fit the document.
    case catalogPatch = "catalog.patch"
    /// The document is not at the version that the request expects.
    case catalogPrecondition = "catalog.precondition"
    /// A document with this id exists already.
    case catalogExists = "catalog.exists"
    /// This home of the data cannot hold that change.
    case catalogUnwritable = "catalog.unwritable"
    /// A file of the tree keeps changing under a write.
    case catalogBusy = "catalog.busy"
    /// The data is being moved: its new home is not open yet, or writes wait for the move to end.
    case catalogMoving = "catalog.moving"

    // MARK: Access

    /// The caller is not known: no key where one is needed, or one that is not valid (any more).
    case accessUnauthenticated = "access.unauthenticated"
    /// The caller is known and may not do this.
    case accessDenied = "access.denied"
    /// The caller asks too often.
    case accessRateLimited = "access.rate_limited"
    /// Whether a key is valid cannot be found out now.
    case accessUnavailable = "access.unavailable"
    /// There is a user of this name, or a key of this id.
    case accessConflict = "access.conflict"

    // MARK: Schema

    /// The database has migrations that this program does not know.
    case schemaNewer = "schema.newer"
    /// The database is not at the version that this program needs.
    case schemaOutdated = "schema.outdated"
    /// An applied migration differs from the one shipped.
    case schemaChecksum = "schema.checksum"
    /// The ledger of applied migrations has a gap.
    case schemaLedger = "schema.ledger"
    /// A migration or its verification failed; nothing of it was kept.
    case schemaMigrationFailed = "schema.migration_failed"
    /// The database differs from what the migrations make.
    case schemaDrift = "schema.drift"

    // MARK: Data migration

    /// Another run holds the target.
    case runLocked = "run.locked"
    /// The ledger does not balance.
    case ledgerUnbalanced = "ledger.unbalanced"
    /// More records are quarantined than allowed.
    case quarantineExceeded = "quarantine.exceeded"
    /// Verification found differences.
    case verificationFailed = "verification.failed"
    /// The run was interrupted and can be resumed by starting it again.
    case interrupted = "interrupted"
    /// What was asked for is not in the database.
    case notFound = "not_found"

    // MARK: Servers and files

    /// A program that is needed is not installed.
    case programMissing = "program.missing"
    /// A child process failed.
    case processFailed = "process.failed"
    /// A server did not start.
    case serverStartFailed = "server.start_failed"
    /// A server did not stop.
    case serverStopFailed = "server.stop_failed"
    /// The port that was asked for is taken.
    case portTaken = "port.taken"
    /// The disk is full.
    case diskFull = "disk.full"
    /// A place cannot be written.
    case cannotWrite = "file.cannot_write"
    /// A file of ours cannot be read.
    case cannotRead = "file.cannot_read"
    /// The user may not do this.
    case notPermitted = "not_permitted"
    /// A bug of ours: a state that cannot be.
    case `internal` = "internal"
}

extension ErrorCode {
    /// What the code means outside the process.
    public struct Meaning: Sendable, Equatable {
        /// How a command that fails with it exits.
        public let exitStatus: ExitStatus
        /// The HTTP status of the problem it becomes.
        public let httpStatus: Int
        /// The level at which it is logged.
        public let logLevel: LogLevel
        /// Whether the same call may succeed later without a change.
        public let isRetryable: Bool
    }

    /// The levels that errors are logged at.
    public enum LogLevel: String, Sendable {
        /// Expected in normal work.
        case info
        /// Somebody should look at it in the morning.
        case warning
        /// Somebody should look at it now.
        case error
    }

    /// The one table: exit status, HTTP status, log level, retry.
    public var meaning: Meaning {
        switch self {
        case .usage, .settingInvalid, .confirmationRequired, .catalogInvalid:
            Meaning(exitStatus: .usage, httpStatus: 400, logLevel: .info, isRetryable: false)
        case .sourceMissing, .sourceNotDirectory, .sourceEmpty, .mappingInvalid, .discoveryInvalid, .compressionInvalid,
            .jsonInvalid, .quarantineExceeded:
            Meaning(exitStatus: .badData, httpStatus: 422, logLevel: .warning, isRetryable: false)
        case .sourceNotPermitted, .notPermitted, .postgresAuthentication, .redisAuthentication, .viewForeign:
            Meaning(exitStatus: .notPermitted, httpStatus: 403, logLevel: .warning, isRetryable: false)
        case .accessUnauthenticated:
            Meaning(exitStatus: .notPermitted, httpStatus: 401, logLevel: .info, isRetryable: false)
        case .accessDenied:
            Meaning(exitStatus: .notPermitted, httpStatus: 403, logLevel: .info, isRetryable: false)
        case .accessRateLimited:
            Meaning(exitStatus: .unavailable, httpStatus: 429, logLevel: .info, isRetryable: true)
        case .accessUnavailable:
            Meaning(exitStatus: .unavailable, httpStatus: 503, logLevel: .warning, isRetryable: true)
        case .accessConflict:
            Meaning(exitStatus: .failed, httpStatus: 409, logLevel: .info, isRetryable: false)
        case .sourceUnreadable, .cannotRead:
            Meaning(exitStatus: .badData, httpStatus: 500, logLevel: .error, isRetryable: false)
        case .sourceHot, .runLocked, .interrupted, .viewFenced:
            Meaning(exitStatus: .interrupted, httpStatus: 409, logLevel: .warning, isRetryable: true)
        case .postgresUnavailable, .postgresConnectionLost, .postgresDeadline, .redisUnavailable, .redisDeadline,
            .redisOverloaded, .syncUnavailable, .syncOutcomeUnknown, .programMissing, .serverStartFailed, .portTaken:
            Meaning(exitStatus: .unavailable, httpStatus: 503, logLevel: .error, isRetryable: true)
        case .redisProtocol:
            Meaning(exitStatus: .unavailable, httpStatus: 503, logLevel: .error, isRetryable: false)
        case .postgresCancelled, .redisCancelled:
            Meaning(exitStatus: .interrupted, httpStatus: 503, logLevel: .info, isRetryable: true)
        case .postgresStatement, .postgresProtocol, .redisRefused, .schemaMigrationFailed, .processFailed,
            .serverStopFailed,
            .ledgerUnbalanced, .internal, .schemaNewer, .schemaOutdated, .schemaChecksum, .schemaLedger:
            Meaning(exitStatus: .failed, httpStatus: 500, logLevel: .error, isRetryable: false)
        case .schemaDrift, .verificationFailed:
            Meaning(exitStatus: .differences, httpStatus: 409, logLevel: .error, isRetryable: false)
        case .syncConflict, .syncMode, .catalogExists:
            Meaning(exitStatus: .failed, httpStatus: 409, logLevel: .info, isRetryable: false)
        case .catalogPrecondition:
            Meaning(exitStatus: .failed, httpStatus: 412, logLevel: .info, isRetryable: false)
        case .catalogBusy, .catalogMoving:
            Meaning(exitStatus: .unavailable, httpStatus: 503, logLevel: .warning, isRetryable: true)
        case .syncRefused, .syncKeyReused, .catalogPatch, .catalogUnwritable:
            Meaning(exitStatus: .failed, httpStatus: 422, logLevel: .info, isRetryable: false)
        case .syncInFlight:
            Meaning(exitStatus: .interrupted, httpStatus: 409, logLevel: .info, isRetryable: true)
        case .requestInvalid, .requestFraming:
            Meaning(exitStatus: .failed, httpStatus: 400, logLevel: .info, isRetryable: false)
        case .requestTooLarge:
            Meaning(exitStatus: .failed, httpStatus: 413, logLevel: .info, isRetryable: false)
        case .requestHeaderTooLarge:
            Meaning(exitStatus: .failed, httpStatus: 431, logLevel: .info, isRetryable: false)
        case .methodNotAllowed:
            Meaning(exitStatus: .failed, httpStatus: 405, logLevel: .info, isRetryable: false)
        case .mediaTypeUnsupported:
            Meaning(exitStatus: .failed, httpStatus: 415, logLevel: .info, isRetryable: false)
        case .preconditionRequired:
            Meaning(exitStatus: .failed, httpStatus: 428, logLevel: .info, isRetryable: false)
        case .notFound, .routeUnknown:
            Meaning(exitStatus: .failed, httpStatus: 404, logLevel: .info, isRetryable: false)
        case .diskFull, .cannotWrite:
            Meaning(exitStatus: .cannotWrite, httpStatus: 507, logLevel: .error, isRetryable: true)
        }
    }
}
