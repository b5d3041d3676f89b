extension ErrorCode {
    /// What the code means and what usually helps, for the reference page.
    public var explanation: String {
        switch self {
        case .usage: "The command line is wrong. The hint has the usage line."
        case .settingInvalid: "A setting has a value that cannot be used. The message names where it was written."
        case .confirmationRequired: "A destructive command was not confirmed. Add `--yes`."
        case .sourceMissing: "The source does not exist."
        case .sourceNotDirectory: "The source is not a directory."
        case .sourceNotPermitted: "This user may not read the source."
        case .sourceUnreadable: "Reading the source failed half way: a disk or file system error."
        case .sourceEmpty: "The source holds nothing. Check the path."
        case .sourceHot: "A file kept changing while it was read. Start again when its writer pauses."
        case .mappingInvalid: "The mapping does not validate. `cortex mapping check` shows the place."
        case .discoveryInvalid:
            "The rules of discovery do not validate. The details list every issue; the language is in docs/discovery.md."
        case .compressionInvalid: "Compressed data is damaged or expands beyond its limit."
        case .jsonInvalid: "Text is not valid JSON. The details have line, column and offset."
        case .postgresUnavailable: "PostgreSQL cannot be reached or refused the connection. `cortex doctor` says why."
        case .postgresAuthentication: "PostgreSQL refused the credentials."
        case .postgresStatement: "PostgreSQL answered a statement with an error. The details have its SQLSTATE."
        case .postgresConnectionLost:
            "The connection was lost while a statement ran. A lost COMMIT may have happened: start again, it is safe."
        case .postgresDeadline: "A statement or a wait ran past its deadline."
        case .postgresCancelled: "A statement was cancelled on request."
        case .postgresProtocol:
            "The driver was used in a way it does not allow, or the server broke the protocol. A bug."
        case .redisUnavailable:
            "Redis cannot be reached or is not ready, or the link to it broke. The details say whether a command may have run."
        case .redisAuthentication: "Redis refused the credentials, or wants some."
        case .syncUnavailable: "PostgreSQL does not answer, and nothing young enough is cached. Nothing was changed."
        case .syncConflict: "The row has another version than expected, or exists already. Read it and decide anew."
        case .syncRefused: "PostgreSQL does not take the row: a value or a constraint. The cause has its words."
        case .syncOutcomeUnknown:
            "The reply to COMMIT is missing. The same request with the same `Idempotency-Key` finds out whether it happened."
        case .syncMode: "PostgreSQL does not take writes now: the truth lives elsewhere, or has moved since."
        case .syncInFlight: "The same request is under way. Ask again in a moment."
        case .syncKeyReused: "The `Idempotency-Key` was used for another request within 24 hours."
        case .requestInvalid: "A part of the request cannot be used: `pointer` or `parameter` names it."
        case .requestFraming: "What came is no HTTP/1.1 request. The connection is closed after the answer."
        case .requestTooLarge: "The body is larger than `docs/limits.md` allows."
        case .requestHeaderTooLarge: "The header fields are more or larger than `docs/limits.md` allows."
        case .routeUnknown: "There is no such route. `/openapi.json` lists those that there are."
        case .methodNotAllowed: "The route does not have this method. `Allow` lists those that it has."
        case .mediaTypeUnsupported: "The body's `Content-Type` is none that the route takes."
        case .preconditionRequired: "`require_if_match` is on: send the `ETag` of what you have read as `If-Match`."
        case .catalogInvalid:
            "A field, a parameter or a body is not what the document, list or search takes. The details point to the place."
        case .catalogPatch: "A patch does not fit the document: a test in it fails, or a place is not there."
        case .catalogPrecondition:
            "The document is not at the version that the request expects. Read it and decide anew."
        case .catalogExists: "A document with this id exists already."
        case .catalogUnwritable:
            "The home of the data cannot hold that change: a tree has no place for it, or not for this value."
        case .catalogMoving:
            "The data is being moved: writes wait for the end of that for some seconds, then are told to come again. Nothing was changed."
        case .catalogBusy: "Other programs keep changing the file that a write is for. Try again in a moment."
        case .redisRefused:
            "Redis answered a command with an error. The details have its code word (`OOM`, `READONLY`, …)."
        case .redisDeadline: "Redis did not answer a command in time. The command may still run."
        case .redisCancelled: "A command to Redis was cancelled on request."
        case .redisOverloaded: "Too many commands wait for Redis: it is slower than its callers."
        case .redisProtocol: "What answers is not Redis, or it broke the protocol. Check host and port."
        case .viewForeign:
            "The published keys exist in a Redis that is not ours: none of them was touched. Import them with `cortex migrate --source redis://…`, or take them over with `cortex cache rebuild --adopt`."
        case .viewFenced:
            "A later relay, or another database, has taken over the published view. Nothing was written; start again, or take it over with `--adopt`."
        case .accessUnauthenticated:
            "The caller is not known: no key where one is needed, or one that is not valid (any more)."
        case .accessDenied: "The caller is known and may not do this."
        case .accessRateLimited: "The caller asks too often."
        case .accessUnavailable: "Whether a key is valid cannot be found out now."
        case .accessConflict: "There is a user of this name, or a key of this id."
        case .schemaNewer: "The database has migrations that this program does not know. Use the newer program."
        case .schemaOutdated: "The database is not at the version that this program needs. `cortex schema up`."
        case .schemaChecksum: "An applied migration differs from the one shipped."
        case .schemaLedger:
            "The ledger of applied migrations has a gap: rows were changed by hand. Restore them from a backup."
        case .schemaMigrationFailed: "A migration or its verification failed; nothing of it was kept."
        case .schemaDrift: "The database differs from what the migrations make. `cortex schema drift` lists where."
        case .runLocked: "Another run holds the target. Wait for it, or end it."
        case .ledgerUnbalanced: "Records are unaccounted for. Nothing was switched. A bug: please report it."
        case .quarantineExceeded:
            "More records are quarantined than `--max-quarantined` allows. The public tables are untouched."
        case .verificationFailed:
            "Verification found differences. The report lists them; `cortex verify --repair` imports them again."
        case .interrupted: "The run was interrupted. Start it again: it goes on where it stopped."
        case .notFound: "What was asked for is not in the database."
        case .programMissing: "A program that is needed is not installed. The hint has the line that installs it."
        case .processFailed: "A child process failed. The cause has the end of its output."
        case .serverStartFailed: "A server did not start. The cause has the end of its log."
        case .serverStopFailed: "A server did not stop."
        case .portTaken: "The port that was asked for is taken."
        case .diskFull: "The disk is full. Free some space and start again."
        case .cannotWrite: "A place cannot be written."
        case .cannotRead: "A file of ours cannot be read."
        case .notPermitted: "This user may not do this."
        case .internal: "A bug: a state that cannot be. Please report it."
        }
    }

    /// The table of `docs/errors.md`: a row for each code.
    public static var referenceTable: String {
        let header = ["| code | exit | HTTP | log | retry | meaning |", "|---|---:|---:|---|---|---|"]
        let rows = allCases.map { code in
            let meaning = code.meaning
            return
                "| `\(code.rawValue)` | \(meaning.exitStatus.rawValue) | \(meaning.httpStatus) | \(meaning.logLevel) "
                + "| \(meaning.isRetryable ? "yes" : "no") | \(code.explanation) |"
        }
        return (header + rows).joined(separator: "\n") + "\n"
    }
}
