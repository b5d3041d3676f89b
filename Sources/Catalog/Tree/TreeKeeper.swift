import SourceTree
import Synchronization

/// Keeps the snapshot of a tree and the events that its changes are, on a thread of its own.
actor TreeKeeper {
    let files: TreeFiles
    private let executor = FileExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var checkedAt: ContinuousClock.Instant?
    private let published: Mutex<TreeSnapshot>
    private let log: Mutex<TreeEventLog>
    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(files: TreeFiles, log: TreeEventLog) throws {
        self.files = files
        published = Mutex(TreeSnapshot(files: try files.index(after: [:])))
        self.log = Mutex(log)
        checkedAt = .now
    }

    /// The snapshot as it was when it was last looked at.
    nonisolated var latest: TreeSnapshot { published.withLock { $0 } }

    /// The events so far.
    nonisolated var events: TreeEventLog { log.withLock { $0 } }

    /// The snapshot, no older than asked.
    func snapshot(maximumAge: Duration) throws -> TreeSnapshot {
        if let checkedAt, .now - checkedAt < maximumAge { return latest }
        let started = ContinuousClock.now
        let old = latest
        let index = try files.index(after: old.files)
        checkedAt = started
        guard !Self.isSame(old.files, index) else { return old }
        return publish(TreeSnapshot(files: index))
    }

    /// Takes a snapshot for the present one.
    @discardableResult
    func publish(_ snapshot: TreeSnapshot) -> TreeSnapshot {
        let old = published.withLock { held in
            defer { held = snapshot }
            return held
        }
        log.withLock { $0.note(from: old, to: snapshot) }
        return snapshot
    }

    private static func isSame(_ old: [[UInt8]: IndexedFile], _ new: [[UInt8]: IndexedFile]) -> Bool {
        old.count == new.count
            && new.allSatisfy { path, file in
                old[path].map { $0.sha256 == file.sha256 && $0.fingerprint == file.fingerprint && !$0.isFresh } ?? false
            }
    }

    /// Runs the body while no other write of this process runs.
    func whileWriting<R: Sendable>(_ body: @Sendable (isolated TreeKeeper) async throws -> R) async throws -> R {
        if isWriting {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isWriting = true
        }
        defer {
            // The turn goes to the next one in line.
            if waiting.isEmpty { isWriting = false } else { waiting.removeFirst().resume() }
        }
        return try await body(self)
    }
}
