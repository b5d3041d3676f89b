/// What a generated tree holds, counted by the generator while it wrote; an import must find the same.
public struct ExampleExpectation: Sendable, Hashable, Codable {
    /// Regular files by what reading them as JSON gives; names without `.json` count as `notJSON`.
    public struct Files: Sendable, Hashable, Codable {
        /// All regular files; members of archives are not counted.
        public var total = 0
        /// Files with exactly one JSON value.
        public var value = 0
        /// Files with two or more values.
        public var values = 0
        /// Files of white space only.
        public var whitespace = 0
        /// Files without a byte.
        public var empty = 0
        /// Files that claim to be JSON and are not.
        public var invalid = 0
        /// Other files, compressed ones included.
        public var notJSON = 0
    }

    /// Regular files on disk.
    public var files = Files()
    /// Bytes in them.
    public var bytes: Int64 = 0
    /// Directories below the root.
    public var directories = 0
    /// Files inside `.gz` and `.tar.gz` files.
    public var members = 0

    /// Task records in `task-queue*`, `archive/tasks/**` and `tasks/**`, each occurrence counted; invalid files have none.
    public var taskRecords = 0
    /// Task records among them that carry no id.
    public var tasksWithoutID = 0
    /// Different ids among them.
    public var distinctTaskIDs = 0
    /// Ids with at least two records of different content.
    public var conflictingTaskIDs = 0
    /// Records that repeat another one of the same id exactly.
    public var identicalTaskRecords = 0

    /// Hand-overs: one a file, plus those in `handoffs.json`; invalid files not counted.
    public var handoffs = 0
    /// Worker specs on disk that are valid JSON.
    public var workerSpecs = 0
    /// Worker specs inside archives.
    public var archivedWorkerSpecs = 0
    /// Entries of the worker pool.
    public var poolEntries = 0
    /// Assets of the asset catalog.
    public var catalogAssets = 0
    /// Repositories of the inventory.
    public var repositories = 0
    /// Users.
    public var users = 0
    /// Policies with an id of their own.
    public var policies = 0
    /// Snapshots of token budgets.
    public var metricsSnapshots = 0
}
