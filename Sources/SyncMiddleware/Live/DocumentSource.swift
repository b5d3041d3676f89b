import Diagnostics
import Domain
import Postgres
import Synchronization

/// PostgreSQL as a source of documents: one statement for each, in the driver's read lane.
final class DocumentSource: Sendable {
    /// A failure to read.
    struct Failure: Error {
        /// Whether the server is away, as opposed to refusing the statement.
        let isOutage: Bool
        let cause: PostgresError?
    }

    /// The tables whose rows are documents: those whose changes are fed.
    static let tables: [String: CatalogTable] = Dictionary(
        uniqueKeysWithValues: CatalogTable.all.filter { $0.name != "audit_logs" }.map { ($0.name, $0) }
    )

    /// The statement of `DocumentQueries.document` for each table.
    static let statements = tables.mapValues { DocumentQueries.document(of: $0) }

    private let lanes: PostgresLanes
    private let deadline: Duration
    private let breaker: Mutex<BreakerStateMachine>
    private let clock = SyncClock()

    init(_ lanes: PostgresLanes, configuration: SyncConfiguration) {
        self.lanes = lanes
        deadline = configuration.databaseDeadline
        breaker = Mutex(BreakerStateMachine(configuration.databaseBreaker))
    }

    /// Whether calls go through.
    var breakerState: BreakerStateMachine.State { breaker.withLock { $0.state } }

    /// The table of this kind; throws `usage` for a kind that there is not.
    static func table(_ kind: String) throws(SyncError) -> CatalogTable {
        guard let table = tables[kind] else { throw .unknownKind(kind) }
        return table
    }

    /// The document of a row as PostgreSQL has it now; `kind` is one of `tables`.
    func read(_ kind: String, _ id: String) async throws(Failure) -> VersionedDocument {
        guard let statement = Self.statements[kind] else { preconditionFailure("no table \(kind)") }
        // PostgreSQL's text cannot hold U+0000, so neither can a key.
        guard !id.utf8.contains(0) else { return VersionedDocument(version: 0, content: .absent) }
        let result = try await query(statement, [.text(id)])
        guard let row = result.first, let document = Self.document(row) else {
            throw Failure(isOutage: false, cause: nil)
        }
        return document
    }

    /// The rows of a statement that changes nothing.
    func query(_ statement: String, _ parameters: [PostgresValue]) async throws(Failure) -> PostgresResult {
        guard breaker.withLock({ $0.admit(now: clock.now) }) == .pass else {
            throw Failure(isOutage: true, cause: nil)
        }
        do throws(PostgresError) {
            let result = try await lanes.read(statement, parameters, deadline: .now + deadline)
            breaker.withLock { $0.ended(failed: false, now: clock.now) }
            return result
        } catch {
            let isOutage = Self.isOutage(error)
            breaker.withLock { $0.ended(failed: isOutage, now: clock.now) }
            throw Failure(isOutage: isOutage, cause: error)
        }
    }

    /// Reads a row of the statements of `DocumentQueries`.
    static func document(_ row: PostgresRow) -> VersionedDocument? {
        guard let version = row["version"].integer else { return nil }
        guard let sensitivity = row["sensitivity"].string, let body = row["body"].bytes else {
            return VersionedDocument(version: Int(version), content: .absent)
        }
        return VersionedDocument(version: Int(version), content: .present(body: body, sensitivity: sensitivity))
    }

    /// Whether the server is away or too slow, as opposed to refusing.
    static func isOutage(_ error: PostgresError) -> Bool {
        switch error.code {
        case .postgresUnavailable, .postgresConnectionLost, .postgresDeadline: true
        // Cancelled by its own timeout, shut down, out of resources.
        default:
            ["57", "53", "08"].contains { error.sqlState?.hasPrefix($0) == true } && error.code != .postgresCancelled
        }
    }
}
