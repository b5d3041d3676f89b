import SourceTree
import Synchronization

/// Keeps the picture of a tree and the events that its changes are, on a thread of its own.
actor TreeKeeper {
    let files: TreeFiles
    private let executor = FileExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let state: Mutex<State>
    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private struct State {
        var snapshot: TreeSnapshot
        var events: TreeEventLog
        var lookedAt: ContinuousClock.Instant
        var lookTook: Duration
    }

    init(files: TreeFiles, log: TreeEventLog) throws {
        self.files = files
        var snapshot = TreeSnapshot()
        snapshot.put(try files.changes(since: snapshot.files))
        state = Mutex(State(snapshot: snapshot, events: log, lookedAt: .now, lookTook: .zero))
    }

    /// The events so far.
    nonisolated var events: TreeEventLog { state.withLock { $0.events } }

    /// The picture, whatever its age.
    nonisolated var latest: TreeSnapshot { state.withLock { $0.snapshot } }

    /// The picture if it is no older than asked, else nil.
    ///
    /// Of a tree that takes long to look at it may be as old as two looks take, so that looking leaves time for work.
    nonisolated func latest(maximumAge: Duration) -> TreeSnapshot? {
        state.withLock { state in
            .now - state.lookedAt < max(maximumAge, state.lookTook * 2) ? state.snapshot : nil
        }
    }

    // MARK: Looking

    /// The picture, no older than asked; nil for one of now.
    func snapshot(maximumAge: Duration?) throws -> TreeSnapshot {
        if let maximumAge, let latest = latest(maximumAge: maximumAge) { return latest }
        let started = ContinuousClock.now
        let changes = try files.changes(since: latest.files)
        state.withLock { state in
            state.lookedAt = started
            state.lookTook = .now - started
        }
        return put(changes)
    }

    /// Looks at some files again, and gives their bytes as far as they were read.
    func look(at paths: Set<[UInt8]>) throws -> [[UInt8]: TreeEdit.Content] {
        let known = latest.files
        var changes: [TreeFileChange] = []
        var contents: [[UInt8]: TreeEdit.Content] = [:]
        for path in paths {
            guard let sight = try files.sight(of: path, known[path]) else { continue }
            changes.append(sight.change)
            contents[path] = sight.content
        }
        put(changes)
        return contents
    }

    /// Puts files into the picture.
    @discardableResult
    func put(_ changes: [TreeFileChange]) -> TreeSnapshot {
        var snapshot = latest
        let rows = snapshot.put(changes)
        state.withLock { state in
            state.snapshot = snapshot
            state.events.note(rows)
        }
        return snapshot
    }

    // MARK: Writing

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
