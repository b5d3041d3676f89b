import Diagnostics
import Domain
import Processes
import SourceTree

extension JSONTreeStore {
    /// How often a change is worked out anew when other programs were faster.
    private static let attempts = 50
    /// How long a write waits for those of other instances.
    private static let patience = Duration.seconds(5)

    /// A write into the file that holds the record, or into a new one; every other byte stays.
    ///
    /// Writes of all instances follow each other: they hold a lock in the run directory. Throws `catalog.busy` when other
    /// programs change the file faster than it can be written.
    public func write(_ write: CatalogWrite) async throws -> WriteResult {
        guard write.key.canExist else { throw CatalogError.missing(write.key) }
        let (repeats, lockPath, lastWriter, committed) = (repeats, lockPath, lastWriter, committed)
        return try await keeper.whileWriting { keeper in
            do {
                return try await LockFile.withLock(at: lockPath, holder: "cortex serve", patience: Self.patience) {
                    if try !lastWriter.isUs() {
                        _ = try keeper.snapshot(maximumAge: nil)
                        try lastWriter.becomeUs()
                    }
                    for attempt in 1...Self.attempts {
                        do {
                            // After a try that failed nothing is taken for granted.
                            let snapshot = try keeper.snapshot(maximumAge: attempt == 1 ? Self.staleness : nil)
                            let contents = try keeper.look(at: snapshot.paths(deciding: write.key))
                            return try await TreeWrite(
                                write: write,
                                snapshot: keeper.latest,
                                contents: contents,
                                repeats: repeats,
                                keeper: keeper,
                                committed: committed
                            )
                            .run()
                        } catch is TreeChanged {
                            // Another program was faster: read again, apply again.
                            continue
                        }
                    }
                    throw CatalogError(
                        .catalogBusy,
                        "other programs keep changing the file that holds the document",
                        hint: "try again in a moment"
                    )
                }
            } catch let error as ProcessesError where error.code == .runLocked {
                throw CatalogError(.catalogBusy, "another instance keeps writing to the tree", cause: error)
            }
        }
    }
}

/// One attempt at a write, with the lock held.
private struct TreeWrite {
    let write: CatalogWrite
    /// The tree, the files that decide the document as they are now.
    let snapshot: TreeSnapshot
    /// The bytes of those that were read again.
    let contents: [[UInt8]: TreeEdit.Content]
    let repeats: RepeatedWrites
    let keeper: TreeKeeper
    let committed: @Sendable (Range<ContinuousClock.Instant>) -> Void

    private var files: TreeFiles { keeper.files }

    func run() async throws -> WriteResult {
        let current = snapshot.row(write.key.kind.table, write.key.text).map { snapshot.document(write.key.kind, $0) }
        if let repeated = try repeated(current) { return repeated }
        try write.check(current)
        var edit = TreeEdit(files: files, snapshot: snapshot, contents: contents)
        let status: Int
        switch write.operation {
        case .delete:
            try edit.remove(write.key)
            status = 204
        case .create, .replace, .mergePatch, .jsonPatch:
            let change = try await DocumentChange(write.operation, of: write.key, current: current?.body) {
                snapshot.row($0, $1) != nil
            }
            guard change.wanted.sensitivity <= write.author.clearance else { throw CatalogError.aboveClearance }
            if let current, change.changed.isEmpty { return result(200, current) }
            try edit.set(write.key, to: change.wanted)
            status = current == nil ? 201 : 200
        }
        return try await commit(edit, status: status)
    }

    private func result(_ status: Int, _ document: StoredDocument?, isRepeated: Bool = false) -> WriteResult {
        WriteResult(
            key: write.key,
            status: status,
            version: 0,
            token: document?.token,
            body: document?.body,
            isRepeated: isRepeated
        )
    }

    // MARK: Committing

    /// Writes the files, with the answer on the disk before the first of them.
    private func commit(_ edit: TreeEdit, status: Int) async throws -> WriteResult {
        var document: StoredDocument?
        if status != 204 {
            document = edit.snapshot.row(write.key.kind.table, write.key.text).map {
                edit.snapshot.document(write.key.kind, $0)
            }
        }
        let result = result(status, document)
        try keep(result, isDone: false)
        do {
            for change in edit.changes { try await commit(change, imagined: edit.snapshot.files[change.path]) }
        } catch {
            // The first error is the one to tell; an answer that stays is found not to have come about.
            if let key = write.idempotencyKey { try? repeats.forget(key, of: write.author.principal) }
            guard let other = error as? SourceTreeError, other.reason == .notAsExpected else { throw error }
            throw TreeChanged()
        }
        try keep(result, isDone: true)
        return result
    }

    /// How often what was appended meanwhile is taken along.
    private static let rebases = 20

    private func commit(_ change: TreeEdit.File, imagined: IndexedFile?) async throws {
        var change = change
        for _ in 1..<Self.rebases {
            do {
                return try await replace(change, imagined)
            } catch let error as SourceTreeError where error.reason == .notAsExpected {
                guard change.before != nil, change.rebase(on: try files.content(change.path)) else { throw error }
            }
        }
        try await replace(change, imagined)
    }

    /// Puts the new content in its place, in the tree and in the picture of it.
    private func replace(_ change: TreeEdit.File, _ imagined: IndexedFile?) async throws {
        let file = AtomicFile(root: files.source.path, path: change.path)
        guard let bytes = change.bytes else {
            guard let before = change.before else { return }
            let start = ContinuousClock.now
            try file.remove(expecting: before.fingerprint)
            committed(start..<max(.now, start))
            await keeper.put([TreeFileChange(path: change.path, file: nil)])
            return
        }
        if change.before == nil {
            let path = files.source.path + "/" + String(decoding: change.path, as: UTF8.self)
            try Directory.make(Directory.parent(of: path))
        }
        let (before, after) = try await file.withReplacement(bytes) { replacement in
            let before = try replacement.fingerprint()
            let start = ContinuousClock.now
            let after = try replacement.commit(
                replacing: change.before.map { .fingerprint($0.fingerprint) } ?? .absent
            )
            committed(start..<max(.now, start))
            return (before, after)
        }
        // Others may have written into the file since it has its name: the next look reads it then.
        guard before.mtimeNanoseconds == after.mtimeNanoseconds, before.size == after.size else { return }
        let written = try files.written(change.path, bytes: bytes, as: after, imagined: imagined)
        await keeper.put([TreeFileChange(path: change.path, file: written)])
    }

    // MARK: Repetitions

    private func keep(_ result: WriteResult, isDone: Bool) throws {
        guard let key = write.idempotencyKey else { return }
        let answer = RepeatedWrites.Answer(
            requestHash: key.requestHash,
            status: result.status,
            body: result.body,
            token: result.token?.description,
            isDone: isDone
        )
        try repeats.keep(answer, key, of: write.author.principal)
    }

    /// What an earlier request with the same key got.
    private func repeated(_ current: StoredDocument?) throws -> WriteResult? {
        guard let key = write.idempotencyKey,
            let answer = try repeats.answer(key, of: write.author.principal)
        else { return nil }
        // Cut off between its answer and its end: the document says whether it happened.
        guard answer.isDone || answer.body == current?.body else { return nil }
        return WriteResult(
            key: write.key,
            status: answer.status,
            version: 0,
            token: answer.token.flatMap(VersionToken.init),
            body: answer.body,
            isRepeated: true
        )
    }
}
