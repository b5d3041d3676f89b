public import Postgres
import SourceTree

/// What an operator may choose about a migration.
public struct MigrationOptions: Sendable {
    /// Try everything and keep nothing.
    ///
    /// Default: false.
    public var dryRun = false
    /// Larger records are quarantined with their place; bytes.
    ///
    /// Default: 8 MiB.
    public var maximumRecordBytes = 8 << 20
    /// Use repair proposals to read records of broken files; stored bytes never change.
    ///
    /// Default: false.
    public var acceptRepairs = false
    /// More quarantined records than this keep `public` untouched and end with status 65.
    ///
    /// Default: no limit.
    public var maximumQuarantined: Int?
    /// Overwrite rows that were changed or deleted after the cutover.
    ///
    /// Default: false.
    public var overwriteChanged = false
    /// Leave the mode as it is after a verified import.
    ///
    /// Default: false.
    public var noCutover = false
    /// Directories not to walk into, by device and inode: our own home inside the source.
    ///
    /// Default: none.
    public var excludedDirectories: [String] = []
    /// Version of the program, for the import's row.
    public var toolVersion = "0"
    /// How long to wait for another run on the same database.
    ///
    /// Default: 10 s.
    public var lockPatience = Duration.seconds(10)
    /// Opens another session of the target, for work that two can do at a time.
    public typealias SecondSession = @Sendable ((PostgresSession) async throws -> Void) async throws -> Void
    /// How to open one.
    ///
    /// Default: everything is done on one session.
    public var secondSession: SecondSession?
    /// An empty table that at least so many rows come into is filled without its secondary indexes.
    var rebuildsIndexesFrom: Int64 = 20_000
    /// Decide and write every row again although nothing was read anew: for a repair.
    var resolvesAgain = false
    /// Is told of each entry before it is read, and may stop the run; tests do.
    var beforeEntry: @Sendable (TreeEntry) throws -> Void = { _ in }

    /// The defaults.
    public init() {}
}
