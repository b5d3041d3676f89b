import Domain
import Postgres
import SourceTree

/// Follows a tree that programs write to while it is moved: each pass looks at every entry, without reading it, and
/// reads those whose size, times or inode are others than when they were read last.
///
/// What was seen is compared in the database, so that memory does not grow with the tree.
struct CatchUp: Sendable {
    let reading: TreeImport

    /// What a pass came to.
    struct Pass: Sendable {
        /// Entries that were new, other or gone.
        var changed = 0
        /// What reading them came to.
        var outcome = TreeImport.Outcome()
        var duration = Duration.zero

        /// Whether nothing had changed and nothing is left for another pass.
        var isQuiet: Bool { changed == 0 && outcome.progress.pending == 0 }
    }

    /// So many passes are made at most; the last takes what it can get.
    static let maximumPasses = 10
    /// A pass that is quicker than this has caught up as far as one can with programs that go on writing.
    static let closeEnough = Duration.seconds(1)

    private var session: PostgresSession { reading.session }

    /// Makes passes until one finds nothing, or is as close to the writers as it gets.
    func run() async throws -> Pass {
        var sum = Pass()
        for number in 1...Self.maximumPasses {
            let pass = try await self.pass(isLast: number == Self.maximumPasses)
            sum.changed += pass.changed
            sum.outcome += pass.outcome
            sum.outcome.progress.pending = pass.outcome.progress.pending
            sum.duration = pass.duration
            if pass.isQuiet || (pass.duration < Self.closeEnough && pass.outcome.progress.pending == 0) { break }
        }
        return sum
    }

    /// One pass.
    ///
    /// A file that changes faster than it can be read stays pending, unless the pass `isLast`.
    private func pass(isLast: Bool) async throws -> Pass {
        let start = ContinuousClock.now
        var pass = Pass()
        try await walk()
        pass.changed = try await compare()
        if pass.changed > 0 {
            let known = try await KnownFiles.select(
                """
                SELECT f.file_id FROM source.files f JOIN \(StagingLayout.changed) c ON c.path = f.path
                WHERE f.container_file_id IS NULL
                """,
                session: session
            )
            let reader = reading.reader
            for page in 0... {
                let entries = try await self.page(page)
                if entries.isEmpty { break }
                pass.outcome += try await reading.load { pipe in
                    try reader.read(entries, known: known, isLast: isLast, into: pipe)
                }
            }
        }
        pass.duration = .now - start
        return pass
    }

    private func walk() async throws {
        try await session.query("TRUNCATE \(StagingLayout.walked), \(StagingLayout.changed)")
        let reader = reading.reader
        let loader = reading.loader
        try await BatchPipe<StagedRows>.run { pipe in
            try reader.walk(into: pipe)
        } consume: { pipe in
            while let rows = try await pipe.next() {
                try await loader.copy(rows, into: StagingLayout.walked, StagingLayout.walkedColumns)
            }
        }
        for table in [StagingLayout.walked, StagingLayout.seen] { try await session.query("ANALYZE \(table)") }
    }

    /// Forgets what is no longer as it was seen, and notes what is to be read.
    ///
    /// Gives how many entries differ.
    private func compare() async throws -> Int {
        let same = """
            s.path = w.path AND (s.size, s.mtime_ns, s.ctime_ns, s.inode, s.mode)
            = (w.size, w.mtime_ns, w.ctime_ns, w.inode, w.mode)
            """
        let forgotten = try await session.query(
            """
            DELETE FROM \(StagingLayout.seen) s
            WHERE NOT EXISTS (SELECT FROM \(StagingLayout.walked) w WHERE \(same))
            """
        ).affected
        let changed = try await session.query(
            """
            INSERT INTO \(StagingLayout.changed) SELECT w.*, row_number() OVER (ORDER BY w.path) - 1
            FROM \(StagingLayout.walked) w WHERE NOT EXISTS (SELECT FROM \(StagingLayout.seen) s WHERE \(same))
            """
        ).affected
        return max(forgotten, changed)
    }

    private static let pageEntries = 1_000

    private func page(_ number: Int) async throws -> [TreeEntry] {
        let first = Int64(number * Self.pageEntries)
        return try await session.query(
            "SELECT * FROM \(StagingLayout.changed) WHERE ordinal >= $1 AND ordinal < $2 ORDER BY ordinal",
            [.integer(first), .integer(first + Int64(Self.pageEntries))]
        ).rows.compactMap(TreeEntry.init(walked:))
    }
}

extension TreeReader {
    /// Hands out the facts of every entry of the tree, unread.
    func walk(into pipe: BatchPipe<StagedRows>) throws {
        let walker = try TreeWalker(root: source, excluding: options.excludedDirectories)
        var rows = StagedRows()
        while let entry = try walker.next() {
            if pipe.isCancelled { throw CancellationError() }
            rows.add(entry)
            if rows.size >= 1 << 20 {
                try pipe.put(rows)
                rows = StagedRows()
            }
        }
        try pipe.put(rows)
    }
}

extension StagedRows {
    fileprivate mutating func add(_ entry: TreeEntry) {
        add(columns: StagingLayout.walkedColumns.count) {
            $0.bytes(entry.path)
            $0.text(entry.type.rawValue)
            $0.integer(entry.size)
            $0.integer(entry.mtimeNanoseconds)
            $0.integer(entry.ctimeNanoseconds)
            $0.integer(Int64(bitPattern: entry.inode))
            $0.integer(Int64(bitPattern: entry.device))
            $0.int32(Int32(bitPattern: entry.mode))
            $0.optional(entry.linkTarget) { $0.bytes($1) }
            $0.optional(entry.error) { $0.text($1) }
        }
    }
}

extension TreeEntry {
    /// The entry of a row of `staging.changed`.
    fileprivate init?(walked row: PostgresRow) {
        guard let path = row["path"].bytes, let type = row["entry_type"].string.flatMap(EntryType.init(rawValue:))
        else { return nil }
        self.init(
            path: path,
            type: type,
            size: row["size"].integer ?? 0,
            mtimeNanoseconds: row["mtime_ns"].integer ?? 0,
            ctimeNanoseconds: row["ctime_ns"].integer ?? 0,
            inode: UInt64(bitPattern: row["inode"].integer ?? 0),
            device: UInt64(bitPattern: row["device"].integer ?? 0),
            mode: UInt32(bitPattern: Int32(truncatingIfNeeded: row["mode"].integer ?? 0)),
            linkTarget: row["link_target"].bytes,
            error: row["error"].string
        )
    }
}
