import Diagnostics
import Domain
public import Postgres

/// The row that says where the truth lives, as the service reads it and holds it.
public struct SystemModeTable: Sendable {
    private let lanes: PostgresLanes
    private let client: PostgresClient

    /// The row of this database, as `cortex_api` or the owner; looks go through the lanes, holding takes a session each.
    public init(lanes: PostgresLanes, client: PostgresClient) {
        self.lanes = lanes
        self.client = client
    }

    /// How long a look may take.
    private static let patience = Duration.seconds(1)

    /// What the row says now; ends a freeze that nobody renewed in time, under a new epoch.
    ///
    /// Throws what the database throws, and `internal` for a row that is missing or not understood.
    func read() async throws -> ServingStateMachine.Row {
        let row = try await lanes.read(
            "SELECT mode, epoch, previous_mode, lease_until < clock_timestamp() AS ended FROM cortex.system_mode",
            [],
            deadline: .now + Self.patience
        ).first.flatMap { row in Self.row(row).map { ($0, row["ended"].boolean == true) } }
        guard let (found, isOver) = row else {
            throw CatalogError(
                .internal,
                "the system has no mode in this database",
                hint: "cortex schema verify tells what is missing"
            )
        }
        guard found.mode == .frozen, isOver else { return found }
        let thawed = try await client.query(
            """
            UPDATE cortex.system_mode SET mode = previous_mode, epoch = epoch + 1, previous_mode = NULL,
                lease_holder = NULL, lease_until = NULL, changed_at = clock_timestamp(), changed_by = 'cortex serve'
            WHERE mode = 'frozen' AND previous_mode IS NOT NULL AND lease_until < clock_timestamp()
            RETURNING mode, epoch, previous_mode
            """,
            timeout: Self.patience
        )
        return thawed.first.flatMap(Self.row) ?? found
    }

    private static func row(_ row: PostgresRow) -> ServingStateMachine.Row? {
        guard let mode = row["mode"].string.flatMap(SystemMode.init), let epoch = row["epoch"].integer else {
            return nil
        }
        return .init(mode: mode, epoch: Int(epoch), previous: row["previous_mode"].string.flatMap(SystemMode.init))
    }

    /// Runs a write to the tree while the mode stays what it is: whoever changes it waits for the row's lock.
    ///
    /// Throws `ModeMoved` before the body where the tree is not the truth any more, `sync.unavailable` where that cannot be
    /// found out, `sync.outcome_unknown` where the lock was lost before the end: the data may have moved before the write.
    func holding<R>(_ body: () async throws -> R) async throws -> R {
        var isWritten = false
        do {
            return try await client.withTransaction { session in
                // The lock needs nothing that outlives a crash.
                let row = try await session.query(
                    "SELECT mode, set_config('synchronous_commit', 'off', true) FROM cortex.system_mode FOR SHARE",
                    timeout: Self.patience
                ).first
                let mode = row?["mode"].string.flatMap(SystemMode.init)
                guard mode == .json || mode == .catchup else { throw ModeMoved() }
                do {
                    let result = try await body()
                    isWritten = true
                    return result
                } catch {
                    throw Refused(error: error)
                }
            }
        } catch let refused as Refused {
            throw refused.error
        } catch let error as PostgresError {
            if isWritten {
                throw CatalogError(
                    .syncOutcomeUnknown,
                    "the write was done, and whether it counts is not known: the mode may have changed under it",
                    hint: "send the same request again with the same Idempotency-Key",
                    cause: error
                )
            }
            throw CatalogError(
                .syncUnavailable,
                "whether the tree is still the truth cannot be found out; nothing was changed",
                hint: "try again in a moment; cortex doctor says why",
                cause: error
            )
        }
    }

    /// What the write itself threw: not to be taken for a failure of the lock.
    private struct Refused: Error {
        let error: any Error
    }
}

/// The truth has moved, or is about to; nothing was done.
struct ModeMoved: Error {}
