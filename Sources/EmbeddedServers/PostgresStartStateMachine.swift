/// What can be seen of a PostgreSQL data directory and its processes.
struct PostgresFacts: Sendable, Hashable {
    /// The state of the data directory's path.
    enum Data: Sendable, Hashable {
        /// There is nothing, or an empty directory.
        case absent
        /// A complete data directory of this major version.
        case complete(major: Int)
        /// Something that is no data directory.
        case foreign
    }

    /// The data directory.
    var data: Data
    /// The server of this data directory, by its pid file.
    var server: Int32?
    /// Whether that server accepts connections.
    var isReady = false
    /// The process id in the pid file when another program, or a server that has ended, has it.
    var reusedPID: Int32?
    /// Processes of a server whose main process is gone, or that nobody's pid file names.
    var orphans: [Int32] = []
    /// The major version of the programs that would be used.
    var installedMajor: Int
}

/// Decides, step by step, how a PostgreSQL server comes up: facts in, one action out.
///
/// Its state is what was tried: each step is tried once, so that facts that do not change end in `fail(.stuck)`.
/// Ends with `ready` or `fail`.
struct PostgresStartStateMachine: Sendable {
    /// What the shell does next.
    ///
    /// After every action but the last two it looks again.
    indirect enum Action: Sendable, Hashable {
        /// Make the data directory.
        case initialise
        /// End these left-over processes; their main process is gone.
        case endOrphans([Int32])
        /// Remove the pid file: another program has its process id, and no process of ours is left.
        case removePIDFile
        /// Wait until the server that already runs accepts connections.
        case awaitReady(Int32)
        /// Start the server.
        case start
        /// It runs and accepts connections; whether this machine's `start` brought it up.
        case ready(wasStarted: Bool)
        /// It cannot come up.
        case fail(Failure)
    }

    /// Why it cannot come up.
    indirect enum Failure: Sendable, Hashable {
        /// Something that is no data directory is in the way.
        case foreignData
        /// The data directory needs programs of another version.
        case wrongVersion(data: Int, installed: Int)
        /// A step did not help; the last facts tell more.
        case stuck(Action)
    }

    private var tried: Set<Step> = []

    private enum Step: Sendable, Hashable { case initialise, endOrphans, removePIDFile, awaitReady, start }

    /// The next action for what is seen now.
    mutating func observed(_ facts: PostgresFacts) -> Action {
        switch facts.data {
        case .foreign: return .fail(.foreignData)
        case .complete(let major) where major != facts.installedMajor && facts.server == nil:
            return .fail(.wrongVersion(data: major, installed: facts.installedMajor))
        case .absent, .complete: break
        }
        if let server = facts.server {
            guard !facts.isReady else { return .ready(wasStarted: tried.contains(.start)) }
            return attempt(.awaitReady, .awaitReady(server))
        }
        if !facts.orphans.isEmpty { return attempt(.endOrphans, .endOrphans(facts.orphans)) }
        if facts.data == .absent { return attempt(.initialise, .initialise) }
        if facts.reusedPID != nil { return attempt(.removePIDFile, .removePIDFile) }
        return attempt(.start, .start)
    }

    private mutating func attempt(_ step: Step, _ action: Action) -> Action {
        tried.insert(step).inserted ? action : .fail(.stuck(action))
    }
}
