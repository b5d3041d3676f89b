import Access
import Catalog
import Diagnostics
import Domain
import Logging
import Postgres
import Settings
import SyncMiddleware
import Synchronization

/// The service's own connection to the database, in every mode: it looks at the mode, lends the keys, and takes denials.
///
/// The database may come and go while the service runs; the embedded one may come back at another address.
final class DatabaseLink: Sendable {
    let context: CommandContext
    let selection: TargetSelection
    let store: SwitchingStore
    let keys: FollowingKeyStore
    let sessions: UserSessions
    let denials: DenialLog
    let logger: Logger
    private let address = Mutex<String?>(nil)

    init(
        _ context: CommandContext,
        _ selection: TargetSelection,
        store: SwitchingStore,
        keys: FollowingKeyStore,
        sessions: UserSessions,
        denials: DenialLog,
        logger: Logger
    ) {
        self.context = context
        self.selection = selection
        self.store = store
        self.keys = keys
        self.sessions = sessions
        self.denials = denials
        self.logger = logger
    }

    /// The owner's URL of the database that is followed; nil before one was found.
    var owner: String? { address.withLock { $0 } }

    /// How often the mode is looked at.
    private static let interval = Duration.milliseconds(100)
    /// How often a database is looked for where there is none.
    private static let search = Duration.seconds(1)
    /// After so many looks in vain the address is asked for anew.
    private static let patience = 10

    /// Follows the database until the task is cancelled.
    func run() async {
        let last = LastMode(home: context.home)
        while !Task.isCancelled {
            do {
                if let url = try await selection.connectionURL(), try await hasSchema(url) {
                    try await follow(url, last)
                } else {
                    store.foundNoDatabase()
                }
            } catch {
                store.foundSilence()
                logger.debug("the database cannot be reached", metadata: ["cause": "\(error)"])
            }
            await rest(Self.search)
        }
    }

    /// Whether the schema of Cortex is there; before it is, its roles are not either.
    private func hasSchema(_ owner: String) async throws -> Bool {
        try await PostgresClient.withClient(context.postgresConfiguration(owner), maximumSessions: 1) { client in
            try await SystemModeRow.exists(client)
        }
    }

    private func follow(_ owner: String, _ last: LastMode) async throws {
        let configuration = try await context.servicePostgres(selection, owner: owner)
        address.withLock { $0 = owner }
        var one = LanesConfiguration()
        one.readConnections = 1
        try await PostgresLanes.withLanes(configuration, one) { lanes in
            try await PostgresClient.withClient(configuration, maximumSessions: 4) { client in
                keys.use(PostgresKeyStore(client, lanes: lanes))
                sessions.use(client)
                denials.use(client)
                defer { denials.use(nil) }
                let table = SystemModeTable(lanes: lanes, client: client)
                var failures = 0
                var noted: SystemMode?
                while !Task.isCancelled {
                    if let cause = await store.look(at: table) {
                        failures += 1
                        if failures.isMultiple(of: Self.patience) {
                            logger.warning("the mode of the system cannot be read", metadata: ["cause": "\(cause)"])
                            // Not being told where it is, is no reason to leave it.
                            guard (try? await selection.connectionURL()) ?? owner == owner else { return }
                        }
                    } else {
                        failures = 0
                        noted = note(last, after: noted)
                    }
                    await rest(Self.interval)
                }
            }
        }
    }

    /// Keeps the last mode in which the truth lay somewhere for good, and returns it.
    private func note(_ last: LastMode, after noted: SystemMode?) -> SystemMode? {
        guard let mode = store.mode, mode == .json || mode == .postgres, mode != noted else { return noted }
        do {
            try last.note(mode)
            return mode
        } catch {
            logger.warning("the mode cannot be noted in the home", metadata: ["cause": "\(error)"])
            return noted
        }
    }

    private func rest(_ pause: Duration) async {
        // Whoever is cancelled looks at that next.
        try? await Task.sleep(for: pause)
    }
}
